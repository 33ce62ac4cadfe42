"""The page and its API give the figures that board, /metrics, PromQL and ledger give of the replayed day.

That those four agree is shown by `test_one_truth`; here a figure is read off the page as a person reads it, and
compared with what the ledger's rows say, counted in SQL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from monitor.config_web import WebSettings
from monitor.page.app import Page, Sources
from tests.page.sources import Source

from .day import LINE, SYSTEM
from .served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .day import ReplayedDay

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("replayed_day")]


@pytest.fixture(scope="module")
def url(replayed_day: ReplayedDay) -> Iterator[str]:
    """The page, at the last instant of the day."""
    day = replayed_day
    sources = Sources(
        board=day.board,
        systems={SYSTEM: Source(day.until)},
        store=Source(day.until),
        clock=lambda: day.until,
        zone=day.board.zone,
        repository=day.repository,
        lines=(LINE,),
    )
    with Served(Page(WebSettings(), "ko", sources).app) as served:
        yield served.url


@pytest.fixture(scope="module")
def shown(url: str) -> dict[str, str]:
    """The figures on the board, by name, with the small print behind each."""
    html = httpx.get(url, trust_env=False).text
    found = re.findall(r'data-figure="([\w-]+)">([^<]*)</b>\s*(?:<small>(.*?)</small>)?', html, re.DOTALL)
    return {name: f"{figure} {re.sub(r'<[^>]+>|&nbsp;', ' ', small)}".strip() for name, figure, small in found}


def sql(day: ReplayedDay, statement: str) -> Any:
    """One value of the ledger, asked for by another program's driver."""
    with psycopg.connect(day.store) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def count(day: ReplayedDay, condition: str, table: str = "calls") -> int:
    found: int = sql(day, f"SELECT count(*) FROM {table} WHERE {condition}")  # noqa: S608 - the tests' own words
    return found


@pytest.mark.parametrize("reading", ["within", "before"])
def test_compliance(reading: str, replayed_day: ReplayedDay, shown: dict[str, str], url: str) -> None:
    kept = count(replayed_day, f"verdict_{reading} = 'kept'")
    broken = count(replayed_day, f"verdict_{reading} = 'broken'")
    share = kept / (kept + broken)

    assert shown[f"compliance-{reading}"] == f"{share:.1%} 준수 {kept}건 · 위반 {broken}건"
    asked = f'sum(callcenter_ring_verdicts_total{{reading="{reading}",verdict="kept"}})'
    assert replayed_day.prometheus.query(asked, replayed_day.ended_at) == [({}, kept)]
    assert statistics(replayed_day, url)["compliance"][reading] == share


def test_answer_rate(replayed_day: ReplayedDay, shown: dict[str, str], url: str) -> None:
    offered, answered = count(replayed_day, "true"), count(replayed_day, "outcome = 'answered'")

    assert shown["answer-rate"] == f"{answered / offered:.1%} 인입 {offered}건 중 {answered}건"
    assert statistics(replayed_day, url)["answer_rate"] == answered / offered
    asked = 'sum(callcenter_calls_total{outcome="answered"}) / sum(callcenter_calls_total)'
    assert replayed_day.prometheus.query(asked, replayed_day.ended_at) == [({}, answered / offered)]


def test_breaches(replayed_day: ReplayedDay, shown: dict[str, str], url: str) -> None:
    breaches, warned = count(replayed_day, "rings > 3"), count(replayed_day, "rings >= 3")

    assert shown["breaches"] == f"{breaches} 벨 경고 {warned}건"
    assert statistics(replayed_day, url)["breaches"] == breaches
    asked = "sum(callcenter_ring_breaches_total)"
    assert replayed_day.prometheus.query(asked, replayed_day.ended_at) == [({}, breaches)]


def test_transfers_by_people(replayed_day: ReplayedDay, shown: dict[str, str]) -> None:
    transfers = count(replayed_day, "kind <> 'forward'", "transfers")

    assert shown["transfers"].split()[0] == str(transfers)
    asked = 'sum(callcenter_transfers_total{kind!="forward"})'
    assert replayed_day.prometheus.query(asked, replayed_day.ended_at) == [({}, transfers)]


@pytest.mark.parametrize(
    ("condition", "answer", "words"),
    [("consent", "yes", "예"), ("NOT consent", "no", "아니요"), ("consent IS NULL", None, "알려지지 않음")],
)
def test_consent(condition: str, answer: str | None, words: str, replayed_day: ReplayedDay, url: str) -> None:
    """A call with one transfer of each kind: its page in Korean, and the API, say what the ledger holds."""
    linkedid = sql(
        replayed_day,
        f"SELECT linkedid FROM transfers WHERE kind = 'blind' AND {condition} AND linkedid IN"  # noqa: S608 - as above
        " (SELECT linkedid FROM transfers GROUP BY 1 HAVING count(*) = 1) ORDER BY 1 LIMIT 1",
    )
    answered = httpx.get(f"{url}/api/v1/calls/{SYSTEM}/{linkedid}", trust_env=False)
    assert answered.status_code == 200, answered.text
    (told,) = answered.json()["transfers"]
    assert told["consent"] == answer
    page = httpx.get(f"{url}/calls/{SYSTEM}/{linkedid}", trust_env=False).text
    (table,) = [one for one in re.findall(r"<table.*?</table>", page, re.DOTALL) if "양해" in one]
    headings = re.findall(r"<th[^>]*>([^<]*)</th>", table)
    cells = re.findall(r"<td[^>]*>([^<]*)", table)
    assert cells[headings.index("양해")] == words


def test_direct_handling_and_asa(replayed_day: ReplayedDay, shown: dict[str, str], url: str) -> None:
    answered = count(replayed_day, "outcome = 'answered'")
    waited_us = float(sql(replayed_day, "SELECT avg(waiting_us) FROM calls WHERE outcome = 'answered'"))
    left = replayed_day.registry.get_sample_value(
        "callcenter_calls_left_centre_total", {"system": SYSTEM, "line": LINE}
    )
    assert left

    assert shown["direct-handling"] == f"{(answered - left) / answered:.1%}"
    # Cut to a tenth of a second and not rounded, as everywhere.
    assert shown["asa"] == f"{waited_us // 100_000 / 10:.1f} 초"
    found = statistics(replayed_day, url)
    assert found["direct_handling_rate"] == (answered - left) / answered
    assert found["waiting"]["asa_seconds"] == pytest.approx(waited_us / 1e6, abs=1e-6)


def test_excluded_calls_stand_beside_with_their_reasons(replayed_day: ReplayedDay, shown: dict[str, str]) -> None:
    excluded = count(replayed_day, "verdict_within = 'excluded'")

    figures = [int(figure) for figure in re.findall(r"\d+", shown["excluded"])]
    assert figures[0] == excluded
    assert sum(figures[1:]) == excluded


def statistics(day: ReplayedDay, url: str) -> dict[str, Any]:
    """What the API says of the day."""
    period = {"from": day.since.isoformat(), "to": day.until.isoformat()}
    answer = httpx.get(f"{url}/api/v1/statistics", params=period, trust_env=False)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
