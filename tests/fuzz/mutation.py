"""Bytes that are nearly right, drawn by a seed: what a fuzzer does, without one."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .targets import Target

LONGEST = 20_000


def mutations(target: Target, seed: int) -> Iterator[bytes]:
    """Ever new inputs for a target, the same for the same seed."""
    chance = Random(seed)  # noqa: S311 - it draws tests, no secret
    corpus = target.corpus()
    yield from (example[:LONGEST] for example in corpus)
    yield from (b"", b"\0", b"\xff" * 50, b"\r\n" * 50)
    while True:
        data = bytearray(chance.choice(corpus)[:LONGEST])
        for _ in range(1 + chance.randrange(6)):
            _change(data, chance, corpus, target.words)
        yield bytes(data[:LONGEST])


def _change(data: bytearray, chance: Random, corpus: list[bytes], words: tuple[bytes, ...]) -> None:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(8):
        case 0 if data:
            data[at - 1] = chance.randrange(256)
        case 1 if data:
            data[at - 1] ^= 1 << chance.randrange(8)
        case 2:
            del data[at : at + chance.choice((1, 2, 8, 60, 700))]
        case 3:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 3, 9))))
        case 4 if words:
            data[at:at] = chance.choice(words)
        case 5:
            # A piece of itself again: packets and lines twice, and in another order.
            start = chance.randrange(len(data) + 1)
            data[at:at] = data[start : start + chance.choice((4, 60, 700))]
        case 6:
            other = chance.choice(corpus)
            start = chance.randrange(len(other) + 1)
            data[at:] = other[start : start + LONGEST]
        case 7:
            # Another number in the place of one: too large, negative, none at all.
            data[at : at + 1] = chance.choice((b"0", b"9" * 30, b"-", b"1e9", b"\xd9\xa3", b"\xe2\x80\xa8", b'"'))
