"""Draws the calls that are reviewed: a simple random sample of each agent and stratum, the same again from its seed.

Each call has a place by the SHA-256 of seed and key, and each stratum takes its first ones. So nothing but the seed and
the call itself decides: neither the order in which a database tells calls, nor which version of Python shuffles them,
nor what other agents had; and anybody can work a place out again with `sha256sum`.

**Source:** FIPS 180-4 (SHA-256). Sorting by random numbers and taking the first n is simple random sampling without
replacement: A. B. Sunter, List sequential sampling with equal or unequal probabilities, Appl. Stat. 26 (1977) 261-268.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.calls.facts import CallKey
    from monitor.reviews.definition import Definition

ALGORITHM = 1
"""Of the two functions below; another one would have to be told apart in what is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One call that can be drawn."""

    key: CallKey
    agent: str
    """The interface of the phone that answered it."""
    member: str | None
    queue: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One call that was drawn."""

    call: Candidate
    stratum: str
    stratum_calls: int
    """How many calls of its agent and stratum could be drawn."""
    reviewers: int
    """1 or 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One month's sample."""

    population: int
    strata: int
    """Pairs of agent and stratum that had calls."""
    fingerprint: str
    """SHA-256, in hexadecimal, over the places of the whole population in their order."""
    sample: tuple[Drawn, ...]
    """In the order of their places."""


def place(seed: int, key: CallKey, purpose: str = "call") -> bytes:
    """Where a call stands in the order of a draw: the SHA-256 of purpose, seed, system and linkedid, a NUL between two.

    Args:
        seed: of the draw.
        key: of the call; no text of the ledger holds a NUL.
        purpose: `call` for being drawn, `second` for a second reviewer, so that neither tells of the other.
    """
    said = "\0".join((purpose, str(seed), key.system, key.linkedid))
    return hashlib.sha256(said.encode(errors="surrogatepass")).digest()


def draw(candidates: Iterable[Candidate], definition: Definition, seed: int) -> Draw:
    """Draw a sample. The order of the candidates is of no consequence.

    Args:
        candidates: every call that can be drawn, each once; those of strata of size 0 are passed over.
        definition: sizes, strata and the share of second reviewers.
        seed: of the draw.
    """
    strata: dict[tuple[str, str, str], list[tuple[bytes, Candidate]]] = defaultdict(list)
    for call in candidates:
        stratum = definition.stratum_of(call.queue)
        if definition.size_of(stratum):
            strata[stratum, call.key.system, call.agent].append((place(seed, call.key), call))
    everybody = sorted(where for calls in strata.values() for where, _ in calls)
    first: list[tuple[bytes, Candidate, str, int]] = []
    for (stratum, _system, _agent), calls in strata.items():
        calls.sort(key=lambda one: one[0])
        first += ((*one, stratum, len(calls)) for one in calls[: definition.size_of(stratum)])
    first.sort(key=lambda one: one[0])
    both = twice([call.key for _, call, _, _ in first], definition.second_share, seed)
    return Draw(
        population=len(everybody),
        strata=len(strata),
        fingerprint=hashlib.sha256(b"".join(everybody)).hexdigest(),
        sample=tuple(
            Drawn(call=call, stratum=stratum, stratum_calls=calls, reviewers=2 if call.key in both else 1)
            for _, call, stratum, calls in first
        ),
    )


def twice(keys: Sequence[CallKey], share: float, seed: int) -> set[CallKey]:
    """Which of a sample two people review."""
    # Of the share as it is written: 0.15 of 10 calls is 1.5, which is 2, and not 1.4999….
    count = int((Decimal(str(share)) * len(keys)).to_integral_value(ROUND_HALF_UP))
    return set(sorted(keys, key=lambda key: place(seed, key, "second"))[:count])
