"""What is due, told to addresses of apprise: in one message, each thing once, whoever leads, and with nothing lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts_reminders import Reminders
from monitor.due import DueWatch, Standing
from monitor.errors import ConfigError
from monitor.ledger import callback_counts, case_counts
from monitor.ledger.reminders import Due
from monitor.ledger.schema import upgrade
from monitor.ledger.store import Store
from monitor.ledger.tables import CALLBACKS, CASES

from .receiver import Receiver

if TYPE_CHECKING:
    from sqlalchemy import Connection

# Loading apprise loads a module of Python's own that the next Pythons lack; it then does without.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SEOUL = ZoneInfo("Asia/Seoul")
NOON = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
"""12:00 in Seoul."""
LATE = Due(kind="callback", key="pbx1 1764125000.1", level="overdue", of="1588-6565", due_at=NOON - timedelta(hours=2))
LATER = Due(kind="callback", key="pbx1 1764125000.2", level="overdue", of="1588-6565", due_at=NOON - timedelta(hours=1))
SOON = Due(kind="case", key="C-2026-000001", level="due_soon", of="kindness", due_at=NOON + timedelta(hours=36))
ODD = Due(kind="case", key="C-2026-000002", level="overdue", of="gone", due_at=NOON - timedelta(days=2))
KO = {"kindness": "친절 보장"}
EN = {"kindness": "Kindness guarantee"}


def address(receiver: Receiver) -> str:
    return f"json://127.0.0.1:{receiver.port}"


def reminders(*addresses: str, **told: Any) -> Reminders:
    given: dict[str, Any] = {"language": "ko", "zone": SEOUL, "page_url": "https://board.example.org", "names": KO}
    return Reminders(addresses, **{**given, **told})


def watch(store: Store, whom: Reminders | None, *, leads: bool = True) -> DueWatch:
    """A look at a ledger as it is now."""

    def read(connection: Connection, now: datetime) -> Standing:
        soon_at = {"kindness": now + timedelta(days=2)}
        due = (
            *callback_counts.due(connection, now, timedelta(hours=2)),
            *case_counts.due(connection, now, soon_at),
        )
        return Standing(read_at=now, callbacks={}, cases={}, due=due)

    return DueWatch(store, read, clock=lambda: NOON, leading=lambda: leads, reminders=whom)


def owe(store: Store, *due: Due) -> None:
    """Let these be owed."""
    with store.writing() as connection:
        for one in due:
            if one.kind == "case":
                connection.execute(CASES.insert(), a_case(one))
            else:
                connection.execute(CALLBACKS.insert(), a_callback(one))


def a_case(due: Due) -> dict[str, Any]:
    """The row of an open case."""
    at = {"received_at": NOON, "created_at": NOON, "changed_at": NOON, "due_at": due.due_at}
    flags = {"missed_appointment": False, "owed_apology": False, "owed_training": False, "owed_won": 0, "paid_won": 0}
    return {"reference": due.key, "commitment": due.of, "state": "open", "source": "page", **at, **flags}


def a_callback(due: Due) -> dict[str, Any]:
    """The row of a promised call back that nobody made."""
    system, linkedid = due.key.split()
    of_call = {"system": system, "linkedid": linkedid, "line": due.of, "kind": "promised", "person": linkedid}
    owed_at = NOON - timedelta(hours=9)
    return {**of_call, "owed_at": owed_at, "newest_owed_at": owed_at, "due_at": due.due_at, "state": "open", "tries": 0}


@pytest.fixture
def ledger(store: str) -> Store:
    """A ledger that is up to date."""
    upgrade(store)
    return Store(store)


def titles(receiver: Receiver) -> list[str]:
    return [request.json["title"] for request in receiver.requests]


def test_one_message_tells_all_that_is_new_in_korean(receiver: Receiver) -> None:
    assert reminders(address(receiver)).send([LATE, SOON, LATER, ODD])
    [request] = receiver.requests
    assert request.json["title"] == "기한 경과 3건, 기한 임박 1건"
    assert request.json["message"].splitlines() == [
        "gone 1건, 기한 2026-11-24 12:00 경과",
        "콜백(1588-6565) 2건, 가장 이른 기한 2026-11-26 10:00 경과",
        "친절 보장 1건, 기한 2026-11-28 00:00",
        "https://board.example.org/callbacks",
        "https://board.example.org/cases",
    ]


def test_and_in_english(receiver: Receiver) -> None:
    assert reminders(address(receiver), language="en", names=EN, page_url="").send([LATE, SOON, LATER])
    [request] = receiver.requests
    assert request.json["title"] == "Overdue: 2, due soon: 1"
    assert request.json["message"].splitlines() == [
        "Calls back, 1588-6565: 2, the first overdue since 2026-11-26 10:00",
        "Kindness guarantee: 1, due by 2026-11-28 00:00",
    ]


def test_each_is_told_once_whichever_monitor_leads(ledger: Store, receiver: Receiver) -> None:
    owe(ledger, LATE)

    async def test() -> None:
        whom = reminders(address(receiver))
        await watch(ledger, whom).look()
        await watch(ledger, whom).look()
        assert titles(receiver) == ["기한 경과 1건"]
        owe(ledger, LATER, SOON)
        # Another monitor, or this one after a restart.
        after = reminders(address(receiver))
        await watch(ledger, after, leads=False).look()
        assert titles(receiver) == ["기한 경과 1건"]
        await watch(ledger, after).look()
        assert titles(receiver) == ["기한 경과 1건", "기한 경과 1건, 기한 임박 1건"]
        # What was due soon is told again once it is overdue.
        with ledger.writing() as connection:
            connection.execute(CASES.update().values(due_at=NOON))
        await watch(ledger, after).look()
        await watch(ledger, after).look()
        assert titles(receiver)[2:] == ["기한 경과 1건"]

    asyncio.run(test())
    ledger.close()


def test_what_nobody_took_is_told_later_and_each_address_gets_all(ledger: Store, receiver: Receiver) -> None:
    """Two addresses: one refuses at first, the other takes."""
    owe(ledger, LATE)
    with Receiver(status=500) as refusing:
        whom = reminders(address(refusing), address(receiver))

        async def test() -> None:
            receiver.status = 500
            await watch(ledger, whom).look()
            assert whom.sent == 0
            receiver.status = 200
            await watch(ledger, whom).look()
            assert titles(receiver)[-1] == "기한 경과 1건"
            taken = len(receiver.requests)
            # The other one is still owed it, together with what is new; who has it hears of what is new alone.
            refusing.status = 200
            owe(ledger, LATER)
            await watch(ledger, whom).look()
            assert titles(receiver)[taken:] == ["기한 경과 1건"]
            assert titles(refusing)[-1] == "기한 경과 2건"
            counted = len(refusing.requests), len(receiver.requests)
            await watch(ledger, whom).look()
            assert (len(refusing.requests), len(receiver.requests)) == counted

        asyncio.run(test())
    ledger.close()


def test_a_ledger_that_cannot_be_asked_is_told_of_once_and_nobody_is_reminded_by_guess(
    ledger: Store, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    owe(ledger, LATE)
    with ledger.writing() as connection:
        connection.exec_driver_sql("DROP TABLE reminders")
    due = watch(ledger, reminders(address(receiver)))

    async def test() -> None:
        await due.look()
        await due.look()

    asyncio.run(test())
    ledger.close()
    assert due.standing is None
    assert receiver.requests == []
    assert capsys.readouterr().out.count("due_not_read") == 1


def test_an_address_that_apprise_does_not_know_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="address 1 is none that apprise knows") as raised:
        reminders("nothing://user:hush@host")
    assert "hush" not in str(raised.value)
