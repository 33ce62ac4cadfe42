"""What the program says and how long it waits: a small TOML file of its own, beside Asterisk's."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.calls.lines import Patterns
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

_SOUND = re.compile(r"[A-Za-z0-9_./-]{1,200}")
"""What AGI takes as one word; a space or a quote would end the name and begin something else."""


class AgiSettingsError(MonitorError):
    """The file cannot be used; the call goes on, and nobody is asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Department:
    """Where some extensions lead: a table `[[department]]`."""

    extensions: Patterns
    """Patterns as in `[transfers]` of callmonitor's own settings: `202`, `_3XX`, `9*`."""
    sound: str
    """The sound file that names it, without its ending."""
    reason: str = ""
    """The sound file that says why it is needed; the common one where empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The whole file."""

    intro: str = "callmonitor/intro"
    department_sound: str = "callmonitor/department"
    """Said of an extension that no department has."""
    reason: str = "callmonitor/reason"
    question: str = "callmonitor/question"
    answer_seconds: float = 5.0
    """How long the caller has for a key after the question."""
    tries: int = 2
    """How often the question is put to a caller who presses another key."""
    limit_seconds: int = 60
    """After so long the program is ended, whatever it does, and the call goes on."""
    departments: tuple[Department, ...] = ()

    def sounds(self, extension: str) -> tuple[str, ...]:
        """The sound files said to a caller who is passed to an extension, the question last."""
        for department in self.departments:
            if department.extensions.match(extension):
                return self.intro, department.sound, department.reason or self.reason, self.question
        return self.intro, self.department_sound, self.reason, self.question


def read(path: Path) -> Settings:
    """Read the file.

    Raises:
        AgiSettingsError: it cannot be read, or does not say what it should; the sentence names the setting.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AgiSettingsError(f"{path} cannot be read ({error.strerror}); name the file as AGI's argument") from error
    except ValueError as error:  # not TOML, or not UTF-8
        raise AgiSettingsError(f"{path} is no TOML file: {error}") from error
    try:
        return _settings(found)
    except AgiSettingsError as error:
        raise AgiSettingsError(f"{path}: {error}") from None


def _settings(found: dict[str, Any]) -> Settings:
    readers: dict[str, Callable[[str, Any], Any]] = {
        "intro": _sound,
        "department_sound": _sound,
        "reason": _sound,
        "question": _sound,
        "answer_seconds": _between(0.5, 60.0),
        "tries": _between(1, 5),
        "limit_seconds": _between(1, 600),
    }
    tables = found.pop("department", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise AgiSettingsError("department is no table; write [[department]]")
    _known(found, set(readers), "")
    values = {name: readers[name](name, value) for name, value in found.items()}
    return Settings(departments=tuple(map(_department, tables)), **values)


def _department(table: dict[str, Any]) -> Department:
    _known(table, {"extensions", "sound", "reason"}, "department.")
    extensions = table.get("extensions")
    if not isinstance(extensions, list) or not extensions or not all(isinstance(one, str) for one in extensions):
        raise AgiSettingsError('department.extensions is no list of patterns; write one, as in ["202", "_3XX"]')
    try:
        patterns = Patterns(tuple(extensions))
    except re.error as error:
        raise AgiSettingsError(f"department.extensions holds a pattern that means nothing ({error})") from error
    if "sound" not in table:
        raise AgiSettingsError(f"the department of {extensions[0]!r} has no sound; name the file that says its name")
    return Department(
        extensions=patterns,
        sound=_sound("department.sound", table["sound"]),
        reason=_sound("department.reason", table["reason"]) if "reason" in table else "",
    )


def _known(found: dict[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(found) - names)
    if unknown:
        raise AgiSettingsError(f"{where}{unknown[0]} is no setting; known are {', '.join(sorted(names))}")


def _sound(name: str, value: object) -> str:
    if not isinstance(value, str) or not _SOUND.fullmatch(value):
        raise AgiSettingsError(f"{name} is no sound file; write its name without spaces and ending")
    return value


def _between(least: float, most: float) -> Callable[[str, Any], float]:
    def reader(name: str, value: object) -> float:
        wanted = (int,) if isinstance(least, int) else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted) or not least <= value <= most:
            whole = "a whole number" if isinstance(least, int) else "a number"
            raise AgiSettingsError(f"{name} is not {whole} from {least} to {most}")
        return value

    return reader
