"""A period's figures as the database counts them: worked out by hand, and against a plain count of every call."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from monitor.calls import formulas
from monitor.calls.facts import (
    AgentState,
    AgentStatus,
    Call,
    CallKey,
    Gap,
    GapCause,
    Observed,
    Outcome,
    Scope,
    Source,
    Transfer,
    TransferKind,
    TransferResult,
    Verdict,
    VerdictReason,
)
from monitor.calls.rules import Reading, RingRule
from monitor.errors import SearchError
from monitor.ledger.filters import CallFilter
from monitor.ledger.statistics import SHARES, PeriodStatistics, period_statistics
from tests.scenarios.test_scenarios import NAMES, replayed

from .records import NINE, a_call, after, known, partly

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.ledger import Repository
    from tests.day.day import ReplayedDay

SECOND_US = 1_000_000


def figures(repository: Repository, **changes: Any) -> PeriodStatistics:
    """Of the first hour of that Monday, of one system."""
    named: dict[str, Any] = {"now": after(7200), "systems": ["pbx1"]}
    named |= {name: changes.pop(name) for name in ("now", "systems", "within_seconds") if name in changes}
    chosen = CallFilter(**{"since": NINE, "until": after(3600)} | changes)
    return period_statistics(repository.store, chosen, **named)


def answered(linkedid: str, waiting_seconds: int, **changes: Any) -> Call:
    return a_call(linkedid, **{"waiting_us": waiting_seconds * SECOND_US} | changes)


def left(linkedid: str, outcome: Outcome, waiting_seconds: int | None) -> Call:
    """A caller who left while nothing was broken."""
    return a_call(
        linkedid,
        outcome=outcome,
        waiting_us=None if waiting_seconds is None else waiting_seconds * SECOND_US,
        rings=0,
        verdicts=(("within", Verdict.EXCLUDED), ("before", Verdict.EXCLUDED)),
        verdict_reason=VerdictReason.NO_PHONE_RANG,
        answered_at=None,
        agent=None,
        member=None,
        talking_us=0,
        hold_us=0,
        transfers=(),
    )


def test_the_figures_of_an_hour_worked_out_by_hand(repository: Repository) -> None:
    """Ten answered calls that waited 1, 2, … 9 and 20 s, one of them 4 rings long; three that left; one half seen."""
    passed = replace(a_call().transfers[0], scope=Scope.OUTSIDE)
    calls = [answered(f"1.{number}", number, transfers=()) for number in range(2, 10)]
    calls.append(answered("1.1", 1, transfers=(passed, passed)))
    calls.append(
        answered(
            "1.20",
            20,
            rings=4,
            verdicts=(("within", Verdict.BROKEN), ("before", Verdict.BROKEN)),
            verdict_reason=VerdictReason.RANG_PAST_RULE,
            transfers=(replace(passed, result=TransferResult.RETURNED),),
        )
    )
    calls.append(left("2.1", Outcome.ABANDONED_WAITING, 20))
    calls.append(left("2.2", Outcome.ABANDONED_RINGING, 21))
    calls.append(left("2.3", Outcome.ABANDONED_ANNOUNCEMENT, None))
    # Its answer was seen and its question was not.
    calls.append(partly(a_call("3.1"), waiting_us=None, transfers=()))
    repository.record_all(calls)
    repository.record_rule(RingRule())
    found = figures(repository)

    assert found.offered == 14
    assert found.outcomes == {
        Outcome.ANSWERED: 11,
        Outcome.ABANDONED_WAITING: 1,
        Outcome.ABANDONED_RINGING: 1,
        Outcome.ABANDONED_ANNOUNCEMENT: 1,
    }
    assert (found.answered, found.abandoned, found.partly_observed) == (11, 3, 1)
    assert found.answer_rate == 11 / 14
    assert found.abandon_rate == 3 / 14
    # Nine kept within three and one broken; before the third ring none was kept, since `a_call` rings three times.
    assert found.verdicts == {
        Reading.WITHIN: {Verdict.KEPT: 9, Verdict.BROKEN: 1, Verdict.EXCLUDED: 4},
        Reading.BEFORE: {Verdict.BROKEN: 10, Verdict.EXCLUDED: 4},
    }
    assert found.compliance(Reading.WITHIN) == 9 / 10
    assert found.compliance(Reading.BEFORE) == 0
    assert found.excluded == {VerdictReason.NO_PHONE_RANG: 3, VerdictReason.PARTLY_UNOBSERVED: 1}
    assert found.rules == {"three-rings/1": 14}
    # All eleven answered calls rang three times or more, one of them four.
    assert (found.warnings, found.breaches) == (11, 1)
    # 1 + 2 + … + 9 + 20 = 65 s over ten calls. Nearest rank: the 5th, the 9th and the 10th of ten.
    assert found.asa_us == 6.5 * SECOND_US
    assert found.waiting_quantiles_us == {0.5: 5 * SECOND_US, 0.9: 9 * SECOND_US, 0.95: 20 * SECOND_US}
    # Within 20 s means at most 20 s: ten answered, one of the two who had asked for a person and left.
    assert (found.answered_within, found.abandoned_within, found.abandoned_waiting) == (10, 1, 2)
    # How long the caller of the eleventh had waited nobody saw: it is in neither service level.
    assert found.service_level == 10 / 10
    assert found.service_level_with_abandons == 11 / 12
    assert found.service_factor == 10 / 14
    # Eleven of 40 s and of 5 s.
    assert (found.talking_us, found.hold_us) == (440 * SECOND_US, 55 * SECOND_US)
    blind = TransferKind.BLIND
    assert found.transfers == {
        (blind, Scope.OUTSIDE, TransferResult.COMPLETED): 2,
        (blind, Scope.OUTSIDE, TransferResult.RETURNED): 1,
    }
    # Twice passed on is one call that left; a transfer that came back is none.
    assert found.left_the_centre == 1
    assert found.direct_handling_rate == 10 / 11

    shorter = figures(repository, within_seconds=4.5)
    assert (shorter.answered_within, shorter.abandoned_within) == (4, 0)


def test_a_period_without_calls_has_no_rates(repository: Repository) -> None:
    found = figures(repository, systems=[])
    assert found.offered == found.answered == found.breaches == 0
    assert found.outcomes == found.excluded == found.transfers == {}
    assert found.waiting_quantiles_us == dict.fromkeys(SHARES)
    rates = (found.answer_rate, found.abandon_rate, found.asa_us, found.service_level, found.direct_handling_rate)
    assert {*rates, found.service_level_with_abandons, found.service_factor, found.coverage} == {None}


def test_breaches_are_counted_by_the_rule_of_each_call(repository: Repository) -> None:
    """Four rings are past a limit of three, and within one of five."""
    repository.record_rule(RingRule())
    repository.record_rule(RingRule(name="five-rings", limit=5))
    repository.record_all([a_call("1.1", rings=4), a_call("1.2", rings=4, rule="five-rings/1"), a_call("1.3", rings=2)])
    found = figures(repository)
    assert (found.warnings, found.breaches) == (1, 1)
    assert found.rules == {"three-rings/1": 2, "five-rings/1": 1}


def test_the_reason_of_an_exclusion_is_that_of_the_headline(repository: Repository) -> None:
    """A ledger may hold calls judged under both headlines; each tells its own reason."""
    mixed = (("before", Verdict.BROKEN), ("within", Verdict.EXCLUDED))
    repository.record_all(
        [
            a_call("1.1", verdicts=mixed, verdict_reason=VerdictReason.RANG_PAST_RULE),
            a_call("1.2", verdicts=mixed[::-1], verdict_reason=VerdictReason.CALLER_LEFT_WITHIN_RULE),
        ]
    )
    assert figures(repository).excluded == {VerdictReason.CALLER_LEFT_WITHIN_RULE: 1}


# -- coverage ----------------------------------------------------------------------------------------------------------


def gap(began: float, ended: float | None, system: str = "pbx1", cause: GapCause = GapCause.NOT_CONNECTED) -> Gap:
    ended_at = None if ended is None else after(ended)
    return Gap(system=system, started_at=after(began), ended_at=ended_at, cause=cause)


def first_seen(system: str = "pbx1", seconds: float = -100) -> AgentState:
    """The first thing the monitor saw of a system; before it, nobody watched."""
    return AgentState(
        system=system,
        queue="support",
        agent="PJSIP/agent1",
        member="Agent1",
        status=AgentStatus.FREE,
        at=after(seconds),
    )


@pytest.mark.parametrize(
    ("gaps", "unobserved_seconds"),
    [
        ([], 0),
        ([gap(100, 160)], 60),
        ([gap(-50, 10), gap(3590, 4000)], 20),  # cut to the hour: 10 s and 10 s
        ([gap(-50, 0), gap(3600, 4000)], 0),  # they touch it and are not in it
        ([gap(-50, 5000)], 3600),
        ([gap(100, 200), gap(150, 180, cause=GapCause.RESTARTED), gap(190, 260)], 160),  # overlaps count once
        ([gap(3000, None)], 600),  # it lasts, and the hour is over
        ([gap(100, 160, system="pbx2")], 0),
    ],
)
def test_coverage_is_the_hour_without_its_gaps(
    repository: Repository, gaps: list[Gap], unobserved_seconds: int
) -> None:
    repository.record_all([first_seen(), *gaps])
    found = figures(repository)
    assert found.unobserved_us == unobserved_seconds * SECOND_US
    assert found.coverage == (3600 - unobserved_seconds) / 3600


def test_coverage_is_told_up_to_now_and_over_every_system(repository: Repository) -> None:
    """At half past nine a gap of pbx1 has lasted 300 s: 300 s of twice 1800 s are missing."""
    repository.record_all([first_seen(), first_seen("pbx2"), gap(1500, None)])
    assert figures(repository, now=after(1800), systems=["pbx1", "pbx2"]).coverage == 3300 / 3600
    assert figures(repository, now=after(1800), system="pbx2").coverage == 1
    assert figures(repository, now=after(-60)).coverage is None


@pytest.mark.parametrize(
    ("facts", "unobserved_seconds"),
    [
        ([], 3600),  # nothing is known of the system at all
        ([first_seen(seconds=3600)], 3600),  # it was first seen when the hour was over
        ([first_seen(seconds=600)], 600),
        ([first_seen(seconds=0)], 0),
        ([first_seen("pbx2")], 3600),  # another one was watched
        ([gap(600, 900)], 900),  # the monitor came up at 600 s, and could not connect for 300 s
        ([first_seen(seconds=1200), gap(600, 900)], 900),
        ([a_call(entered_at=after(300))], 300),
        ([a_call(entered_at=after(-300))], 0),
        ([a_call("1.1", entered_at=after(-300), source=Source.QUEUE_LOG), a_call("1.2", entered_at=after(300))], 300),
        ([a_call(entered_at=after(300), source=Source.CDR)], 3600),  # brought in: nobody watched
    ],
)
def test_before_the_first_thing_the_monitor_saw_nobody_watched(
    repository: Repository, facts: list[AgentState | Gap | Call], unobserved_seconds: int
) -> None:
    repository.record_all(facts)
    found = figures(repository)
    assert (found.whole_us, found.unobserved_us) == (3600 * SECOND_US, unobserved_seconds * SECOND_US)


@pytest.mark.parametrize("seconds", [-1, 3601, float("nan")])
def test_a_service_level_needs_a_number_of_seconds(repository: Repository, seconds: float) -> None:
    with pytest.raises(SearchError, match="within 0 to 3600 seconds"):
        figures(repository, within_seconds=seconds)


# -- against a plain count ---------------------------------------------------------------------------------------------


def counted(calls: Iterable[Call], limit: int = 3) -> dict[str, Any]:
    """The same figures from loaded calls, by the formulas alone."""
    calls = list(calls)
    taken = [call for call in calls if call.outcome is Outcome.ANSWERED]
    waits = [call.waiting_us for call in taken if call.waiting_us is not None]
    gone = [call.waiting_us for call in calls if call.outcome in formulas.ABANDONED and call.waiting_us is not None]
    verdicts = Counter(verdict for call in calls for verdict in call.verdicts)
    return {
        "offered": len(calls),
        "outcomes": Counter(call.outcome for call in calls),
        "partly_observed": sum(call.observed is Observed.PARTLY for call in calls),
        "excluded": Counter(call.verdict_reason for call in calls if call.verdicts[0][1] is Verdict.EXCLUDED),
        "within": formulas.compliance(verdicts["within", Verdict.KEPT], verdicts["within", Verdict.BROKEN]),
        "before": formulas.compliance(verdicts["before", Verdict.KEPT], verdicts["before", Verdict.BROKEN]),
        "warnings": sum(known(call.rings) >= limit for call in calls),
        "breaches": sum(known(call.rings) > limit for call in calls),
        "asa_us": formulas.mean_us(sum(waits), len(waits)),
        "quantiles": {share: formulas.quantile_us(waits, share) for share in SHARES},
        "answered_within": sum(us <= 5 * SECOND_US for us in waits),
        "abandoned_within": sum(us <= 5 * SECOND_US for us in gone),
        "abandoned_waiting": len(gone),
        "talking_us": sum(call.talking_us for call in calls),
        "hold_us": sum(call.hold_us for call in calls),
        "transfers": Counter((each.kind, each.scope, each.result) for call in calls for each in call.transfers),
        "left_the_centre": sum(formulas.left_the_centre(call.transfers) for call in taken),
        "direct_handling_rate": formulas.direct_handling_rate(
            len(taken), sum(formulas.left_the_centre(call.transfers) for call in taken)
        ),
    }


def told(found: PeriodStatistics) -> dict[str, Any]:
    of_its_own = {
        "within": found.compliance(Reading.WITHIN),
        "before": found.compliance(Reading.BEFORE),
        "quantiles": found.waiting_quantiles_us,
    }
    return {name: of_its_own[name] if name in of_its_own else getattr(found, name) for name in counted([])}


def test_every_recorded_scenario_gives_what_the_formulas_give(repository: Repository) -> None:
    """Each recording of a real Asterisk under a line of its own, and all of them together.

    The recordings' own settings name no number outside the centre: here every transfer goes there.
    """

    def ours(name: str, call: Call) -> Call:
        key = CallKey(system=call.key.system, linkedid=f"{name}/{call.key.linkedid}")
        outside = tuple(replace(transfer, scope=Scope.OUTSIDE) for transfer in call.transfers)
        return replace(call, key=key, line=name, transfers=outside)

    by_name = {name: [ours(name, call) for call in replayed(name)[1]] for name in NAMES}
    everything = [call for calls in by_name.values() for call in calls]
    assert any(formulas.left_the_centre(call.transfers) for call in everything)
    repository.record_rule(RingRule())
    repository.record_all(everything)
    period: dict[str, Any] = {
        "since": min(call.filed_at for call in everything),
        "until": max(call.filed_at for call in everything) + timedelta(seconds=1),
        "within_seconds": 5,
    }
    assert told(figures(repository, **period)) == counted(everything)
    for name, calls in by_name.items():
        assert told(figures(repository, **period, line=name)) == counted(calls), name


def test_every_kind_of_transfer_leaves_the_centre_in_sql_where_it_does_in_the_formula(repository: Repository) -> None:
    transfers = [
        replace(a_call().transfers[0], kind=kind, scope=scope, result=result)
        for kind, scope, result in product(TransferKind, Scope, TransferResult)
    ]
    for number, transfer in enumerate(transfers):
        repository.record_all([a_call(f"1.{number:03}", entered_at=after(number), transfers=(transfer,))])
    leaving: list[Transfer] = []
    for number, transfer in enumerate(transfers):
        if figures(repository, since=after(number), until=after(number + 1)).left_the_centre:
            leaving.append(transfer)
    assert leaving == [transfer for transfer in transfers if formulas.left_the_centre([transfer])]
    # Outside: blind and blonde by all seven results but returned and failed, attended where it was completed.
    assert len(leaving) == 2 * 5 + 1


@pytest.mark.stage
def test_a_replayed_day_gives_what_the_formulas_give(replayed_day: ReplayedDay) -> None:
    day = replayed_day
    chosen = CallFilter(since=day.since, until=day.until)
    found = period_statistics(
        day.repository.store, chosen, now=datetime(2030, 1, 1, tzinfo=UTC), systems=["pbx1"], within_seconds=5
    )
    assert told(found) == counted(day.repository.calls(day.since, day.until))
    # The connection was lost for 300 s; and until the first thing happened, the ledger knew nothing of the centre.
    calls, states = day.repository.calls(day.since, day.until), day.repository.agent_states(day.since, day.until)
    first_at = min(next(calls).filed_at, states[0].at)
    assert found.unobserved_us == 300 * SECOND_US + (first_at - day.since) // timedelta(microseconds=1)


def test_what_a_source_does_not_tell_is_in_no_rate(repository: Repository) -> None:
    """Call detail records tell neither waiting nor transfers: no guess is made of either."""
    untold = a_call(
        "3",
        source=Source.CDR,
        waiting_us=None,
        rings=None,
        ringing_us=None,
        attempts=(),
        transfers=(),
        verdicts=tuple((reading, Verdict.EXCLUDED) for reading in Reading),
        verdict_reason=VerdictReason.RINGING_UNKNOWN,
    )
    calls = [answered("1", 20), answered("2", 21, transfers=()), untold, left("4", Outcome.ABANDONED_WAITING, 5)]
    repository.record_all(calls)
    repository.record_rule(RingRule())
    found = figures(repository)
    assert (found.answered, found.waited, found.waiting_untold, found.transfers_untold) == (3, 2, 1, 1)
    # Of the two whose waiting is told one was answered within 20 s; of callers who left, one of one.
    assert found.service_level == 1 / 2
    assert found.service_level_with_abandons == 2 / 3
    assert found.service_factor is None
    assert found.direct_handling_rate == 2 / 2
    # Where nothing but a person answers calls, such a record does tell the waiting.
    repository.record_all([replace(untold, waiting_us=3 * SECOND_US, recorded_at=after(61))])
    found = figures(repository)
    assert (found.waiting_untold, found.transfers_untold) == (0, 1)
    assert (found.service_level, found.service_factor) == (2 / 3, 2 / 4)
