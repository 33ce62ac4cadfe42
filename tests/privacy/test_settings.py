"""The settings of `[privacy]`: what cannot be meant is refused when they are loaded, and the key is never told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.config import load
from monitor.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

KEY = "0123456789abcdef0123456789abcdef"


def loaded(tmp_path: Path, privacy: str, *, key: str = KEY) -> tuple[bool, bool]:
    """Whether numbers are hashed by such settings, and whether a pseudonym can be made."""
    (tmp_path / "key").write_text(f"{key}\n", encoding="utf-8")
    path = tmp_path / "callmonitor.toml"
    path.write_text(f"[privacy]\n{privacy.replace('KEY', str(tmp_path / 'key'))}\n", encoding="utf-8")
    numbers = load(path, environ={"HOME": str(tmp_path)}).privacy.read_numbers()
    return numbers.hashed, numbers.hash_of("01012345678") is not None


@pytest.mark.parametrize(
    ("privacy", "expected"),
    [
        ("", (False, False)),
        ('numbers = "hmac"\nkey_file = "KEY"', (True, True)),
        ('agents_days = 30\nkey_file = "KEY"', (False, True)),
    ],
)
def test_a_key_is_used_for_what_is_wanted(tmp_path: Path, privacy: str, expected: tuple[bool, bool]) -> None:
    assert loaded(tmp_path, privacy) == expected


@pytest.mark.parametrize(
    ("privacy", "key", "said"),
    [
        ('numbers = "hmac"', KEY, "needs key_file"),
        ("agents_days = 30", KEY, "needs key_file"),
        ('key_file = "KEY"', KEY, "nothing to use it for"),
        ('numbers = "hmac"\nkey_file = "KEY"', KEY[:31], "32 random characters"),
        ('numbers = "hmac"\nkey_file = "KEY"', f"{KEY}\n{KEY}", "one line"),
        ('numbers = "hmac"\nkey_file = "KEYS"', KEY, "cannot be read"),
        ('purge_at = "3:10"', KEY, "purge_at"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_telling_the_key(
    tmp_path: Path, privacy: str, key: str, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, privacy, key=key)
    assert said in str(refused.value)
    assert KEY[:31] not in str(refused.value)
