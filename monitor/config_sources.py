"""Where settings come from, and how a fault in them is told: the file and line, or the variable, that must change."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX = "CALLMONITOR_"
NOT_SETTINGS = frozenset({"CONFIG", "DEBUG", "LAB"})
"""Variables with our prefix that are not settings: the file's path, `--debug`, and the laboratory's folder."""

UNSHOWN = frozenset(
    {"alertmanager", "apprise", "cdr", "cel", "password_hash", "secret", "sha256", "token_sha256", "url"}
)
"""Keys whose value no message repeats."""

Tree = dict[str, Any]
Location = tuple[int | str, ...]

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w\-.\"']+)\s*=")

_MUST = {
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must not be empty",
    "path_type": "must be a path in quotes",
    "tuple_type": "must be a list, in [brackets] or as [[tables]]",
    "model_type": "must be a table",
    "date_from_datetime_parsing": "must be a date such as 2026-01-31",
    "date_from_datetime_inexact": "must be a date such as 2026-01-31",
    "time_parsing": "must be a time of day such as 07:00",
    "time_type": "must be a time of day such as 07:00",
    "date_parsing": "must be a date such as 2026-01-31",
    "date_type": "must be a date such as 2026-01-31",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_pattern_mismatch": "must hold neither spaces nor '/'",
}
"""What a value must be, by pydantic's kind of fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """All that was read, to say where a fault comes from."""

    path: Path | None
    text: str
    environ: Mapping[str, str]
    flags: Mapping[str, Any]
    keys: Mapping[str, frozenset[str]]
    """The keys there are by section; those of the top under the empty name."""

    def place(self, location: Location) -> str:
        """The file and line, variable or flag that set the value at `location`, or should have."""
        if location and reaches(self.flags, location):
            return "command line"
        for name, parts in variables(self.environ):
            length = min(len(parts), len(location))
            if location and [str(part) for part in location[:length]] == parts[:length]:
                return f"environment variable {name}"
        if self.path is None:
            return "settings"
        line = line_of(self.text, location)
        return f"{self.path}, line {line}" if line else str(self.path)


def read_text(path: Path) -> str:
    """The text of a settings file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; copy deploy/callmonitor.toml.sample there, or name another with --config."
        ) from error
    except IsADirectoryError as error:
        raise ConfigError(f"{path}: this is a folder; name the file in it with --config.") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); let this user read it.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: this is not UTF-8 text; save it as UTF-8.") from error


def state_folder(environ: Mapping[str, str]) -> Path:
    """The user's folder for what callmonitor keeps.

    **Source:** XDG base directories, `XDG_STATE_HOME`, which counts only where it is absolute.
    """
    named = Path(environ.get("XDG_STATE_HOME", ""))
    base = named if named.is_absolute() else Path(environ.get("HOME") or Path.home()) / ".local" / "state"
    return base / "callmonitor"


def absolute(path: Path) -> Path:
    """The path with `~` put in full; a relative one is refused, since a service starts in any folder."""
    try:
        path = path.expanduser()
    except RuntimeError as error:
        raise ValueError("names a home folder that does not exist; write the whole path") from error
    if not path.is_absolute():
        raise ValueError("is a relative path; write it from / on")
    return path


def variables(environ: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Each variable that sets something, with the parts of the key it names; an empty one sets nothing."""
    for name in sorted(environ):
        rest = name.removeprefix(PREFIX)
        if rest != name and environ[name] and rest.split("_")[0] not in NOT_SETTINGS:
            yield name, rest.lower().split("__")


def environment_tree(environ: Mapping[str, str], file_tree: Tree) -> Tree:
    """What the environment says, as a tree; a list it reaches into begins as the file has it.

    Raises:
        ConfigError: a value is broken JSON, or a variable names a place that cannot be.
    """
    tree: Tree = {}
    for name, parts in variables(environ):
        value = environ[name]
        if parts[0] not in tree and isinstance(file_tree.get(parts[0]), list):
            tree[parts[0]] = deepcopy(file_tree[parts[0]])
        node: Any = tree
        for part, following in pairwise(parts):
            node = _descend(node, part, [] if following.isdigit() else {}, name)
        _descend(node, parts[-1], _parsed(name, value), name, replace=True)
    return tree


def _descend(node: Any, part: str, new: Any, name: str, *, replace: bool = False) -> Any:
    """Step to `part` of a tree under way, putting `new` there where nothing is, or where it is to be replaced."""
    if isinstance(node, list):
        if not part.isdigit() or int(part) > len(node):
            raise ConfigError(
                f"environment variable {name}: there is no table number {part}; they count from 0 without gaps."
            )
        if int(part) == len(node):
            node.append(new)
        elif replace:
            node[int(part)] = new
        return node[int(part)]
    if not isinstance(node, dict):
        raise ConfigError(f"environment variable {name}: another variable sets a value above it; remove one of them.")
    if replace:
        node[part] = new
    return node.setdefault(part, new)


def _parsed(name: str, value: str) -> Any:
    if not value.startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ConfigError(
            f"environment variable {name}: begins like JSON but is not; correct it or leave the bracket out."
        ) from error


def reaches(tree: Any, location: Location) -> bool:
    """Whether the tree holds something at the location."""
    for part in location:
        in_table = isinstance(tree, Mapping) and part in tree
        in_list = isinstance(tree, list | tuple) and isinstance(part, int) and part < len(tree)
        if not in_table and not in_list:
            return False
        tree = tree[part]
    return True


def line_of(text: str, location: Location) -> int | None:
    """The line of a TOML text that sets the value at `location`, else that of the innermost table around it."""
    tables: dict[str, int] = {}
    inside: Location = ()
    nearest: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE.match(line):
            name = table[2].strip("\"'")
            inside = tuple(name.split("."))
            if table[1] == "[[":
                tables[name] = tables.get(name, -1) + 1
                inside = (*inside, tables[name])
            if inside == location[: len(inside)] and (nearest is None or len(inside) > nearest[0]):
                nearest = (len(inside), number)
        elif key := _KEY.match(line):
            whole = (*inside, *(part.strip("\"'") for part in key[1].split(".")))
            if whole == location[: len(whole)]:
                return number
    return nearest[1] if nearest else None


def dotted(location: Location) -> str:
    """A location as people write it: `asterisk[0].port`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def sentence(fault: ErrorDetails, origin: Origin) -> str:
    """One fault of the settings in one sentence: where, which key, what is wrong, what to do. Never a secret."""
    location: Location = tuple(fault["loc"])
    key, kind = dotted(location), fault["type"]
    place = origin.place(location)
    if kind == "extra_forbidden":
        section = ".".join(part for part in location[:-1] if isinstance(part, str))
        close = difflib.get_close_matches(str(location[-1]), origin.keys.get(section, frozenset()), n=1)
        return f"{place}: {key} is no setting; " + (
            f"did you mean {close[0]}?" if close else "remove it, or look it up in docs/settings.md."
        )
    if kind == "missing":
        return f"{place}: {key} is missing; add it, as docs/settings.md shows."
    if kind == "value_error":
        text = str(fault["ctx"]["error"])
        return f"{place}: {key} {text}." if key else f"{place}: {text}."
    must = _MUST.get(kind, "cannot be used").format_map(fault.get("ctx", {}))
    shown = fault["input"]
    secret = any(part in UNSHOWN for part in location) or not isinstance(shown, int | float | str) or shown == ""
    return f"{place}: {key} {'' if secret else f'is {shown!r} but '}{must}; correct it."
