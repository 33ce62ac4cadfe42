"""What the report says of odd months, and how: expected words and figures are worked out here."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor import forms
from monitor.calls.facts import Outcome, Verdict
from monitor.calls.rules import Reading
from monitor.calls.tally import Tally
from monitor.reports.document import Chart, Document, Kind, Notice, Paragraph, Table
from monitor.reports.figures import RingFigures
from monitor.reports.order import House
from monitor.reports.printed import PrintedTable, printed
from monitor.reports.telling import document_of

from . import sample
from .sample import HOUSE, OCTOBER, order_for
from .sample_calls import NO_TRANSFERS
from .test_telling import section_of, sentences_of, texts_of, tiles_of, told


def test_an_empty_month_says_so_and_no_per_cent() -> None:
    document = told("empty", "ko")
    assert "이 기간에 들어온 전화가 없습니다. 비율은 수치가 없습니다. 전화가 없는 것은 0%가 아닙니다." in set(
        sentences_of(document)
    )
    assert [section.key for section in document.sections] == ["summary", "observation", "annex"]
    assert tiles_of(document) == []
    shares = [
        row[index]
        for table in document.tables()
        for row in table.rows
        for index, column in enumerate(table.columns)
        if column.kind is Kind.SHARE
    ]
    assert shares == []


def test_an_unobserved_month_is_not_called_quiet() -> None:
    said = set(sentences_of(told("unobserved", "en")))
    assert (
        "Nothing of this period was observed, so nothing can be said of it. That does not mean that nobody called."
        in said
    )
    assert "Coverage 0.0%: 744 h 0 min of 744 h 0 min went unobserved." in said
    (gap,) = told("unobserved", "en").table("gaps").rows
    # 31 days of 24 hours.
    assert gap[3:6] == (31 * 24 * 3600, "before the monitor", "lasts")


def test_a_partly_observed_month_without_calls_leaves_open_what_it_must() -> None:
    figures = replace(sample.empty(), coverage=0.5, unobserved_us=1)
    said = " ".join(sentences_of(document_of(figures, order_for(figures), HOUSE, "en")))
    assert "No call came in while the line was observed." in said
    assert "No call came in during this period" not in said


def test_a_month_to_come_has_not_begun() -> None:
    figures = replace(sample.empty(), made_at=datetime(2026, 9, 1, tzinfo=UTC), coverage=None)
    assert "This period has not begun. There is nothing to tell of it yet." in set(
        sentences_of(document_of(figures, order_for(figures), HOUSE, "en"))
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "one_call",
            [
                "전화 1건이 들어와 1건을 받았습니다(100.0%).",
                "약속(3번까지)을 판정한 전화는 1건이며, 모두 지켰습니다.",
                "판정한 전화는 1건으로, 100통 조사보다 많지 않습니다. 전부의 점수는 100.0%입니다.",
                "비교할 앞선 기간이나 전년 같은 기간의 전화가 원장에 없습니다.",
            ],
        ),
        (
            "one_broken_call",
            [
                "전화 1건이 들어왔으나 한 건도 받지 못했습니다.",
                "약속(3번까지)을 판정한 전화는 1건으로, 준수 0건, 위반 1건, 준수율 0.0%입니다.",
            ],
        ),
    ],
)
def test_one_call_reads_well(name: str, said: list[str]) -> None:
    assert [text for text in said if text not in set(sentences_of(told(name, "ko")))] == []


def test_one_call_in_english() -> None:
    said = set(sentences_of(told("one_call", "en")))
    assert {
        "1 call came in, and a person answered it.",
        "The promise (within 3) was judged on 1 call, and kept.",
        "Of 1 answered call 0 went out of the centre: handled directly 100.0%.",
    } <= said
    assert "1 call came in, and nobody answered it." in set(sentences_of(told("one_broken_call", "en")))


def test_the_headline_is_worked_out() -> None:
    """The ordinary month's calls come in turns of a hundred and a bit, of which the sample says how many are what."""
    figures = sample.ordinary()
    kept, broken = figures.judged.kept(Reading.WITHIN), figures.judged.broken(Reading.WITHIN)
    tiles = {key: (value, detail) for key, value, _state, detail in tiles_of(told("ordinary", "en"))}
    assert (kept, broken) == (2158, 280)
    # 2158 / 2438 = 0.88515…; the month before 1940 kept and 282 broken: 0.87308…, 1.2 points less.
    assert figures.before is not None
    assert (figures.before.kept(Reading.WITHIN), figures.before.broken(Reading.WITHIN)) == (1940, 282)
    value, detail = tiles["compliance_within"]
    assert value == 2158 / 2438
    # 95 % of 2438 are 2316.1, so 2317 would have to be kept: 159 more.
    assert detail[:3] == (
        "kept 2,158 · broken 280",
        "target 95.0% missed by 159 calls",
        "+1.2 points against the month before",
    )
    assert tiles["coverage"][1] == ("not observed: 37 min 30 s",)  # 12 min 30 s and 25 min


@pytest.mark.parametrize(
    ("kept", "broken", "state", "said"),
    [
        (19, 1, "good", "target 95.0% reached"),  # exactly 95 %
        (18, 1, "bad", "target 95.0% missed by 1 call"),  # 94.7 %: all 19 would have to be kept
        (1899, 101, "bad", "target 95.0% missed by 1 call"),  # 94.95 %, which is written 94.9 % or 95.0 %
        (0, 0, "plain", None),
    ],
)
def test_a_target_is_missed_by_calls_and_not_by_rounding(kept: int, broken: int, state: str, said: str | None) -> None:
    tally = Tally(offered=max(kept + broken, 1), verdicts={r: Counter(kept=kept, broken=broken) for r in Reading})  # type: ignore[misc] # words of an enumeration of words
    figures = replace(sample.ordinary(), judged=tally, before=None, year_before=None, survey={})
    ((_key, _value, found, detail), *_others) = tiles_of(document_of(figures, order_for(figures), HOUSE, "en"))
    assert found == state
    assert detail[1:] == ((said,) if said else ())


def test_without_a_target_nothing_is_good_or_bad() -> None:
    figures = sample.ordinary()
    document = document_of(figures, order_for(figures), House(), "en")
    assert {state for _key, _value, state, _detail in tiles_of(document)} == {"plain"}
    assert "Institution" not in dict(document.cover)


def test_where_nothing_could_be_judged_there_is_no_figure() -> None:
    tally = Tally(
        offered=3,
        outcomes=Counter({Outcome.ABANDONED_ANNOUNCEMENT: 3}),
        verdicts={reading: Counter({Verdict.EXCLUDED: 3}) for reading in Reading},
    )
    figures = replace(sample.ordinary(), whole=tally, judged=tally, survey={})
    document = document_of(figures, order_for(figures), HOUSE, "en")
    said = set(sentences_of(document))
    assert "3 calls came in, and nobody answered any of them." in said
    assert "The promise could be judged on none of them, so compliance has no figure: none is not 0 %." in said
    assert "No call was judged, so nothing can be said of a survey." in said
    assert tiles_of(document)[0][:3] == ("compliance_within", None, "plain")


def notices(name: str) -> str:
    return " ".join(block.text for block in section_of(told(name, "en"), "summary").blocks if isinstance(block, Notice))


def test_what_must_not_be_overlooked_stands_on_the_first_page() -> None:
    assert "Coverage is 99.9%: 37 min 30 s went unobserved." in notices("ordinary")
    assert "Of 1 transfer the configured patterns do not tell whether it left the centre." in notices("ordinary")
    two = notices("two_rules")
    assert "The period is not over. These figures reach up to 2026-10-31 09:30." in two
    assert "2 rules judged calls of this period: three-rings/1, two-rings/1." in two
    assert "120 calls were brought in from records of before the monitor." in two
    assert "Counted again under another rule than that of the time (trial/2)." in notices("recounted")
    working = notices("working_time")
    assert "The promise is judged on the calls of working time: 2,598 of 2,802 calls." in working
    assert "are of all calls" in working
    assert notices("empty") == ""


def test_a_ledger_that_ended_long_before_the_period_is_not_taken_for_a_quiet_line() -> None:
    """Four days of silence up to the end of October are told, three are a long weekend."""
    end_at = OCTOBER.until.astimezone(UTC)
    for days, told_of in ((4, True), (3, False)):
        figures = replace(sample.ordinary(), last_seen_at=end_at - timedelta(days=days))
        texts = [
            block.text
            for block in section_of(document_of(figures, order_for(figures), HOUSE, "en"), "summary").blocks
            if isinstance(block, Notice)
        ]
        assert any("The last thing the ledger knows is of 2026-10-28 00:00" in text for text in texts) is told_of


def test_days_that_have_not_begun_are_no_days_without_calls() -> None:
    figures = replace(sample.one_call(), made_at=datetime(2026, 10, 20, 0, 30, tzinfo=UTC))
    days = [row[0] for row in document_of(figures, order_for(figures), HOUSE, "en").table("days").rows]
    assert (len(days), str(days[-1])) == (20, "2026-10-20")  # made on the 20th at half past nine


def test_rings_have_their_seconds_and_the_promise_its_mark() -> None:
    table = told("ordinary", "en").table("rings")
    cells = [row[:6] for row in table.rows]
    assert cells[0] == ("no phone rang", 0, "", None, None, "")
    assert cells[1] == ("1 ring", 1, "0.0\N{EN DASH}3.0", 0.0, 3.0, "within the rule")
    assert cells[3] == ("3 rings", 3, "6.0\N{EN DASH}9.0", 6.0, 9.0, "within the rule")
    assert cells[4] == ("4 rings", 4, "9.0\N{EN DASH}12.0", 9.0, 12.0, "past the rule")
    marks = {name: chart_of(name, "rings", "rings_chart").mark_from for name in ("ordinary", "recounted", "one_call")}
    # Read as "before", the third ring is past the promise already; one ring is never.
    assert marks == {"ordinary": "4 rings", "recounted": "3 rings", "one_call": None}


def chart_of(name: str, section: str, key: str) -> Chart:
    blocks = section_of(told(name, "en"), section).blocks
    return next(block for block in blocks if isinstance(block, Chart) and block.key == key)


def test_what_rang_for_minutes_stands_in_one_row() -> None:
    """Limit 3 and ten more have rows of their own: the last is "13 rings or more"."""
    counts = tuple(RingFigures(rings=rings, answered=1, never_answered={}) for rings in range(41))
    figures = replace(sample.ordinary(), ring_counts=counts, ringing_unknown=1)
    table = document_of(figures, order_for(figures), HOUSE, "en").table("rings")
    assert table.rows[-1][:5] == ("13 rings or more", 13, "36.0\N{EN DASH}", 36.0, None)
    assert table.rows[-1][9] == 41 - 13  # rings 13 to 40
    assert table.total is not None
    assert table.total[9] == 41
    assert table.note.endswith("1 call is not in it, since no record tells how long its phones rang.")


def test_what_was_not_seen_to_its_end_is_not_said_to_be_unanswered() -> None:
    counts = (RingFigures(rings=0, answered=0, never_answered={Outcome.UNOBSERVED: 2, Outcome.FAILED: 1}),)
    figures = replace(sample.ordinary(), ring_counts=counts)
    document = document_of(figures, order_for(figures), HOUSE, "en")
    assert document.table("rings").rows[0][6:10] == (0, 1, 2, 3)
    assert document.table("missed_rings").rows[0][2] == 1


def test_agents_left_out_are_nowhere() -> None:
    named = {agent.member for agent in sample.ordinary().agents} | {agent.agent for agent in sample.ordinary().agents}
    document = told("no_agents", "ko")
    assert [text for text in texts_of(document) for name in named if name and name in text] == []
    assert section_of(document, "agents").blocks == (Paragraph(text="상담원별 수치는 이 보고서에서 뺐습니다."),)
    assert "상담원별" not in dict(document.cover)["열람 대상"]
    assert "상담원별" in dict(told("ordinary", "ko").cover)["열람 대상"]


def test_calls_to_return_lead_to_the_page_where_it_is_known() -> None:
    figures = sample.one_broken_call()
    for house, link, shown in (
        (HOUSE, "https://calls.example.org/calls/pbx1/1791767700.1", True),
        (House(page_url="http://localhost:8080/"), "http://localhost:8080/calls/pbx1/1791767700.1", True),
        (House(), None, False),
    ):
        table = document_of(figures, order_for(figures), house, "en").table("missed")
        at = [column.key for column in table.columns].index("call")
        assert table.rows[0][at] == link
        assert table.columns[at].printed is shown
        assert table.rows[0][3] == "010-****-5678"


def test_a_long_list_is_printed_in_part_and_held_whole() -> None:
    document = told("ordinary", "en")
    table = document.table("missed")
    assert (table.first, len(table.rows)) == (50, 420)
    kept_whole = "The first 50 are printed here; XLSX, CSV and JSON files hold all 420."
    assert printed_note(document, "missed") == f"{table.note} {kept_whole}"
    assert "printed here" not in printed_note(told("one_broken_call", "en"), "missed")


def printed_note(document: Document, key: str) -> str:
    (note,) = [
        block.note
        for section in printed(document)
        for block in section.blocks
        if isinstance(block, PrintedTable) and block.key == key
    ]
    return note


def test_calls_of_unknown_ringing_are_not_taken_for_answered() -> None:
    """A month of records that tell of no ringing: 420 calls stand below, and none of them by its rings."""
    counted = sample.ordinary()
    brought_in = replace(counted, ring_counts=(), ringing_unknown=counted.judged.offered)
    table = document_of(brought_in, order_for(counted), HOUSE, "en").table("missed_rings")
    assert (table.rows, table.empty) == (
        (),
        "Of none of the calls nobody answered is it known how often the phone rang.",
    )


def test_calls_nobody_answered_name_what_they_are_counted_of() -> None:
    """Of the 420 listed, those of working time are counted by rings; one of them whose ringing is not told is said."""
    counted = sample.working_time()
    assert "Of the calls the promise is judged on." in told("working_time", "en").table("missed_rings").note
    assert "judged" not in told("ordinary", "en").table("missed_rings").note
    at = next(place for place, ring in enumerate(counted.ring_counts) if sum(ring.never_answered.values()))
    ring = counted.ring_counts[at]
    outcome = next(iter(ring.never_answered))
    fewer = replace(ring, never_answered={**ring.never_answered, outcome: ring.never_answered[outcome] - 1})
    less = replace(counted, ring_counts=(*counted.ring_counts[:at], fewer, *counted.ring_counts[at + 1 :]))
    note = document_of(less, order_for(counted), HOUSE, "en").table("missed_rings").note
    assert note.endswith("1 call is not in it, since no record tells how long its phones rang.")


def test_half_hours_without_a_judged_call_are_no_map_of_hyphens() -> None:
    counted = sample.ordinary()
    unjudged = replace(counted, half_hours={(0, 18): Tally(offered=3)})
    document = document_of(unjudged, order_for(counted), HOUSE, "en")
    table = document.table("half_hours_compliance")
    assert (table.rows, table.total, table.note, table.empty) == ((), None, "", "No call could be judged.")
    assert len(document.table("half_hours_calls").rows) == 1


def test_no_bars_where_no_phone_was_let_ring() -> None:
    counted = sample.ordinary()
    answering = tuple(replace(agent, attempts={}) for agent in counted.agents)
    charts = [
        block.key
        for section in document_of(replace(counted, agents=answering), order_for(counted), HOUSE, "en").sections
        for block in section.blocks
        if isinstance(block, Chart)
    ]
    assert charts
    assert "agents_chart" not in charts


def test_consent_that_nobody_reported_is_no_no() -> None:
    """Of 395 transfers 98 have a yes and 4 a no: 293 have no report, and 98 of 102 were asked first."""
    table = told("ordinary", "ko").table("asked_first")
    cells = dict(zip((column.key for column in table.columns), table.rows[0], strict=True))
    assert (cells["transfers"], cells["consent_not_reported"], cells["asked_first_rate"]) == (395, 293, 98 / 102)
    assert {column.key: column.heading for column in table.columns}["consent_not_reported"] == "보고 없음"
    figures = sample.ordinary()
    silent = replace(figures, transfers=replace(figures.transfers, consent_yes=0, consent_no=0))
    table = document_of(silent, order_for(silent), HOUSE, "ko").table("asked_first")
    assert table.rows[0][5:] == (395, None)


def test_no_service_level_is_bare() -> None:
    """Each carries its x, and its formula below the table."""
    table = told("ordinary", "en").table("service_levels")
    headings = {column.key: column.heading for column in table.columns}
    assert headings["service_level"] == "SL (20 s)"
    assert headings["service_level_with_abandons"] == "SL2 (20 s)"
    assert headings["service_factor"] == "Service factor (20 s)"
    assert table.note.startswith("With x = 20 s: SL = answered within x / answered.")


def test_the_cover_says_what_the_figures_rest_on() -> None:
    document = told("ordinary", "ko")
    assert document.title == "벨울림 월간 보고서 2026년 10월"
    cover = dict(document.cover)
    assert cover["기간"] == "2026년 10월(2026-10-01~2026-10-31, Asia/Seoul)"
    assert cover["기준"] == "three-rings/1: 3번째 벨까지(울린 시간 9.0초 미만) 상담원이 받으면 준수"
    assert cover["대표 수치"] == "3번까지(함께 표시: 3번 전)"
    assert cover["작성"] == "2026-11-02 07:00, supervisor"
    figures = replace(sample.ordinary(), line="1588-6565", queue="상담")
    by_schedule = replace(order_for(figures), made_by="schedule")
    document = document_of(figures, by_schedule, HOUSE, "en")
    assert document.subtitle == "1588-6565, queue 상담"
    assert dict(document.cover)["Made"] == "2026-11-02 07:00 by the schedule"
    assert dict(told("many_days", "en").cover)["Period"].startswith("1 September 2026 to 1 November 2026 ")


def test_every_formula_and_rule_stands_in_the_annex() -> None:
    document = told("two_rules", "en")
    rules = document.table("rules").rows
    # Kept within two rings of 3 s: under 6 s; before the second begins: under 3 s.
    assert rules[1][:7] == ("two-rings/1", 2, 3.0, "KR", "before 2", 6.0, 3.0)
    texts = set(texts_of(section_of(document, "annex")))
    assert {"kept / (kept + broken)", "answered / offered", "answered within x / offered"} <= texts
    assert any("We answer before the telephone bell has rung three times." in text for text in texts)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100.0%"),
        (0.9996, "99.9%"),  # four of ten thousand were broken
        (1 - 1e-9, "99.9%"),
        (0.9994, "99.9%"),
        (0.5, "50.0%"),
        (0.0004, "0.1%"),
        (0.0, "0.0%"),
        (None, "-"),
    ],
)
def test_all_and_none_are_written_only_of_all_and_none(share: float | None, text: str) -> None:
    assert forms.percent(share) == text


@pytest.mark.parametrize(
    ("difference", "text"), [(0.012, "+1.2"), (-0.0034, "-0.3"), (0.0004, "±0.0"), (-0.0004, "±0.0"), (None, "-")]
)
def test_points_have_a_sign_where_there_is_a_difference(difference: float | None, text: str) -> None:
    assert forms.points(difference) == text


def test_seconds_are_cut_from_the_microseconds_they_were_made_of() -> None:
    # 2.3 is 2.29999… in floating point, and 8.999999 is no nine.
    assert [forms.seconds(seconds) for seconds in (2.3, 8.999999, 9.0, 0.3, None)] == ["2.3", "8.9", "9.0", "0.3", "-"]


def test_tables_of_every_sample_are_known() -> None:
    """No sample has a table without a title, and the heat map shades its weekdays."""
    table = told("ordinary", "en").table("half_hours_compliance")
    assert isinstance(table, Table)
    assert table.shaded == ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    assert [row[0] for row in table.rows][:2] == ["08:00", "08:30"]
    assert table.rows[0][6] is None  # nobody called on a Saturday at eight: no figure, and not 0 %
    assert OCTOBER.first.weekday() == 3


def test_what_no_record_tells_of_transfers_and_waiting_is_said_to_be_unknown() -> None:
    """Call detail records tell of neither: nobody was passed on, for all that is known, and nobody answered in time."""
    untold = Tally(offered=5, outcomes=Counter({Outcome.ANSWERED: 5}), transfers_untold=5, waiting_untold=5)
    figures = replace(sample.one_call(), judged=untold, whole=untold, transfers=NO_TRANSFERS)
    document = document_of(figures, order_for(figures), HOUSE, "en")
    said = [block.text for block in section_of(document, "transfers").blocks if isinstance(block, Paragraph)]
    assert said == ["Whether 5 answered calls were passed on is not known: their source tells of no transfer."]
    table = document.table("service_levels")
    row = dict(zip((column.key for column in table.columns), table.rows[0], strict=True))
    levels = ("service_level", "service_level_with_abandons", "service_factor")
    assert {row[key] for key in levels} == {None}
    assert table.note.endswith(
        "5 answered calls are in no SL, since it is not known how long the callers waited. "
        "There is no service factor where a source does not tell the waiting."
    )
