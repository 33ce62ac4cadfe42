"""The first half of 2026 of a centre, worked out by hand: three calls, calls back, reviews, and cases of each promise.

Seoul's clock; it is told on 10 July. Somebody is planted in every column that can hold a person.

    calls back      kind      owed         due          first call   reached
    a               promised  4 March      6 March      5 March      yes       in time
    b               promised  5 March      7 March      9 March      no        late
    c               promised  10 March     12 March     -            -         never called
    d               promised  30 June      13 July      -            -         waits
    e               missed    1 April      3 April      2 April      yes       in time
    f               missed    2 April      4 April      -            -         called again
    g               missed    3 April      5 April      -            -         taken off
    h               promised  1 October    3 October    2 October    yes       in time, of the half before

    cases           promise     came in    deadline  done
    1               voc_simple  3 March    12 March  9 March    in time, six days
    2               voc_simple  3 March    12 March  16 March   late, thirteen days
    3               voc_simple  9 March    18 March  -          overdue
    4               voc_simple  9 March    18 March  withdrawn
    5               kindness    4 May      14 May    8 May      upheld: 10,000 won, an apology, a training; not trained
    6               accuracy    6 May      none      7 May      three visits: 20,000 won and an apology; nothing yet
    7               disclosure  29 June    13 July   -          not due yet
    8               survey      1 April    none      20 May     its result is published
    9, 10           voc_simple  1 Sept.    10 Sept.  one on the 8th, one on the 18th: the half before
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from monitor.commitments.register import CHARTER
from monitor.ledger import tables
from monitor.reports.order import Order
from monitor.reports.periods import Period

from .few import ONE, SEEN, moved
from .month import SEOUL, korean, october

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from monitor.calls.facts import Call
    from monitor.ledger import Repository
    from monitor.ledger.rows import StoredFact

PLANTED = {
    "a subject": "심은제목",
    "a contact": "planted@example.org",
    "a number": "01055557391",
    "a number's digits": "5555-7391",
    "a person's mark": "planted-person-mark",
    "a reference": "C-PLANTED",
    "an assignee": "planted.assignee",
    "a result of a single case": "심은결과",
    "a reviewer": "planted.reviewer",
    "a reviewer's note": "심은메모",
    "a note on a call back": "심은쪽지",
    "a member": "홍심은",
    "a phone": "PJSIP/planted",
    "a recording": "planted-recording",
    "a change": "심은변경",
}
"""What stands in the ledger and must not stand in the record."""
OTHER_LINE = "1577-1000"
"""The line of g."""
RESULT = "종합 만족도 91.2점"
BASIS = replace(ONE, register=CHARTER)
HALF = Order(period=Period.half("2026H1", SEOUL), publishable=True, agents=False)
NOW = datetime(2026, 7, 10, 9, tzinfo=SEOUL).astimezone(UTC)


def at(month: int, day: int, hour: int = 10, year: int = 2026) -> datetime:
    """An hour of the centre's clock."""
    return korean(day, f"{hour:02}:00:00", month, year)


def end_of(month: int, day: int, year: int = 2026) -> datetime:
    """The first instant behind a day: what a deadline is."""
    return at(month, day, 0, year) + timedelta(days=1)


def _passed_on(linkedid: str, when: datetime, *, consent: bool, team: str | None = None) -> Call:
    """A caller whom a person answered and passed on."""
    model = october()[1]
    call = moved(model, linkedid, when)
    transfer = replace(model.transfers[0], at=when + timedelta(seconds=40), reconnected_at=None, consent=consent)
    return replace(
        call, caller=PLANTED["a number"], agent=PLANTED["a phone"], member=PLANTED["a member"], team=team,
        transfers=(replace(transfer, reconnect_us=None, reconnect_rings=None),),
    )  # fmt: skip


def facts() -> list[StoredFact]:
    """Three calls of the half, two of which were passed on after a yes, and two of the half before, one after a yes."""
    return [
        replace(SEEN, at=at(1, 1, 0, 2025)),
        _passed_on("half.1", at(3, 4), consent=True, team="원격응대팀"),
        _passed_on("half.2", at(3, 5), consent=False),
        _passed_on("half.3", at(4, 6), consent=True),
        _passed_on("before.1", at(9, 10, year=2025), consent=True),
        _passed_on("before.2", at(9, 11, year=2025), consent=False),
    ]


def _call_back(key: str, kind: str, owed_at: datetime, due_at: datetime, state: str, **known: Any) -> dict[str, Any]:
    return {
        "system": "pbx1", "linkedid": f"back.{key}", "kind": kind, "line": "1588-6565", "queue": None, "team": None,
        "person": PLANTED["a person's mark"], "owed_at": owed_at, "due_at": due_at, "promised_by": PLANTED["a phone"],
        "state": state, "tries": 0, "first_try_at": None, "first_try_by": None, "reached_at": None,
        "came_again_at": None, "assignee": PLANTED["an assignee"], "dropped_at": None,
    } | known  # fmt: skip


def _tried(first: datetime, *, tries: int = 1, reached: bool = True) -> dict[str, Any]:
    return {
        "tries": tries, "first_try_at": first, "first_try_by": PLANTED["a phone"],
        "reached_at": first if reached else None,
    }  # fmt: skip


CALLS_BACK = (
    _call_back("a", "promised", at(3, 4), end_of(3, 6), "reached", **_tried(at(3, 5))),
    _call_back("b", "promised", at(3, 5), end_of(3, 7), "tried", **_tried(at(3, 9), tries=2, reached=False)),
    _call_back("c", "promised", at(3, 10), end_of(3, 12), "open"),
    _call_back("d", "promised", at(6, 30), end_of(7, 13), "open"),
    _call_back("e", "missed", at(4, 1), end_of(4, 3), "reached", **_tried(at(4, 2))),
    _call_back("f", "missed", at(4, 2), end_of(4, 4), "came_again", came_again_at=at(4, 2, 11)),
    _call_back("g", "missed", at(4, 3), end_of(4, 5), "dropped", dropped_at=at(4, 3, 12), line=OTHER_LINE),
    _call_back("h", "promised", at(10, 1, year=2025), end_of(10, 3, 2025), "reached", **_tried(at(10, 2, year=2025))),
)


def _case(number: int, commitment: str, received_at: datetime, due_at: datetime | None, **known: Any) -> dict[str, Any]:
    return {
        "reference": f"{PLANTED['a reference']}-{number}", "commitment": commitment, "received_at": received_at,
        "due_at": due_at, "done_at": None, "state": "open", "assignee": PLANTED["an assignee"],
        "subject": PLANTED["a subject"], "contact": PLANTED["a contact"], "person": PLANTED["a number"],
        "system": None, "linkedid": None, "finding": None, "visits": None, "missed_appointment": False,
        "owed_won": 0, "owed_apology": False, "owed_training": False, "paid_won": 0, "paid_at": None,
        "apology_at": None, "training_at": None, "result": PLANTED["a result of a single case"], "source": "page",
        "created_at": received_at, "changed_at": received_at, "erased_at": None,
    } | known  # fmt: skip


def _done(when: datetime, **known: Any) -> dict[str, Any]:
    return {"done_at": when, "state": "done", **known}


CASES = (
    _case(1, "voc_simple", at(3, 3), end_of(3, 12), **_done(at(3, 9))),
    _case(2, "voc_simple", at(3, 3), end_of(3, 12), **_done(at(3, 16))),
    _case(3, "voc_simple", at(3, 9), end_of(3, 18)),
    _case(4, "voc_simple", at(3, 9), end_of(3, 18), state="withdrawn"),
    _case(
        5, "kindness", at(5, 4), end_of(5, 14), finding="upheld", owed_won=10_000, owed_apology=True,
        owed_training=True, paid_won=10_000, paid_at=at(5, 12), apology_at=at(5, 11), **_done(at(5, 8)),
    ),
    _case(6, "accuracy", at(5, 6), None, visits=3, owed_won=20_000, owed_apology=True, **_done(at(5, 7))),
    _case(7, "disclosure", at(6, 29), end_of(7, 13)),
    _case(8, "survey", at(4, 1), None, result=RESULT, **_done(at(5, 20))),
    _case(9, "voc_simple", at(9, 1, year=2025), end_of(9, 10, 2025), **_done(at(9, 8, year=2025))),
    _case(10, "voc_simple", at(9, 1, year=2025), end_of(9, 10, 2025), **_done(at(9, 18, year=2025))),
)  # fmt: skip
ITEMS = ("greeting", "department", "name")


def _reviews(connection: Connection) -> None:
    """Of twenty calls in March four were drawn, all of one agent; in one of them no name was given."""
    definition = {
        "scale": [{"value": 1, "ko": "이행", "en": "Met"}, {"value": 0, "ko": "미이행", "en": "Not met"}],
        "items": [{"key": key, "ko": f"항목 {key}", "en": key.capitalize()} for key in ITEMS],
    }
    draw = {
        "month": date(2026, 3, 1), "made_at": at(4, 1), "made_by": "schedule", "seed": 20_260_301, "population": 20,
        "definition": definition,
    }  # fmt: skip
    connection.execute(insert(tables.REVIEW_DRAWS), [draw])
    for number in range(4):
        call = {"system": "pbx1", "linkedid": f"drawn.{number}"}
        sample = {
            "month": date(2026, 3, 1), "agent": PLANTED["a phone"], "member": PLANTED["a member"], "queue": None,
            "stratum": "", "stratum_calls": 20, "reviewers": 1,
        }  # fmt: skip
        connection.execute(insert(tables.REVIEW_SAMPLES), [call | sample])
        marks = dict.fromkeys(ITEMS, 1) | ({"name": 0} if number == 0 else {})
        said = {"reviewer": PLANTED["a reviewer"], "at": at(4, 2), "marks": marks, "note": PLANTED["a reviewer's note"]}
        connection.execute(insert(tables.REVIEWS), [call | said])


def fill(ledger: Repository) -> None:
    """Write all of it."""
    ledger.record_all(facts())
    with ledger.store.writing() as connection:
        connection.execute(insert(tables.CALLBACKS), [dict(row) for row in CALLS_BACK])
        connection.execute(insert(tables.CASES), [dict(row) for row in CASES])
        _reviews(connection)
        connection.execute(
            insert(tables.CALLBACK_PROMISES),
            [{"system": "pbx1", "linkedid": "half.1", "ordinal": 0, "at": at(3, 4), "by": PLANTED["a phone"]}],
        )
        connection.execute(
            insert(tables.RECORDINGS),
            [{"system": "pbx1", "linkedid": "half.1", "ordinal": 0, "file": PLANTED["a recording"]}],
        )
        note = {"system": "pbx1", "linkedid": "back.a", "at": at(3, 4), "action": "noted"}
        who = {"who": PLANTED["an assignee"], "text": PLANTED["a note on a call back"]}
        connection.execute(insert(tables.CALLBACK_NOTES), [note | who])
        entry = {"reference": f"{PLANTED['a reference']}-1", "at": at(3, 3), "who": PLANTED["an assignee"]}
        said = {"role": "cases", "action": "opened", "detail": {"assignee": PLANTED["a change"]}, "chain": "0" * 64}
        connection.execute(insert(tables.CASE_EVENTS), [{"id": 1} | entry | said])
