"""What is erased of samples and reviews, when, and that their figures stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from monitor.config_keeping import PrivacySettings
from monitor.ledger import erasing
from monitor.ledger.tables import REVIEW_SAMPLES, REVIEWS
from monitor.numbers import Numbers
from monitor.privacy.forget_ledger import places
from monitor.privacy.person import Person
from monitor.privacy.purge import Purge

from .test_desk import KEY, MET, NOW, Desk
from .test_draws import MARCH, call

if TYPE_CHECKING:
    from monitor.ledger import Repository

NUMBERS = Numbers(b"k" * 32, hashed=False)


def test_notes_go_with_numbers_and_figures_stay(repository: Repository) -> None:
    repository.record_all([call(0)])
    desk = Desk(repository, reviewers=1)
    desk.desk.give(KEY, MET, "asked to be called at 010-1234-5678", "lee")
    before = desk.desk.figures(MARCH.first)
    settings = PrivacySettings(numbers_days=30)
    Purge(repository.store, settings, Numbers()).run(NOW + timedelta(days=30))
    with repository.store.reading() as connection:
        # Thirty days old to the microsecond, and not older.
        assert connection.scalar(select(REVIEWS.c.note)) is not None
    erased = Purge(repository.store, settings, Numbers()).run(NOW + timedelta(days=30, microseconds=1))
    assert [(each.erased, each.left) for each in erased if each.place == "reviews.note"] == [(1, 0)]
    with repository.store.reading() as connection:
        assert connection.execute(select(REVIEWS.c.note, REVIEWS.c.marks)).all() == [(None, MET)]
    assert desk.desk.figures(MARCH.first) == before


def test_a_months_sample_has_pseudonyms_as_a_whole(repository: Repository) -> None:
    """The purge's limit lies within the month: calls stand under both names, and its sample under one."""
    early, late = (datetime(2026, 3, day, 3, 0, tzinfo=UTC) for day in (5, 25))
    repository.record_all([call(0, early), call(1, late)])
    desk = Desk(repository, reviewers=1)
    for linkedid, marks in (("0000.1", {"greeting": 1}), ("0001.1", {"greeting": 0})):
        desk.desk.give(replace(KEY, linkedid=linkedid), marks, "", "lee")
    before = desk.desk.figures(MARCH.first)
    assert before is not None
    limit = datetime(2026, 3, 15, tzinfo=UTC)
    settings = PrivacySettings(agents_days=90, key_file=Path("/not/read/here"))
    Purge(repository.store, settings, NUMBERS).run(limit + timedelta(days=90))
    with repository.store.reading() as connection:
        names = connection.execute(select(REVIEW_SAMPLES.c.agent, REVIEW_SAMPLES.c.member)).all()
    assert names == [(NUMBERS.agent("PJSIP/agent2"), NUMBERS.agent("Agent2"))] * 2
    after = desk.desk.figures(MARCH.first)
    assert after is not None
    assert replace(after, agents=()) == replace(before, agents=())
    # One agent of two calls still, under another name.
    assert [(one.sampled, one.share) for one in after.agents] == [(one.sampled, one.share) for one in before.agents]


def test_a_person_who_is_forgotten_stands_in_no_note(repository: Repository) -> None:
    repository.record_all([call(0)])
    desk = Desk(repository, reviewers=1)
    desk.desk.give(KEY, MET, "wants 010-1234-5678 called back", "lee")
    for task in places(Person("01012345678", Numbers())):
        erasing.carry_out(repository.store, task)
    with repository.store.reading() as connection:
        note = connection.scalar(select(REVIEWS.c.note))
    assert note is not None
    assert "5678" not in note
    assert (note[:6], note[-12:]) == ("wants ", " called back")


def test_nothing_of_a_month_is_touched_before_its_time(repository: Repository) -> None:
    repository.record_all([call(0)])
    Desk(repository, reviewers=1)
    settings = PrivacySettings(agents_days=90, key_file=Path("/not/read/here"))
    Purge(repository.store, settings, NUMBERS).run(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=90))
    with repository.store.reading() as connection:
        assert connection.scalar(select(REVIEW_SAMPLES.c.agent)) == "PJSIP/agent2"
