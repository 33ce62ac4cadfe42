"""The desk: what the list shows and in which order, what people do with it, and what metrics and reports are told."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from monitor.callbacks.desk import CallbackDesk, CallbackError
from monitor.callbacks.entries import ASKED, CallbackQuery
from monitor.callbacks.settling import Kind
from monitor.calls.facts import CallKey
from monitor.errors import SearchError
from monitor.ledger import Repository, upgrade
from monitor.ledger.callback_counts import counts, due
from monitor.ledger.reminders import Due
from monitor.ledger.tables import CALLBACKS
from monitor.numbers import PLAIN
from monitor.reports.callback_figures import callback_figures
from tests.ledger.callback_facts import DUE, TERMS, answered, at, called, left
from tests.page.doors import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.callbacks.entries import Asked
    from monitor.ledger.rows import StoredFact

OFFICE = "0212345678"
TWO_HOURS = timedelta(hours=2)
MONTH = timedelta(days=30)
PEOPLE = [f"0105555{number:04d}" for number in range(10)]


class Desk(CallbackDesk):
    """A desk over a ledger of its own, an hour after nine on that Monday."""

    def __init__(self, path: Path | str) -> None:
        self.ledger = Repository(path, callbacks=TERMS)
        self.clock = Clock(at(60))
        super().__init__(self.ledger.store, PLAIN, self.clock, terms=TERMS, due_soon=TWO_HOURS, forget=MONTH)

    def write(self, *facts: StoredFact) -> None:
        self.ledger.record_all(facts)

    def listed(self, state: Asked = "to_do", **asked: object) -> list[str]:
        return [one.key.linkedid for one in self.find(CallbackQuery(state=state, **asked)).callbacks]  # type: ignore[arg-type] # each test's own words


@pytest.fixture
def desk(blank: Path, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(Path(shutil.copy(blank, tmp_path / "ledger.sqlite3")))
    yield desk
    desk.ledger.close()


def key(linkedid: str) -> CallKey:
    return CallKey(system="pbx1", linkedid=linkedid)


def a_day_of_all_kinds(desk: Desk) -> None:
    """A person each.

    At ten in-1 is overdue (promised by half past nine), in-2 due soon (by eleven), in-3 and in-7
    are due on Tuesday, in-4 was called in vain, in-5 was reached, in-6 called again; another left 31 days ago.
    """
    desk.write(
        answered(1, caller=PEOPLE[1], promised=((2, at(30)),)),
        answered(2, caller=PEOPLE[2], promised=((3, at(120)),)),
        left(3, caller=PEOPLE[3], line="other", team="원격응대팀"),
        left(4, caller=PEOPLE[4]),
        called(20, number=PEOPLE[4]),
        called(25, number=PEOPLE[4], agent="agent9"),
        left(5, caller=PEOPLE[5]),
        called(21, number=PEOPLE[5], reached=True),
        left(6, caller=PEOPLE[6]),
        answered(40, caller=PEOPLE[6]),
        left(7, caller=PEOPLE[7]),
        left(-31 * 1440, caller=PEOPLE[8]),
    )


def test_the_oldest_due_first_and_those_who_left_long_ago_are_forgotten(desk: Desk) -> None:
    a_day_of_all_kinds(desk)
    assert desk.listed() == ["in-1", "in-2", "in-3", "in-4", "in-7"]
    assert desk.listed("overdue") == ["in-1"]
    assert desk.listed("due_soon") == ["in-2"]
    assert desk.listed("waiting") == ["in-3", "in-7"]
    assert desk.listed("tried") == ["in-4"]
    assert desk.listed("reached") == ["in-5"]
    assert desk.listed("came_again") == ["in-6"]
    assert desk.listed("dropped") == []
    # All there ever were, the newest first: in-8's of 31 days ago too.
    assert desk.listed("all") == ["in-7", "in-6", "in-5", "in-4", "in-3", "in-2", "in-1", "in--44640"]
    assert desk.listed(kind=Kind.PROMISED) == ["in-1", "in-2"]
    assert desk.listed(line="other") == desk.listed(team="원격응대팀") == ["in-3"]
    assert desk.listed(assignee="kim") == []


def test_what_one_entry_tells(desk: Desk) -> None:
    a_day_of_all_kinds(desk)
    tried = desk.get(key("in-4"))
    assert tried is not None
    assert (tried.standing, tried.tries, tried.to_do) == ("tried", 2, True)
    assert (tried.first_try_at, tried.first_try_by) == (at(20), "PJSIP/agent3")
    assert (tried.last_try_at, tried.last_try_by) == (at(25), "PJSIP/agent9")
    late = desk.get(key("in-1"))
    assert late is not None
    assert (late.standing, late.due_at, late.promised_by, late.person) == ("overdue", at(30), "PJSIP/agent2", PEOPLE[1])
    assert desk.get(key("in-40")) is None


def test_a_person_who_left_twice_is_one_entry_until_the_newest_is_forgotten(desk: Desk) -> None:
    desk.write(left(0), left(5), left(6, caller=OFFICE))
    desk.clock.move(days=30, minutes=-57)  # 30 days and 3 minutes after nine: in-0 is forgotten by itself, in-5 is not
    assert desk.listed() == ["in-0", "in-6"]
    found = desk.find(CallbackQuery())
    assert [(one.others, found.count) for one in found.callbacks] == [(1, 2), (0, 2)]
    desk.clock.move(minutes=2.5)
    assert desk.listed() == ["in-6"]
    desk.clock.move(minutes=1)
    assert desk.listed() == []


@pytest.mark.parametrize("state", ["to_do", "all"])
def test_pages_hold_each_once(desk: Desk, state: Asked) -> None:
    """Ten of one deadline, three on a page."""
    desk.write(*(left(minute, caller=caller) for minute, caller in enumerate(PEOPLE)))
    seen: list[str] = []
    after = None
    for size in (3, 3, 3, 1):
        found = desk.find(CallbackQuery(state=state, limit=3, after=after))
        assert (len(found.callbacks), found.count) == (size, 10)
        seen += [one.key.linkedid for one in found.callbacks]
        after = found.next
    assert after is None
    numbers = range(10) if state == "to_do" else range(9, -1, -1)
    assert seen == [f"in-{minute}" for minute in numbers]


@pytest.mark.parametrize("after", ["", "nonsense", "A" * 60])
def test_a_place_that_is_none_is_refused(desk: Desk, after: str) -> None:
    with pytest.raises(SearchError, match="first page"):
        desk.find(CallbackQuery(after=after))
    with pytest.raises(SearchError, match="1 to 500"):
        CallbackQuery(limit=501)


def test_taken_on_noted_dropped_and_put_back(desk: Desk) -> None:
    desk.write(left(0))
    desk.assign(key("in-0"), "kim", "kim")
    assert (desk.listed(assignee="kim"), desk.listed(assignee="park")) == (["in-0"], [])
    desk.note(key("in-0"), "  오전에 다시 걸기로 함  ", "park")
    desk.drop(key("in-0"), "wrong number", "kim")
    assert (desk.listed(), desk.listed("dropped")) == ([], ["in-0"])
    desk.reopen(key("in-0"), "", "park")
    assert (desk.listed(), desk.listed("dropped")) == (["in-0"], [])
    desk.assign(key("in-0"), "", "park")
    found = desk.get(key("in-0"))
    assert found is not None
    assert (found.assignee, found.notes) == (None, 5)
    assert [(note.who, note.action, note.text) for note in desk.notes(key("in-0"))] == [
        ("kim", "assigned", "kim"),
        ("park", "noted", "오전에 다시 걸기로 함"),
        ("kim", "dropped", "wrong number"),
        ("park", "reopened", None),
        ("park", "assigned", None),
    ]


def test_all_that_an_entry_stands_for_goes_with_it(desk: Desk) -> None:
    desk.write(left(0), left(5), left(6, line="other"))
    desk.assign(key("in-0"), "kim", "kim")
    desk.drop(key("in-0"), "spoke by mail", "kim")
    assert (desk.listed(), sorted(desk.listed("dropped"))) == (["in-6"], ["in-0", "in-5"])
    again = desk.get(key("in-5"))
    assert again is not None
    assert again.assignee == "kim"
    desk.reopen(key("in-5"), "they wrote again", "park")
    assert desk.listed() == ["in-0", "in-6"]


def test_of_whom_the_number_was_erased_it_can_be_dropped_and_put_back(desk: Desk) -> None:
    desk.write(left(0), called(10), left(20, caller=OFFICE))
    with desk.ledger.store.writing() as connection:
        connection.execute(update(CALLBACKS).values(person=None))
    for linkedid, before in (("in-0", "tried"), ("in-20", "open")):
        states = []
        desk.drop(key(linkedid), "years ago", "kim")
        states.append(desk.get(key(linkedid)))
        desk.reopen(key(linkedid), "", "kim")
        states.append(desk.get(key(linkedid)))
        assert [one and one.state for one in states] == ["dropped", before]


def test_what_the_telephone_does_goes_on_beside_the_desk(desk: Desk) -> None:
    """Dropped by hand, and the call that is told later was made before: they were called."""
    desk.write(left(0), left(1, caller=OFFICE))
    desk.drop(key("in-0"), "no time", "kim")
    desk.drop(key("in-1"), "no time", "kim")
    desk.write(called(30, reached=True), called(70, number=OFFICE, reached=True))
    # Dropped at ten: what was reached at half past nine was reached before; what came at ten past ten came behind.
    assert (desk.listed("reached"), desk.listed("dropped")) == (["in-0"], ["in-1"])


def test_the_later_of_two_who_work_at_once_is_told(desk: Desk) -> None:
    desk.write(left(0))
    shown = desk.get(key("in-0"))
    assert shown is not None
    desk.assign(key("in-0"), "kim", "kim", seen=shown.version)
    for do in (desk.drop, desk.assign, desk.reopen):
        with pytest.raises(CallbackError, match="meanwhile") as refused:
            do(key("in-0"), "park", "park", seen=shown.version)
        assert refused.value.fault == "changed"
    assert [note.who for note in desk.notes(key("in-0"))] == ["kim"]
    desk.note(key("in-0"), "a note takes nothing from anybody", "park")


def test_what_cannot_be_done_says_why_and_does_nothing(desk: Desk) -> None:
    desk.write(left(0), called(10, reached=True), left(20, caller=OFFICE))
    for do, linkedid, text, fault, field in (
        (desk.assign, "in-0", "kim", "done", ""),
        (desk.drop, "in-0", "why", "done", ""),
        (desk.reopen, "in-0", "why", "not_dropped", ""),
        (desk.drop, "in-20", "  ", "nothing_said", "text"),
        (desk.note, "in-20", "", "nothing_said", "text"),
        (desk.note, "in-20", "x" * 501, "long", "text"),
        (desk.assign, "in-20", "x" * 65, "name", "assignee"),
        (desk.assign, "in-20", "a\nb", "name", "assignee"),
        (desk.note, "in-99", "hello", "unknown", ""),
    ):
        with pytest.raises(CallbackError) as refused:
            do(key(linkedid), text, "kim")
        assert (refused.value.fault, refused.value.field) == (fault, field)
    assert desk.notes(key("in-0")) == desk.notes(key("in-20")) == ()


def test_history_of_a_person_both_ways_and_of_nobody_else(desk: Desk) -> None:
    """The number ends as another one's, and is written in three ways."""
    desk.write(
        left(0),
        answered(5, caller="+82-10-1234-5678"),
        answered(6, caller="01099995678"),
        called(7, number="010-1234-5678"),
        called(8, number="01099995678"),
    )
    callback = desk.get(key("in-0"))
    assert callback is not None
    found = desk.history(callback)
    assert [call.key.linkedid for call in found.calls] == ["in-5", "in-0"]
    assert [call.key.linkedid for call in found.outgoing] == ["out-7"]
    assert not found.shortened
    desk.write(*(called(10 + minute) for minute in range(30)))
    assert (len(desk.history(callback).outgoing), desk.history(callback).shortened) == (30, True)


def test_counts_of_metrics_and_what_is_told_as_due(desk: Desk) -> None:
    a_day_of_all_kinds(desk)
    desk.write(left(8, caller=PEOPLE[7]))  # again: one entry
    with desk.ledger.store.reading() as connection:
        assert counts(connection, at(60), TWO_HOURS) == {
            ("main", Kind.PROMISED, "overdue"): 1,
            ("main", Kind.PROMISED, "due_soon"): 1,
            ("other", Kind.MISSED, "waiting"): 1,
            ("main", Kind.MISSED, "waiting"): 1,
            ("main", Kind.MISSED, "tried"): 1,
            ("main", Kind.MISSED, "reached"): 1,
            ("main", Kind.MISSED, "came_again"): 1,
        }
        assert due(connection, at(60), TWO_HOURS) == (
            Due(kind="callback", key="pbx1 in-1", of="main", due_at=at(30), level="overdue"),
            Due(kind="callback", key="pbx1 in-2", of="main", due_at=at(120), level="due_soon"),
        )
        assert [one.key for one in due(connection, DUE - TWO_HOURS, TWO_HOURS)] == [
            "pbx1 in-1",
            "pbx1 in-2",
            "pbx1 in-3",
            "pbx1 in-7",
        ]


def figures(desk: Desk, kind: str, now: datetime, line: str | None = None) -> dict[str, int]:
    with desk.ledger.store.reading() as connection:
        found = callback_figures(connection, at(0), at(60), now, line)[kind]  # type: ignore[index] # one of the two
    names = ("owed", "in_time", "late", "never", "waiting", "overtaken", "dropped", "reached", "tries")
    return {name: value for name in names if (value := getattr(found, name))}


def test_figures_of_the_period_as_they_stand(desk: Desk) -> None:
    a_day_of_all_kinds(desk)
    desk.write(called(50, number=PEOPLE[1], reached=True))  # promised by half past nine
    desk.drop(key("in-7"), "wrong number", "kim")
    # Of five who left within the hour two were called in time (in-4, in-5) with three tries, of whom one was reached.
    assert figures(desk, "missed", at(60)) == {
        "owed": 5,
        "in_time": 2,
        "waiting": 1,
        "overtaken": 1,
        "dropped": 1,
        "reached": 1,
        "tries": 3,
    }
    assert figures(desk, "promised", at(60)) == {"owed": 2, "late": 1, "waiting": 1, "reached": 1, "tries": 1}
    # On Wednesday what was not called has been missed.
    assert figures(desk, "promised", DUE + timedelta(days=1)) == {
        "owed": 2,
        "late": 1,
        "never": 1,
        "reached": 1,
        "tries": 1,
    }
    assert figures(desk, "missed", at(60), "other") == {"owed": 1, "waiting": 1}
    with desk.ledger.store.reading() as connection:
        found = callback_figures(connection, at(0), at(60), at(60))["missed"]
        # in-4: from minute 4 to 20; in-5: from 5 to 21, and to the conversation half a minute later.
        assert (found.first_try.count, found.first_try.p50_us, found.first_try.p95_us) == (2, 960_000_000, 960_000_000)
        assert (found.conversation.count, found.conversation.p50_us) == (1, 990_000_000)


@pytest.mark.stage
def test_postgresql_says_the_same(desk: Desk, postgres_url: str) -> None:
    """Each question that has words of its own for each database, asked of both."""
    upgrade(postgres_url)
    other = Desk(postgres_url)
    for one in (desk, other):
        a_day_of_all_kinds(one)
        one.assign(key("in-3"), "kim", "kim")
        one.drop(key("in-7"), "wrong number", "kim")
        one.reopen(key("in-7"), "", "park")
    told = [one.get(key(linkedid)) for linkedid in ("in-1", "in-3", "in-4", "in-5", "in-7") for one in (desk, other)]
    assert told[::2] == told[1::2]
    for state in ASKED:
        here, there = (one.find(CallbackQuery(state=state, limit=3)) for one in (desk, other))
        assert here == there
        if here.next is not None:
            query = CallbackQuery(state=state, limit=3, after=here.next)
            assert desk.find(query) == other.find(query)
    callback = desk.get(key("in-4"))
    assert callback is not None
    assert desk.history(callback) == other.history(callback)
    answers = []
    for one in (desk, other):
        with one.ledger.store.reading() as connection:
            answers.append(
                (
                    counts(connection, at(60), TWO_HOURS),
                    due(connection, at(60), TWO_HOURS),
                    callback_figures(connection, at(0), at(60), at(60)),
                )
            )
    assert answers[0] == answers[1]
    other.ledger.close()
