"""What reviews come to, worked out by hand from a handful of calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from monitor.ledger.tables import REVIEW_DRAWS, REVIEW_SAMPLES, REVIEWS
from monitor.reports.review_figures import review_figures
from monitor.reviews.definition import Item, Mark

from .test_draw import DEFINITION

if TYPE_CHECKING:
    from datetime import date

    from monitor.ledger import Repository
    from monitor.reports.charter_figures import ReviewFigures

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC).date(), datetime(2026, 4, 1, tzinfo=UTC).date()
NOW = datetime(2026, 5, 1, tzinfo=UTC)
ITEMS = tuple(Item(key=key, ko=key, en=key) for key in ("greeting", "department", "name", "closing"))
FORM = replace(DEFINITION, items=ITEMS)


class Month:
    """One month's draw, written as the tables hold it."""

    def __init__(self, repository: Repository, month: date = MARCH, form: Any = FORM, population: int = 110) -> None:
        self._repository = repository
        self._month = month
        self._calls = 0
        row = {"month": month, "made_at": NOW, "made_by": "kim", "seed": 5, "population": population}
        with repository.store.writing() as connection:
            connection.execute(insert(REVIEW_DRAWS), [row | {"definition": form.as_json()}])

    def call(self, agent: str, of: int, *marks: str, reviewers: int = 0, stratum: str = "") -> None:
        """A call of the sample, standing among `of` calls, with what each of its reviewers marked.

        `++-?` is greeting and department met, name not met, closing not heard.
        """
        self._calls += 1
        key = {"system": "pbx1", "linkedid": f"{self._month}.{self._calls}"}
        sample = {"month": self._month, "agent": f"PJSIP/{agent}", "member": agent.title(), "queue": None}
        sample |= {"stratum": stratum, "stratum_calls": of, "reviewers": reviewers or max(len(marks), 1)}
        values = {"+": 1, "-": 0, "?": None}
        with self._repository.store.writing() as connection:
            connection.execute(insert(REVIEW_SAMPLES), [key | sample])
            for number, said in enumerate(marks):
                given = {item.key: values[one] for item, one in zip(ITEMS, said, strict=True)}
                review = {"reviewer": f"r{number}", "at": NOW + timedelta(hours=number), "marks": given, "note": None}
                connection.execute(insert(REVIEWS), [key | review])


def figures(repository: Repository, *months: date, agents: bool = False) -> ReviewFigures:
    with repository.store.reading() as connection:
        found = review_figures(connection, months or (MARCH,), agents=agents)
    assert found is not None
    return found


def shares(found: ReviewFigures) -> dict[str, float | None]:
    return {item.key: item.share.share and round(item.share.share, 4) for item in found.items}


def test_nothing_drawn_is_none(repository: Repository) -> None:
    with repository.store.reading() as connection:
        assert review_figures(connection, [MARCH], agents=True) is None


def test_drawn_and_not_reviewed_is_no_share(repository: Repository) -> None:
    Month(repository).call("one", 100)
    found = figures(repository)
    assert (found.months, found.population, found.sampled, found.reviewed) == ((MARCH,), 110, 1, 0)
    assert (found.greeted.share, found.greeted.low, found.greeted.marked) == (None, None, 0)
    assert (found.kappa, found.pairs) == (None, 0)


def test_calls_of_busy_agents_weigh_more(repository: Repository) -> None:
    """Agent one has 100 calls, of which 1 of 2 was closed; agent two 10, both closed: (100 * 1/2 + 10 * 1) / 110."""
    month = Month(repository)
    month.call("one", 100, "+++-")
    month.call("one", 100, "+-++")
    month.call("two", 10, "++-+")
    month.call("two", 10, "++++")
    found = figures(repository)
    # greeting: all. department: (100 * 1/2 + 10) / 110. name: (100 + 10 * 1/2) / 110 = 105 / 110.
    assert shares(found) == {"greeting": 1.0, "department": 0.5455, "name": 0.9545, "closing": 0.5455}
    # All three at once in one's first and two's second: (100 * 1/2 + 10 * 1/2) / 110 = 0.5, counted 2 of 4.
    assert found.greeted.share == pytest.approx(0.5)
    assert (found.greeted.met, found.greeted.marked) == (2.0, 4)
    # Effective size 1 / ((100/110)^2 / 2 + (10/110)^2 / 2) = 1 / 0.417355 = 2.396040. With z^2 = 3.841459 Wilson's
    # interval of one half is 0.5 -+ 0.5 * sqrt(z^2 / (n + z^2)) = 0.5 -+ 0.5 * sqrt(0.615861) = 0.5 -+ 0.392384.
    assert found.greeted.low == pytest.approx(0.107616, abs=2e-6)
    assert found.greeted.high == pytest.approx(0.892384, abs=2e-6)


def test_two_reviewers_of_a_call_count_with_their_mean(repository: Repository) -> None:
    month = Month(repository)
    month.call("one", 100, "+++-", "++++")
    month.call("one", 100, "++-+")
    found = figures(repository)
    # The first was closed by half and the second whole, so three quarters; greeted was the first alone.
    assert shares(found)["closing"] == 0.75
    assert (found.greeted.share, found.greeted.met) == (0.5, 1.0)


def test_what_was_not_heard_is_in_no_share(repository: Repository) -> None:
    month = Month(repository)
    month.call("one", 100, "+++?")
    month.call("one", 100, "+?-+")
    month.call("one", 100, "++-?", "++-+")
    found = figures(repository)
    # closing: heard in the second by one, in the third by the second reviewer. department: in the first and third.
    closing, department = found.items[3].share, found.items[1].share
    assert (closing.marked, closing.share) == (2, 1.0)
    assert (department.marked, department.share) == (2, 1.0)
    # Greeted with department and name: the second call is left out, though its name was missing: whoever counted it
    # would count calls that are heard in part only where they fail.
    assert (found.greeted.marked, found.greeted.met) == (2, 1.0)


def test_a_call_counts_when_all_who_are_to_review_it_have(repository: Repository) -> None:
    month = Month(repository)
    month.call("one", 100, "----", reviewers=2)
    month.call("one", 100, "++++")
    found = figures(repository)
    assert (found.sampled, found.reviewed, shares(found)["greeting"]) == (2, 1, 1.0)


def test_agreement_of_two_reviewers(repository: Repository) -> None:
    month = Month(repository)
    # greeting: + + + -, + + - -: 3 of 4 agree; by chance 3/4 * 2/4 + 1/4 * 2/4 = 1/2; (3/4 - 1/2) / (1/2) = 1/2.
    # department: always met by both: not defined. name: never the same. closing: heard by both once.
    month.call("one", 100, "+++?", "++--")
    month.call("one", 100, "++-?", "+++?")
    month.call("one", 100, "+++-", "-+-?")
    month.call("one", 100, "-+-+", "-+++")
    # One person alone says nothing of agreement.
    month.call("one", 100, "++++")
    found = figures(repository)
    kappas = {item.key: (item.kappa, item.pairs) for item in found.items}
    assert kappas == {"greeting": (0.5, 4), "department": (None, 4), "name": (-1.0, 4), "closing": (None, 1)}
    # Over all: 13 pairs, 3 + 4 + 0 + 1 = 8 agree. The first marked met 3 + 4 + 2 + 1 = 10 times, the second
    # 2 + 4 + 2 + 1 = 9: by chance (10 * 9 + 3 * 4) / 169 = 102 / 169. (8/13 - 102/169) / (1 - 102/169) = 2 / 67.
    assert found.kappa == pytest.approx(2 / 67)
    assert found.pairs == 13


def test_agents_are_told_apart_where_they_are_asked_for(repository: Repository) -> None:
    month = Month(repository)
    month.call("two", 100, "++--")
    month.call("two", 100)
    # Strata of one agent weigh too: (90 * 1 + 10 * 1/4) / 100.
    month.call("one", 90, "++++")
    month.call("one", 10, "+---", stratum="remote")
    assert figures(repository).agents == ()
    one, two = figures(repository, agents=True).agents
    assert (one.member, one.agent, one.sampled, one.reviewed, one.share.share) == ("One", "PJSIP/one", 2, 2, 0.925)
    assert (two.member, two.sampled, two.reviewed, two.share.share) == ("Two", 2, 1, 0.5)


def test_months_are_put_together_each_by_its_own_form(repository: Repository) -> None:
    Month(repository, population=30).call("one", 30, "++++")
    wider = replace(
        FORM,
        scale=tuple(Mark(value=value, ko=str(value), en=str(value)) for value in (0, 1, 5)),
        items=(ITEMS[0], replace(ITEMS[3], en="Ending")),
    )
    april = Month(repository, APRIL, wider, population=10)
    april.call("one", 10, "+++-")
    found = figures(repository, APRIL, MARCH)
    assert (found.months, found.population) == ((MARCH, APRIL), 40)
    # A 1 of 0 to 5 is a fifth: (30 * 1 + 10 * 1/5) / 40. The last wording holds; what April did not ask stands behind.
    assert [(item.key, item.en) for item in found.items] == [
        ("greeting", "greeting"),
        ("closing", "Ending"),
        ("department", "department"),
        ("name", "name"),
    ]
    assert shares(found)["greeting"] == 0.8
    assert shares(found)["closing"] == 0.75
