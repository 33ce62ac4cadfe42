"""The question, and what a caller's keys come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from monitor.agi.settings import Settings

YES, NO = "1", "2"
KEYS = "0123456789*#"
"""Any of them ends a sound: whoever knows the question need not hear it out, and a wrong key is told at once."""


class Telephone(Protocol):
    """What is needed of a caller's channel; pyst2's `AGI` is one."""

    def stream_file(self, filename: str, escape_digits: str) -> str:
        """Play a sound; return the key that ended it, or an empty text."""

    def wait_for_digit(self, timeout: int) -> str:
        """Wait so many milliseconds for a key; return it, or an empty text."""


def ask(telephone: Telephone, settings: Settings, extension: str) -> bool | None:
    """Ask the caller whether they may be passed on.

    Args:
        telephone: the caller's channel.
        settings: what is said.
        extension: where they would be passed to.

    Returns:
        Their answer; None where they gave none: silence, or wrong keys to the end.
    """
    sounds = settings.sounds(extension)
    for _ in range(settings.tries):
        key = _key(telephone, sounds, round(settings.answer_seconds * 1000))
        if key in (YES, NO):
            return key == YES
        if not key:
            return None
        sounds = sounds[-1:]
    return None


def _key(telephone: Telephone, sounds: tuple[str, ...], wait_ms: int) -> str:
    for sound in sounds:
        key = telephone.stream_file(sound, KEYS)
        if key:
            return key
    return telephone.wait_for_digit(wait_ms)
