"""Draws by hand and by another program, and what makes them fair."""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter
from dataclasses import replace

import pytest

from monitor.calls.facts import CallKey
from monitor.reviews.definition import Definition, Item, Mark
from monitor.reviews.draw import Candidate, draw, place

DEFINITION = Definition(
    per_agent=3,
    by_queue={},
    second_share=0.0,
    shortest_us=10_000_000,
    timezone="Asia/Seoul",
    scale=(Mark(value=1, ko="이행", en="Met"), Mark(value=0, ko="미이행", en="Not met")),
    items=(Item(key="greeting", ko="첫인사", en="Greeting"),),
)
SEED = 20261101


def call(number: int, agent: str = "PJSIP/2001", queue: str | None = "support", system: str = "pbx1") -> Candidate:
    return Candidate(
        key=CallKey(system=system, linkedid=f"17724420{number:02}.1"), agent=agent, member=None, queue=queue
    )


TEN = [call(number) for number in range(10)]


def test_a_place_is_what_sha256sum_says() -> None:
    said = b"call\x0020261101\x00pbx1\x001772442000.1"
    other_program = subprocess.run(["sha256sum"], input=said, capture_output=True, check=True)
    assert place(SEED, TEN[0].key).hex() == other_program.stdout.decode().split()[0]


def test_a_stratum_takes_its_first_places() -> None:
    """Worked out here from the bytes alone."""

    def digest(one: Candidate) -> str:
        return hashlib.sha256(f"call\0{SEED}\0pbx1\0{one.key.linkedid}".encode()).hexdigest()

    expected = sorted(TEN, key=digest)[:3]
    found = draw(TEN, DEFINITION, SEED)
    assert [drawn.call for drawn in found.sample] == expected
    assert [(drawn.stratum, drawn.stratum_calls, drawn.reviewers) for drawn in found.sample] == [("", 10, 1)] * 3
    assert (found.population, found.strata) == (10, 1)
    everybody = b"".join(bytes.fromhex(digest(one)) for one in sorted(TEN, key=digest))
    assert found.fingerprint == hashlib.sha256(everybody).hexdigest()


def test_the_order_in_which_calls_are_told_is_of_no_consequence() -> None:
    definition = replace(DEFINITION, second_share=0.5)
    assert draw(reversed(TEN), definition, SEED) == draw(TEN, definition, SEED)


def test_another_seed_draws_others_and_other_agents_change_nothing() -> None:
    samples = {tuple(drawn.call.key.linkedid for drawn in draw(TEN, DEFINITION, seed).sample) for seed in range(50)}
    assert len(samples) > 40
    others = [call(number, "PJSIP/2002") for number in range(10, 30)]
    of_first = [one for one in draw(TEN + others, DEFINITION, SEED).sample if one.call.agent == "PJSIP/2001"]
    assert {one.call.key for one in of_first} == {one.call.key for one in draw(TEN, DEFINITION, SEED).sample}


def test_every_call_has_the_same_chance() -> None:
    """Of 2,000 seeds each call is drawn by 3 of 10: 600 times, give or take 4 standard deviations of 20.5."""
    drawn = Counter(one.call.key.linkedid for seed in range(2000) for one in draw(TEN, DEFINITION, seed).sample)
    assert len(drawn) == 10
    assert all(518 < times < 682 for times in drawn.values())


def test_agents_and_queues_of_a_size_of_their_own_are_drawn_apart() -> None:
    calls = [
        *TEN,
        *(call(number, queue="remote") for number in range(10, 20)),
        *(call(number, "PJSIP/2002") for number in range(20, 22)),
        *(call(number, "PJSIP/2001", system="pbx2") for number in range(22, 32)),
        *(call(number, queue=None) for number in range(32, 36)),
        *(call(number, queue="noise") for number in range(36, 40)),
    ]
    found = draw(calls, replace(DEFINITION, by_queue={"remote": 1, "noise": 0}), SEED)
    strata = Counter((one.call.key.system, one.call.agent, one.stratum, one.stratum_calls) for one in found.sample)
    assert strata == {
        # Ten of support and four of no queue; one phone of another system is another agent.
        ("pbx1", "PJSIP/2001", "", 14): 3,
        ("pbx1", "PJSIP/2001", "remote", 10): 1,
        # Fewer than the size: all there are.
        ("pbx1", "PJSIP/2002", "", 2): 2,
        ("pbx2", "PJSIP/2001", "", 10): 3,
    }
    # Those of a stratum of size 0 could not be drawn.
    assert (found.population, found.strata) == (36, 4)


@pytest.mark.parametrize(("share", "twice"), [(0.0, 0), (0.14, 1), (0.15, 2), (0.2, 2), (0.25, 3), (1.0, 10)])
def test_a_share_of_the_sample_has_two_reviewers(share: float, twice: int) -> None:
    """Of ten calls, halves up: 1.5 is 2, and 2.5 is 3."""
    found = draw(TEN, replace(DEFINITION, per_agent=10, second_share=share), SEED)
    reviewers = Counter(one.reviewers for one in found.sample)
    assert (reviewers[2], reviewers[1]) == (twice, 10 - twice)
    # Not simply the first ones: their places are of another purpose.
    if share == 0.25:
        assert [one.reviewers for one in found.sample] != [2] * 3 + [1] * 7


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw([], DEFINITION, SEED).sample == ()
    assert draw(TEN, replace(DEFINITION, per_agent=0), SEED).population == 0


def test_a_definition_is_the_same_from_what_is_kept() -> None:
    whole = replace(DEFINITION, by_queue={"remote": 3})
    assert Definition.from_json(whole.as_json() | {"algorithm": 1, "later": True}) == whole
