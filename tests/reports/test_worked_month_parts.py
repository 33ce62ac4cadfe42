"""The worked month by agent, hour, transfer and missed call, and what was not seen of it (the calls: `month.py`)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.calls.facts import AttemptResult, GapCause, Outcome, Scope, TransferKind, TransferResult
from monitor.calls.rules import Reading
from monitor.errors import ReportError
from monitor.reports.figures import Why
from monitor.reports.order import Order
from monitor.reports.periods import Period

from .month import BASIS, MONTH, SECOND_US, SEOUL, counted
from .worked import us

if TYPE_CHECKING:
    from monitor.ledger import Repository
    from monitor.reports.figures import AgentFigures, Figures, Quantiles

pytestmark = pytest.mark.xdist_group("worked_month")

DAY_US = 86_400 * SECOND_US


def local(day: int, clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-{day:02}T{clock}").replace(tzinfo=SEOUL)


# -- agents ------------------------------------------------------------------------------------------------------------


def agent(figures: Figures, member: str, system: str = "pbx1") -> AgentFigures:
    (found,) = [each for each in figures.agents if (each.system, each.member) == (system, member)]
    return found


def happened(attempts: object) -> dict[AttemptResult, int]:
    assert isinstance(attempts, dict)
    return {result: count for result, count in attempts.items() if count}


def test_the_first_agent(figures: Figures) -> None:
    """[1 2 3 6 8 17 29 30 33 34 37 38]; whether [26] was answered for good was not seen."""
    found = agent(figures, "김하나")
    assert found.agent == "PJSIP/agent1"
    assert (found.answered, found.pickups) == (12, 0)
    assert (found.kept, found.broken) == (10, 1)  # [17] was broken, and of [38] no ringing is known
    assert happened(dict(found.attempts)) == {
        AttemptResult.ANSWERED: 12,  # the eleven above that rang, and [26]
        AttemptResult.CALLER_LEFT: 1,  # [11]
        AttemptResult.ANSWERED_ELSEWHERE: 1,  # [18]
        AttemptResult.UNOBSERVED: 1,  # [25]
    }
    # [1 2 3 6 8]: 2+5.999999+6+4+1.5; [11 17 18]: 4+2+7; [25 26]: 7+4; [29 30 33 34 37]: 2+4+1+7+2.
    assert found.ringing_us == 59_499_999
    assert found.talking_us == us(635)  # 60+120+90+30+10 +100 +30+40+30+40+25 +60
    assert found.transfers == 7  # [2 3 29 30 33], two of [34]


def test_the_second_agent_picks_up_what_rings_at_the_third(figures: Figures) -> None:
    """[4 5 12 18 19 24 27 31 32 35 36 40], of which [19] rang at the third one's phone."""
    found = agent(figures, "이두리")
    assert (found.answered, found.pickups) == (12, 1)
    assert (found.kept, found.broken) == (9, 2)  # [5 24] were broken, and [27] is half seen
    # The phone rang for all but [19 27]. That it rang in [2], to which it was passed on, came after a person's answer.
    assert happened(dict(found.attempts)) == {AttemptResult.ANSWERED: 10}
    # All its ringing: [4 5 12 18 24] 8.999999+9+3+6+10; [31 32 35 36 40] 3.5+5+2+2+2; the 4 s of [2].
    assert found.ringing_us == 55_499_999
    assert found.talking_us == us(500)  # 60+60+45+50+20+30+30 +50+60+70+20 +5
    assert found.transfers == 8  # [18 27 31], two of [32], three of [35]


def test_the_third_agent_answers_nothing(figures: Figures) -> None:
    found = agent(figures, "박세찌")
    assert (found.answered, found.pickups, found.kept, found.broken, found.talking_us) == (0, 0, 0, 0, 0)
    assert happened(dict(found.attempts)) == {
        AttemptResult.NO_ANSWER: 4,  # [10 17 28], the first of [16]
        AttemptResult.CALLER_LEFT: 1,  # the second of [16]
        AttemptResult.ANSWERED_ELSEWHERE: 1,  # [19]
        AttemptResult.FORWARDED: 1,  # [36]
        AttemptResult.DECLINED_BY_PERSON: 1,  # [37]
    }
    assert found.ringing_us == us(85)  # 15+15+12, 15+20, 5, 3
    assert found.transfers == 0  # its phone's own forwarding of [36] is none


def test_phones_of_one_name_at_two_systems_do_not_mix(figures: Figures) -> None:
    """At pbx2 nobody answered: the first rejected [14] after 3 s, the second [13] at once, the third failed in [15]."""
    there = [agent(figures, member, "pbx2") for member in ("김하나", "이두리", "박세찌")]
    assert [(each.agent, happened(dict(each.attempts)), each.ringing_us) for each in there] == [
        ("PJSIP/agent1", {AttemptResult.REJECTED: 1}, us(3)),
        ("PJSIP/agent2", {AttemptResult.REJECTED: 1}, 0),
        ("PJSIP/agent3", {AttemptResult.FAILED: 1}, 0),
    ]
    assert {(each.answered, each.talking_us, each.transfers) for each in there} == {(0, 0, 0)}
    assert len(figures.agents) == 6


def test_agents_are_by_name_and_answer_every_answered_call(figures: Figures) -> None:
    members = [each.member for each in figures.agents]
    assert members == sorted(members, key=str)
    assert sum(each.answered for each in figures.agents) == figures.whole.answered == 24
    assert sum(each.kept for each in figures.agents) == figures.whole.kept(Reading.WITHIN) == 19
    assert sum(each.transfers for each in figures.agents) == figures.transfers.by_people == 15


@pytest.mark.parametrize("who", ["order", "settings"])
def test_agents_are_left_out_where_either_says_so(month_ledger: Repository, who: str) -> None:
    left_out = who == "order"
    found = counted(month_ledger, replace(MONTH, agents=not left_out), replace(BASIS, agents=left_out))
    assert found.agents == ()
    assert found.whole.offered == 40


# -- the worst hours ---------------------------------------------------------------------------------------------------


def test_the_worst_hours_and_why(figures: Figures) -> None:
    """Broken or lost: three of five on Tuesday [16 17 20]; two of two on Wednesday [21 22] and on Monday [23 24]."""
    hours = {hour.started_at: hour for hour in figures.worst_hours}
    first = figures.worst_hours[0]
    assert first.started_at == local(13, "10:00:00")
    assert {hour.started_at for hour in figures.worst_hours[1:3]} == {local(14, "15:00:00"), local(19, "16:00:00")}
    assert len(figures.worst_hours) == 10  # of the 13 that had any
    assert [hour.tally.offered for hour in figures.worst_hours[:3]] == [5, 2, 2]

    # 76 s in all: [16] 38 [17] 20 [18] 8 [19] 6 [20] 4. A phone rang for 35 + 17 + 7 + 5 s. In [20] all three members
    # were talking. Between two phones (1+2, 1+2, 1, 1 s) somebody was free and nothing rang.
    assert spent(first.waited_us) == {Why.PHONES_UNANSWERED: us(64), Why.ALL_BUSY: us(4), Why.NOT_OFFERED: us(8)}
    assert first.why is Why.PHONES_UNANSWERED
    # [21] 60 and [22] 30 s: of the queue's two members one had left and one paused.
    wednesday = hours[local(14, "15:00:00")]
    assert spent(wednesday.waited_us) == {Why.NOBODY_SIGNED_IN: us(90)}
    assert wednesday.why is Why.NOBODY_SIGNED_IN
    # [23] 90 s while all were talking; [24] 40 s while one talked and one wrapped up, then 10 s at a phone.
    monday = hours[local(19, "16:00:00")]
    assert spent(monday.waited_us) == {Why.ALL_BUSY: us(130), Why.PHONES_UNANSWERED: us(10)}
    assert monday.why is Why.ALL_BUSY


def spent(waited_us: object) -> dict[Why, int]:
    assert isinstance(waited_us, dict)
    return {why: waited for why, waited in waited_us.items() if waited}


def test_no_hour_is_worst_in_which_nothing_went_wrong(figures: Figures) -> None:
    # On Thursday at nine and Wednesday the 21st every call was answered, and kept.
    started = {hour.started_at for hour in figures.worst_hours}
    assert local(1, "09:00:00") not in started
    assert not {at for at in started if at.date() == date(2026, 10, 21)}


# -- calls to call back ------------------------------------------------------------------------------------------------


def test_missed_calls(figures: Figures) -> None:
    """Every call nobody answered, by time; of [25 26 28] the end was not seen, and nobody says they were missed."""
    left, waiting, ringing = Outcome.ABANDONED_ANNOUNCEMENT, Outcome.ABANDONED_WAITING, Outcome.ABANDONED_RINGING
    assert [
        (int(call.linkedid.rpartition(".")[2]), call.outcome, call.queue, call.rings, call.waiting_us)
        for call in figures.missed
    ] == [
        (7, waiting, "support", 0, us(30)),
        (9, left, None, 0, None),
        (10, Outcome.NO_ANSWER, "billing", 6, us(17)),
        (11, ringing, "billing", 2, us(5)),
        (15, Outcome.FAILED, None, 0, us(2)),
        (13, Outcome.BUSY, None, 0, us(1)),
        (14, Outcome.BUSY, None, 2, us(5)),
        (16, ringing, "support", 12, us(38)),
        (20, waiting, "support", 0, us(4)),
        (21, waiting, "billing", 0, us(60)),
        (22, Outcome.NO_ANSWER, "billing", 0, us(30)),
        (23, waiting, "support", 0, us(90)),
        (39, waiting, "support", None, us(3)),
    ]
    by_number = {int(call.linkedid.rpartition(".")[2]): call for call in figures.missed}
    assert by_number[7].caller == "010-****-0007"
    assert by_number[9].caller == ""
    assert by_number[13].system == "pbx2"
    assert by_number[13].line == "1577-1000"
    assert by_number[20].filed_at == local(13, "10:50:00")


# -- transfers ---------------------------------------------------------------------------------------------------------


def clock(found: Quantiles) -> tuple[int, float | None, int | None, int | None, int | None]:
    return (found.count, found.mean_us, found.p50_us, found.p90_us, found.p95_us)


def test_transfers(figures: Figures) -> None:
    blind, attended, blonde = TransferKind.BLIND, TransferKind.ATTENDED, TransferKind.BLONDE
    inside, outside = Scope.INSIDE, Scope.OUTSIDE
    completed, returned = TransferResult.COMPLETED, TransferResult.RETURNED
    transfers = figures.transfers
    assert transfers.counts == {
        (blind, inside, completed): 1,  # [2]
        (blind, inside, TransferResult.BUSY): 1,  # [3]
        (blind, inside, returned): 1,  # [32]
        (blind, inside, TransferResult.NO_ANSWER): 1,  # [33]
        (blind, outside, completed): 1,  # [29]
        (blind, outside, TransferResult.UNOBSERVED): 1,  # [27]
        (blind, outside, TransferResult.CALLER_LEFT): 1,  # [34]
        (blind, Scope.UNKNOWN, TransferResult.FAILED): 1,  # [35]
        (attended, inside, completed): 1,  # [30]
        (attended, inside, TransferResult.CALLER_LEFT): 1,  # [35]
        (attended, outside, completed): 1,  # [32]
        (attended, outside, TransferResult.NO_ANSWER): 1,  # [18]
        (blonde, inside, TransferResult.BUSY): 1,  # [34]
        (blonde, outside, completed): 1,  # [31]
        (blonde, outside, returned): 1,  # [35]
        (TransferKind.FORWARD, inside, completed): 1,  # [36]
    }
    assert transfers.by_people == 15  # all of these but the last
    assert transfers.announced == 3  # [30 32 35]
    assert (transfers.consent_yes, transfers.consent_no) == (3, 2)  # [2 29 32], [30 33]; of the others nothing is known
    assert transfers.chains == {1: 8, 2: 2, 3: 1}  # [2 3 18 27 29 30 31 33], [32 34], [35]: 8 + 2 x 2 + 3 = 15


def test_the_reconnection_clock(figures: Figures) -> None:
    transfers = figures.transfers
    # 0 0 4 6 8 9 12 of [30 32 2 31 29 35 32]: the 4th (3.5), the 7th (6.3), the 7th (6.65). Sum 39.
    assert clock(transfers.reconnection) == (7, us(39) / 7, us(6), us(12), us(12))
    assert {kind: clock(found) for kind, found in transfers.reconnection_by_kind.items() if found.count} == {
        TransferKind.BLIND: (3, us(8), us(8), us(12), us(12)),  # 4 8 12: the 2nd, the 3rd, the 3rd
        TransferKind.ATTENDED: (2, 0, 0, 0, 0),
        TransferKind.BLONDE: (2, us(7.5), us(6), us(9), us(9)),  # 6 9: the 1st, the 2nd, the 2nd
    }
    assert transfers.reconnection_rings == {0: 2, 2: 3, 3: 2}  # [30 32], [2 32 35], [29 31]


def test_whom_callers_were_passed_to(figures: Figures) -> None:
    targets = figures.transfers.targets
    assert {(each.to, each.scope): (each.transfers, each.completed, each.reconnection.count) for each in targets} == {
        ("810", Scope.OUTSIDE): (6, 2, 3),  # [18 27 29 32 34 35]; completed [29 32], and [35] came back after 9 s
        ("201", Scope.INSIDE): (3, 2, 2),  # [2 30 35]; completed [2 30]
        ("202", Scope.INSIDE): (2, 0, 1),  # [3 32]; [32] came back after 12 s
        ("203", Scope.INSIDE): (2, 0, 0),  # [33 34]
        ("010-****-5432", Scope.OUTSIDE): (1, 1, 1),  # [31]
        ("9999", Scope.UNKNOWN): (1, 0, 0),  # [35]
    }
    assert [each.transfers for each in targets] == [6, 3, 2, 2, 1, 1]
    assert clock(targets[0].reconnection) == (3, us(17) / 3, us(8), us(9), us(9))  # 0 8 9


# -- a survey, coverage, what is asked for -----------------------------------------------------------------------------


def test_a_survey_of_all_judged_calls_scores_what_they_are(figures: Figures) -> None:
    """Fewer than a hundred were judged: who calls all 26 (27) hears just what the record says, without any error."""
    survey = figures.survey
    assert survey[Reading.WITHIN].callers == 26
    assert survey[Reading.BEFORE].callers == 27
    for reading, share in ((Reading.WITHIN, 19 / 26), (Reading.BEFORE, 15 / 27)):
        found = survey[reading]
        assert (found.score, found.low, found.high) == pytest.approx((share, share, share))


def test_coverage_and_gaps(figures: Figures) -> None:
    # Two systems over 31 days; 40 minutes of one (two causes overlap by ten), an hour of the other.
    assert figures.whole_us == 2 * 31 * DAY_US
    assert figures.unobserved_us == us(2400 + 3600)
    assert figures.coverage == (2 * 31 * 86_400 - 6000) / (2 * 31 * 86_400)
    assert {day.day.day: day.coverage for day in figures.days if day.coverage != 1} == {
        20: (2 * 1440 - 40) / (2 * 1440),
        31: (2 * 1440 - 60) / (2 * 1440),
    }
    assert [(gap.system, gap.started_at, gap.ended_at, gap.cause, gap.lasts) for gap in figures.gaps] == [
        ("pbx1", local(20, "14:00:00"), local(20, "14:30:00"), GapCause.NOT_CONNECTED, False),
        ("pbx1", local(20, "14:20:00"), local(20, "14:40:00"), GapCause.RESTARTED, False),
        # Cut to the month, and its end is known.
        ("pbx2", local(31, "23:00:00"), local(31, "23:00:00") + timedelta(hours=1), GapCause.NOT_BOOTED, False),
    ]
    assert set(figures.systems) == {"pbx1", "pbx2"}


def test_what_the_figures_say_of_themselves(figures: Figures) -> None:
    assert figures.period == MONTH.period
    assert (figures.line, figures.queue) == (None, None)
    assert (figures.within_us, figures.short_us) == (us(20), us(5))


def test_one_line(worked_month: Repository) -> None:
    """[13 14 15 24]: one answered, with four rings; one given up after two; two that did not ring."""
    found = counted(worked_month, replace(MONTH, line="1577-1000"))
    assert found.whole.offered == 4
    assert found.whole.compliance(Reading.WITHIN) == 0 / 2
    assert set(found.by_line) == {"1577-1000"}
    assert found.before is None  # in September nobody called it
    assert found.transfers.by_people == 0
    assert [call.linkedid for call in found.missed] == ["202610.15", "202610.13", "202610.14"]
    assert {each.member: each.answered for each in found.agents if each.answered} == {"이두리": 1}


def test_one_queue(month_ledger: Repository) -> None:
    found = counted(month_ledger, replace(MONTH, queue="billing"))
    assert found.whole.offered == 9
    assert found.whole.compliance(Reading.WITHIN) == 4 / 6
    assert found.transfers.by_people == 4  # [31], two of [32], [33]
    assert found.whole.left_the_centre == 2  # [31 32]
    assert set(found.queues) == {"billing"}


@pytest.mark.parametrize(
    ("order", "known"),
    [
        (replace(MONTH, line="nowhere"), "1588-6565"),
        (replace(MONTH, queue="nowhere"), "support"),
        (replace(MONTH, rule="nowhere"), "three-rings"),
    ],
)
def test_what_nobody_knows_is_refused_with_what_is_known(month_ledger: Repository, order: Order, known: str) -> None:
    with pytest.raises(ReportError, match=known):
        counted(month_ledger, order)


def test_some_days(month_ledger: Repository) -> None:
    """The 13th and 14th: [16-22]; the two days before, and those of a year before, have no call."""
    days = Period.days_between(date(2026, 10, 13), date(2026, 10, 14), SEOUL)
    found = counted(month_ledger, Order(period=days))
    assert found.whole.offered == 7
    assert found.whole.outcomes == Counter(
        {Outcome.ANSWERED: 3, Outcome.ABANDONED_WAITING: 2, Outcome.ABANDONED_RINGING: 1, Outcome.NO_ANSWER: 1}
    )
    assert found.before is None
    assert found.year_before is None
    assert [day.day for day in found.days] == [date(2026, 10, 13), date(2026, 10, 14)]
