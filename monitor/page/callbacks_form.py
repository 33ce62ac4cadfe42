"""What somebody asks of the list of calls back, and what they send about one of them, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote, urlencode

from monitor.callbacks.entries import ASKED, CallbackQuery
from monitor.callbacks.settling import Kind
from monitor.calls.facts import CallKey
from monitor.ledger.filters import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import Scope as AsgiScope

PAGE_SIZE = 50
"""Calls back on one page of the list."""
FIELDS = ("state", "kind", "line", "team", "mine")
"""As they are called in the address, in the order of the form."""
Fault = Literal["choice", "text"]
BELOW = "/callbacks/"
"""Where the page of each begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListForm:
    """Which calls back are asked for, checked."""

    values: Mapping[str, str]
    faults: Mapping[str, Fault]
    query: CallbackQuery | None
    """None where something is wrong."""
    after: str | None

    @property
    def narrowed(self) -> bool:
        """Whether anything but what is to be done was asked for."""
        return any(self.values[name] for name in FIELDS[1:])

    def address(self, **more: str | None) -> str:
        """The list as it was asked for, with more of the like."""
        said = {name: self.values[name] for name in FIELDS} | more
        query = urlencode({name: value for name, value in said.items() if value})
        return f"/callbacks?{query}" if query else "/callbacks"


def read_list(asked: Mapping[str, str], *, who: str, lines: Collection[str], teams: Collection[str]) -> ListForm:
    """Check what was asked for.

    Args:
        asked: the fields by name; what is missing or empty was not asked for.
        who: the name of whoever asks; empty where nobody signs in, and nothing is theirs.
        lines: of the configured lines; others may be in the ledger still.
        teams: of the configured teams.
    """
    values = {name: asked.get(name, "").strip() for name in FIELDS}
    faults: dict[str, Fault] = {}
    values["state"] = values["state"] or "to_do"
    for name, choices in (("state", ASKED), ("kind", tuple(Kind)), ("mine", ("yes",))):
        if values[name] and values[name] not in choices:
            faults[name] = "choice"
    for name, known in (("line", lines), ("team", teams)):
        if values[name] not in known and (len(values[name]) > MAX_TEXT or not values[name].isprintable()):
            faults[name] = "text"
    after = asked.get("after") or None
    state = next((one for one in ASKED if one == values["state"]), None)
    if faults or state is None:
        return ListForm(values=values, faults=faults, query=None, after=after)
    query = CallbackQuery(
        state=state,
        kind=Kind(values["kind"]) if values["kind"] else None,
        line=values["line"] or None,
        team=values["team"] or None,
        assignee=who if values["mine"] and who else None,
        limit=PAGE_SIZE,
        after=after,
    )
    return ListForm(values=values, faults=faults, query=query, after=after)


def key_below(scope: AsgiScope, beginning: str = BELOW) -> CallKey | None:
    """The call back whose page is asked for, by the key of its call; None where the address names none.

    System and linkedid may hold anything, a slash too: an address is taken apart before it is decoded.

    Args:
        scope: of the request; its `raw_path` is what the browser sent.
        beginning: what comes before the two.
    """
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    _, found, rest = raw.partition(b"?")[0].decode("ascii", "replace").partition(beginning)
    system, parted, linkedid = rest.partition("/")
    if not (found and parted):
        return None
    key = CallKey(system=unquote(system), linkedid=unquote(linkedid))
    # No database keeps a NUL in a text, so no call has one in its key.
    return None if "\0" in key.system + key.linkedid else key


def callback_path(key: CallKey) -> str:
    """Where the page of a call back is; whatever stands in its names goes in one step of the path."""
    return f"{BELOW}{quote(key.system, safe='')}/{quote(key.linkedid, safe='')}"


def back_to(said: str) -> str | None:
    """The list that somebody came from, as the form brings it along; None where it is no address of ours."""
    inside = said == "/callbacks" or said.startswith("/callbacks?")
    return said if inside and said.isascii() and said.isprintable() and "\\" not in said else None
