"""One Alertmanager, told of every group as it is, over one connection that is kept open.

What waits is a set of groups, never a queue of messages: each is described when it is sent, as it is then. So memory is
bounded by the groups there are, a slow Alertmanager gets the newest state and no backlog, and one that comes back is
told what is true. A firing alert ends by itself a little later unless it is sent again; that ends the alerts of a
monitor that was killed.

**Source:** Alertmanager API v2, `POST /api/v2/alerts`; api/v2/openapi.yaml of Alertmanager 0.25.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx
import structlog

from monitor.alerts_groups import Kind, Turn
from monitor.alerts_words import words_in
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.alerts_groups import Change, Group, Present
    from monitor.alerts_words import Told

_log = structlog.get_logger(__name__)

LASTS_SECONDS = 20.0
"""A firing alert that is not sent again ends after this."""
REFRESH_SECONDS = 5.0
"""How often it is sent again: one that gets lost, or a second's delay, ends nothing."""
IDLE_SECONDS = 30.0
"""How often an empty list is sent while nothing rings too long: the connection stays open, and a fault shows early."""
TIMEOUT_SECONDS = 5.0
_CONNECT_SECONDS = 2.0
_RETRY_SECONDS = (0.1, 5.0)
"""The longest wait before the first try again, and before any; each wait is drawn from the upper half below it."""
_DELAYS: Final = {Turn.BEGAN: 0.0, Turn.ENDED: 0.0, Turn.JOINED: 0.0, Turn.RESUMED: 0.0, Turn.CHANGED: 1.0}
"""How long a turn may wait for others to be sent with it, in seconds: a call more is told at once, one fewer is not."""
_SPACING_SECONDS = 0.02
"""Between two requests at the least: what happens meanwhile is one request, which matters when hundreds ring."""
_WORTH_A_RETRY: Final = frozenset({408, 425, 429})
_OF_CONTENT: Final = frozenset({400, 413, 422})
"""What it says of an alert it cannot take; an empty list proves nothing then."""
_SEVERITIES: Final = {Kind.WARNING: "warning", Kind.BREACH: "critical"}


class View(Protocol):
    """What is true now, as every target asks it."""

    def groups(self) -> Iterable[Group]:
        """The groups in which calls are now."""
        ...

    def present(self, group: Group) -> Present | None:
        """A group as it is now; None where it has no call."""
        ...

    def unseen(self, system: str) -> bool:
        """Whether that system cannot be observed now."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    """What an Alertmanager may believe of a group."""

    began_at: datetime
    until_at: datetime
    """When it ends there by itself."""


class Alertmanager:
    """Tells one Alertmanager. `take` and everything else belong to the event loop's thread.

    Args:
        address: its base URL; may hold a user and a password.
        view: what is true now.
        page_url: where people reach the page; empty for nowhere.

    Raises:
        ConfigError: the address is no URL.
    """

    def __init__(self, address: str, view: View, *, page_url: str = "") -> None:
        try:
            self._url = httpx.URL(f"{address}/api/v2/alerts")
        except httpx.InvalidURL:
            # No cause, and no address: it may hold a password.
            raise ConfigError("[alerts] alertmanager holds an address that cannot be read; correct it.") from None
        self.name = f"{self._url.host}:{self._url.port or {'http': 80, 'https': 443}[self._url.scheme]}"
        """Host and port, fit for a log."""
        self.sent = 0
        """Alerts it has taken, refreshed and ended ones among them."""
        self.failed = 0
        """Alerts of requests that failed; each counts again when it fails again."""
        self._view = view
        self.page_url = page_url
        self._due: dict[Group, float] = {}
        self._known: dict[Group, _Known] = {}
        self._wake = asyncio.Event()
        self._round_at = 0.0
        self._not_before = 0.0
        self._retry_seconds = _RETRY_SECONDS[0]
        self._problem: _Problem | None = None

    @property
    def waiting(self) -> int:
        """Groups that have changed since it was last told of them."""
        return len(self._due)

    def take(self, change: Change) -> None:
        """A group has changed. Returns at once."""
        due = time.monotonic() + _DELAYS[change.turn]
        self._due[change.group] = min(due, self._due.get(change.group, due))
        self._wake.set()

    def forget(self) -> None:
        """Another monitor tells it: what fires there is that one's to refresh and to end."""
        self._due.clear()
        self._known.clear()

    async def run(self) -> None:
        """Tell it, for ever."""
        async with _client() as client:
            while True:
                await self._until_due()
                await self._tell(client)

    async def ask(self) -> str | None:
        """Why it cannot be told, in words; None where it can."""
        async with _client() as client:
            problem, _ = await self._post(client, [])
        return None if problem is None else problem.text

    # What is due, and when

    def _next_at(self) -> float:
        return max(self._not_before, min([self._round_at, *self._due.values()]))

    async def _until_due(self) -> None:
        while (seconds := self._next_at() - time.monotonic()) > 0:
            self._wake.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                return

    async def _tell(self, client: httpx.AsyncClient) -> None:
        groups = dict.fromkeys(self._due)
        self._due.clear()
        everything = time.monotonic() >= self._round_at
        if everything:
            groups |= dict.fromkeys(self._known)
        batch = self._describe(groups)
        if not (batch.alerts or everything):
            return
        self._not_before = time.monotonic() + _SPACING_SECONDS
        problem, heard = await self._post(client, batch.alerts)
        if heard:
            self._known |= batch.firing
        if problem is None:
            self._forget(batch.ended)
            self._taken(len(batch.alerts))
        elif problem.lasting:
            self._forget((*batch.firing, *batch.ended))
            # No retry mends it: the next change tries again, or the next empty round.
            self._failed(len(batch.alerts), problem, "See [alerts] alertmanager: address, path, user and password.")
        else:
            self._again(groups)
            self._failed(len(batch.alerts), problem, "It is tried again; see that it runs.")
        next_at = time.monotonic() + (REFRESH_SECONDS if self._known else IDLE_SECONDS)
        self._round_at = next_at if everything else min(self._round_at, next_at)

    def _describe(self, groups: Iterable[Group]) -> _Batch:
        """The groups as they are now, those that it need not be told of left out."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=LASTS_SECONDS)
        batch = _Batch()
        for group in groups:
            present, known = self._view.present(group), self._known.get(group)
            if present is not None:
                batch.firing[group] = _Known(present.began_at, until)
                batch.alerts.append(self._firing(group, present, until))
            elif known is not None and known.until_at > now and not self._view.unseen(group.system):
                batch.ended.append(group)
                batch.alerts.append(self._ended(group, known, now))
            else:
                # It was never told of it, or it ends there by itself: so it does where nothing can be seen of its
                # phones, of which nobody may say that they have fallen silent.
                self._known.pop(group, None)
        return batch

    def _forget(self, groups: Iterable[Group]) -> None:
        for group in groups:
            self._known.pop(group, None)

    async def _post(self, client: httpx.AsyncClient, alerts: list[dict[str, Any]]) -> tuple[_Problem | None, bool]:
        """Send alerts.

        Returns:
            What went wrong, and whether they may have arrived all the same.
        """
        # Escaped to ASCII, so that whatever Asterisk calls a queue can be sent.
        content = json.dumps(alerts).encode("ascii")
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await client.post(self._url, content=content, headers={"Content-Type": "application/json"})
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return _Problem(f"it cannot be reached ({type(error).__name__})", lasting=False), False
        except (httpx.HTTPError, TimeoutError) as error:
            return _Problem(f"it does not answer ({type(error).__name__})", lasting=False), True
        if answer.is_success:
            return None, True
        status = answer.status_code
        lasting = status < 500 and status not in _WORTH_A_RETRY
        return _Problem(f"it answers {status}", lasting=lasting, of_content=status in _OF_CONTENT), False

    # How it went

    def _taken(self, alerts: int) -> None:
        self.sent += alerts
        self._retry_seconds = _RETRY_SECONDS[0]
        if self._problem is not None and (alerts or not self._problem.of_content):
            _log.info("alertmanager_is_back", target=self.name)
            self._problem = None
            # What was refused, or has ended there meanwhile, rings on here.
            self._due |= dict.fromkeys(self._view.groups(), time.monotonic())

    def _again(self, groups: Iterable[Group]) -> None:
        """Try again a little later; what has changed since is in its turn already."""
        now = time.monotonic()
        for group in groups:
            self._due.setdefault(group, now)
        self._not_before = now + self._retry_seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spreads tries, no secret
        self._retry_seconds = min(self._retry_seconds * 2, _RETRY_SECONDS[1])

    def _failed(self, alerts: int, problem: _Problem, next_step: str) -> None:
        self.failed += max(1, alerts)
        if self._problem != problem:
            _log.warning("alertmanager_not_told", target=self.name, why=problem.text, next_step=next_step)
        self._problem = problem

    # What is sent

    def _firing(self, group: Group, present: Present, until: datetime) -> dict[str, Any]:
        told = [words_in(language).ringing(group, present) for language in ("ko", "en")]
        figures = {
            "calls": str(present.calls),
            "rings": str(present.rings),
            "latest_at": present.latest_at.isoformat(),
        }
        return self._alert(group, told, figures, present.began_at, until)

    def _ended(self, group: Group, known: _Known, now: datetime) -> dict[str, Any]:
        told = [words_in(language).over(group) for language in ("ko", "en")]
        # An end before the beginning, as clocks apart by a moment would have it, is refused.
        return self._alert(group, told, {}, known.began_at, max(now, known.began_at))

    def _alert(
        self, group: Group, told: list[Told], figures: dict[str, str], began: datetime, ends: datetime
    ) -> dict[str, Any]:
        korean, english = told
        alert: dict[str, Any] = {
            "labels": dict(_labels(group)),
            "annotations": {
                "summary": korean.summary,
                "summary_en": english.summary,
                "description": korean.description,
                "description_en": english.description,
                "runbook": f"docs/runbook.md#{group.kind.value.lower()}",
                **figures,
            },
            "startsAt": began.isoformat(),
            "endsAt": ends.isoformat(),
        }
        if self.page_url:
            alert["annotations"]["page"] = alert["generatorURL"] = f"{self.page_url}/"
        return alert


@dataclass(slots=True)
class _Batch:
    """One request."""

    alerts: list[dict[str, Any]] = field(default_factory=list)
    firing: dict[Group, _Known] = field(default_factory=dict)
    """What it believes of these once it has heard."""
    ended: list[Group] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Problem:
    """Why a request failed."""

    text: str
    lasting: bool
    """No retry mends it."""
    of_content: bool = False
    """It is what was sent, and neither the address nor who asks."""


def _client() -> httpx.AsyncClient:
    """One connection, kept open."""
    return httpx.AsyncClient(
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None),
        timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=_CONNECT_SECONDS),
        # The machine's own certificates, so that an Alertmanager inside the house can be spoken to; and no proxy.
        verify=ssl.create_default_context(),
        trust_env=False,
    )


def _labels(group: Group) -> Iterator[tuple[str, str]]:
    yield "alertname", group.kind.value
    yield "severity", _SEVERITIES[group.kind]
    yield "system", group.system
    yield "line", group.line
    if group.queue is not None:
        yield "queue", group.queue
