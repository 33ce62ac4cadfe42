"""The desk: who may review what, who sees what before, and what stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from monitor.calls.facts import CallKey
from monitor.errors import ReviewError
from monitor.numbers import Numbers
from monitor.reviews.definition import Item
from monitor.reviews.desk import Query, ReviewDesk, State
from monitor.reviews.draws import Draws

from .test_draw import DEFINITION, SEED
from .test_draws import APRIL_FIRST, MARCH, call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.ledger import Repository

NOW = datetime(2026, 4, 2, 1, 0, tzinfo=UTC)
KEY = CallKey(system="pbx1", linkedid="0000.1")
MET, UNMET = {"greeting": 1}, {"greeting": 0}
USERS = {"kim": ("PJSIP/agent2",), "lee": ("Other",), "park": (), "choi": ()}


@dataclass
class Desk:
    """A desk over a ledger whose every call of March is drawn, with a clock that is set by hand."""

    repository: Repository
    reviewers: int = 2
    users: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: USERS)
    numbers: Numbers = field(default_factory=Numbers)
    at: datetime = NOW

    def __post_init__(self) -> None:
        share = 1.0 if self.reviewers == 2 else 0.0
        definition = replace(DEFINITION, per_agent=200, second_share=share)
        Draws(self.repository.store).make(MARCH, definition, seed=SEED, by="kim", now=APRIL_FIRST)
        self.desk = ReviewDesk(self.repository.store, self.users.get, lambda: self.at, self.numbers)

    def refusal(self, by: str, marks: Mapping[str, int | None] = MET, note: str = "", key: CallKey = KEY) -> str:
        with pytest.raises(ReviewError) as refused:
            self.desk.give(key, marks, note, by)
        return refused.value.reason

    def seen(self, who: str) -> tuple[State, list[str], bool]:
        """How a call stands for somebody, whose marks of it they see but their own, and whether they may correct it."""
        sheet = self.desk.get(KEY, who)
        assert sheet is not None
        return sheet.sampled.state, [one.reviewer for one in sheet.others], sheet.correctable


def with_calls(repository: Repository, count: int = 1) -> Repository:
    """Calls that `Agent2` answered at `PJSIP/agent2`."""
    repository.record_all([call(number, recordings=(f"/rec/{number}.wav",)) for number in range(count)])
    return repository


def test_marks_of_others_are_seen_once_ones_own_are_given(repository: Repository) -> None:
    desk = Desk(with_calls(repository))
    assert desk.seen("lee") == desk.seen("park") == (State.TO_DO, [], False)
    desk.desk.give(KEY, MET, "clear", "lee")
    # The second reviewer is told that there is one, and not what it says; nor is somebody who may be the second still.
    assert desk.seen("park") == desk.seen("choi") == (State.TO_DO, [], False)
    sheet = desk.desk.get(KEY, "park")
    assert sheet is not None
    assert sheet.sampled.given == 1
    assert desk.seen("lee") == (State.WAITING, [], True)
    desk.at += timedelta(hours=1)
    desk.desk.give(KEY, UNMET, "", "park")
    assert desk.seen("park") == (State.DONE, ["lee"], False)
    assert desk.seen("lee") == (State.DONE, ["park"], False)
    # Nothing is left for anybody else to give, and so nothing to be kept from them.
    assert desk.seen("choi") == (State.DONE, ["lee", "park"], False)
    given = desk.desk.get(KEY, "lee")
    assert given is not None
    assert given.mine is not None
    assert (given.mine.marks, given.mine.note, given.mine.at) == (MET, "clear", NOW)
    assert [(one.marks, one.note, one.at) for one in given.others] == [(UNMET, None, NOW + timedelta(hours=1))]


def test_no_figure_tells_what_the_first_of_two_marked(repository: Repository) -> None:
    desk = Desk(with_calls(repository))
    desk.desk.give(KEY, MET, "", "lee")
    figures = desk.desk.figures(MARCH.first)
    assert figures is not None
    assert (figures.sampled, figures.reviewed, figures.items[0].share.marked, figures.agents[0].share.marked) == (
        1,
        0,
        0,
        0,
    )


@pytest.mark.parametrize(
    "own",
    ["PJSIP/agent2", "pjsip/AGENT2", "Agent2"],
    ids=["an interface", "in other letters", "a member's name"],
)
def test_nobody_reviews_calls_of_their_own_agents(repository: Repository, own: str) -> None:
    desk = Desk(with_calls(repository), users={"kim": ("Local/9@x", own)})
    assert desk.seen("kim") == (State.OWN, [], False)
    assert desk.refusal("kim") == "own"
    assert desk.desk.find(Query(month=MARCH.first), "kim").states[State.OWN] == 1


def test_nobody_reviews_a_call_that_they_answered_themselves(repository: Repository) -> None:
    """Signed in under the member's name, without a word of it in the settings."""
    desk = Desk(with_calls(repository), users={"agent2": ()})
    assert desk.refusal("agent2") == "own"


def test_own_agents_are_known_under_their_pseudonyms(repository: Repository) -> None:
    numbers = Numbers(b"k" * 32)
    repository.record_all([call(0, agent=numbers.agent("PJSIP/agent2"), member=numbers.agent("Agent2"))])
    assert Desk(repository, numbers=numbers).refusal("kim") == "own"


def test_one_call_has_no_more_reviewers_than_it_was_drawn_for(repository: Repository) -> None:
    desk = Desk(with_calls(repository))
    desk.desk.give(KEY, MET, "", "lee")
    desk.desk.give(KEY, MET, "", "park")
    assert desk.refusal("choi") == "complete"


def test_one_reviewer_is_enough_for_the_others(repository: Repository) -> None:
    desk = Desk(with_calls(repository), reviewers=1)
    desk.desk.give(KEY, MET, "", "lee")
    assert desk.seen("lee") == (State.DONE, [], True)
    assert desk.refusal("park") == "complete"


def test_a_review_is_corrected_until_another_is_given(repository: Repository) -> None:
    desk = Desk(with_calls(repository))
    desk.desk.give(KEY, MET, "clear", "lee")
    desk.at += timedelta(days=1)
    desk.desk.give(KEY, UNMET, "", "lee")
    sheet = desk.desk.get(KEY, "lee")
    assert sheet is not None
    assert sheet.mine is not None
    # One review still, and given when it was first.
    assert (sheet.sampled.given, sheet.mine.marks, sheet.mine.note, sheet.mine.at) == (1, UNMET, None, NOW)
    desk.desk.give(KEY, MET, "", "park")
    assert (desk.refusal("lee"), desk.refusal("park")) == ("given", "given")


def test_a_review_is_corrected_for_thirty_days(repository: Repository) -> None:
    desk = Desk(with_calls(repository), reviewers=1)
    desk.desk.give(KEY, MET, "", "lee")
    desk.at = NOW + timedelta(days=30)
    desk.desk.give(KEY, UNMET, "", "lee")
    assert desk.seen("lee") == (State.DONE, [], True)
    desk.at += timedelta(microseconds=1)
    assert desk.seen("lee") == (State.DONE, [], False)
    assert desk.refusal("lee") == "closed"


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("nobody", {"by": ""}),
        ("nobody", {"by": "stranger"}),
        ("unknown", {"key": CallKey(system="pbx1", linkedid="0001.1")}),
        ("marks", {"marks": {}}),
        ("marks", {"marks": {"greeting": 2}}),
        ("marks", {"marks": {"greeting": 1, "closing": 1}}),
        ("note", {"note": "n" * 501}),
    ],
)
def test_what_is_no_review_is_refused_whole(repository: Repository, reason: str, told: dict[str, Any]) -> None:
    desk = Desk(with_calls(repository))
    assert desk.refusal(**({"by": "lee"} | told)) == reason
    sheet = desk.desk.get(KEY, "lee")
    assert sheet is not None
    assert sheet.sampled.given == 0


def test_what_could_not_be_heard_is_a_mark(repository: Repository) -> None:
    desk = Desk(with_calls(repository))
    desk.desk.give(KEY, {"greeting": None}, "n" * 500, "lee")
    sheet = desk.desk.get(KEY, "lee")
    assert sheet is not None
    assert sheet.mine is not None
    assert sheet.mine.marks == {"greeting": None}


def test_of_two_who_are_last_at_a_time_one_is_refused(on_postgresql: Repository) -> None:
    desk = Desk(with_calls(on_postgresql), reviewers=1)
    together = Barrier(2)

    def give(who: str) -> str:
        together.wait(10)
        try:
            desk.desk.give(KEY, MET, "", who)
        except ReviewError as error:
            return error.reason
        return "kept"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(give, ("lee", "park"))) == ["complete", "kept"]
    sheet = desk.desk.get(KEY, "choi")
    assert sheet is not None
    assert sheet.sampled.given == 1


def test_the_list_is_narrowed_and_turned_in_pages(repository: Repository) -> None:
    repository.record_all([call(number) for number in range(3)])
    repository.record_all([call(number, agent="PJSIP/agent1", member="Agent1") for number in range(3, 5)])
    desk = Desk(repository)
    desk.desk.give(KEY, MET, "", "park")

    def numbers(**query: object) -> list[str]:
        found = desk.desk.find(Query(month=MARCH.first, **query), "park")  # type: ignore[arg-type] # the query's many fields
        return [one.key.linkedid for one in found.sampled]

    # By agent, then time.
    assert numbers() == ["0003.1", "0004.1", "0000.1", "0001.1", "0002.1"]
    assert numbers(limit=2, offset=2) == ["0000.1", "0001.1"]
    assert numbers(agent="Agent1") == numbers(agent="PJSIP/agent1") == ["0003.1", "0004.1"]
    assert numbers(state=State.TO_DO) == ["0003.1", "0004.1", "0001.1", "0002.1"]
    assert numbers(state=State.WAITING) == ["0000.1"]
    found = desk.desk.find(Query(month=MARCH.first, state=State.TO_DO, limit=1), "park")
    assert (found.count, found.agents) == (4, ("Agent1", "Agent2"))
    assert found.states == {State.TO_DO: 4, State.OWN: 0, State.WAITING: 1, State.DONE: 0}
    assert desk.desk.find(Query(month=date(2026, 2, 1)), "park").count == 0
    assert desk.desk.months() == [MARCH.first]


def test_a_call_is_told_with_its_recording_and_its_own_form(repository: Repository) -> None:
    desk = Desk(with_calls(repository, 2))
    sheet = desk.desk.get(KEY, "lee")
    assert sheet is not None
    assert (sheet.sampled.recordings, sheet.sampled.talking_us) == (("/rec/0.wav",), 40_000_000)
    assert (sheet.sampled.agent, sheet.sampled.member, sheet.sampled.queue) == ("PJSIP/agent2", "Agent2", "support")
    # The form is that of the draw, whatever is set since.
    assert sheet.definition.items == (Item(key="greeting", ko="첫인사", en="Greeting"),)
    assert desk.desk.get(CallKey(system="pbx1", linkedid="9"), "lee") is None
