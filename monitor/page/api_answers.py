"""From records of the board and the ledger to the answers of the JSON API, as one viewer may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from monitor.calls.facts import Scope, TransferKind, Verdict
from monitor.calls.rules import Reading
from monitor.masking import is_number
from monitor.page import api_models as model
from monitor.page import api_models_statistics as period_model
from monitor.replay_json import at_json, call_as_json, seconds, transfer_as_json

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable

    from monitor.board_day import Day
    from monitor.board_records import CallNow, TransferNow
    from monitor.calls.facts import Call, Transfer
    from monitor.calls.rules import RingRule
    from monitor.calls.tally import Tally
    from monitor.ledger.filters import CallFilter
    from monitor.ledger.search import LedgerTransfer
    from monitor.ledger.statistics import PeriodStatistics
    from monitor.page.now import Now
    from monitor.page.viewer import Viewer

Word = TypeVar("Word")


def call(record: Call, viewer: Viewer) -> model.Call:
    """A call of the ledger."""
    said = call_as_json(record) | {
        "caller": viewer.number_as_stored(record.caller) if record.caller is not None else None,
        "filed_at": at_json(record.filed_at),
        "member": record.member,
        "holds": [
            {"by": hold.by, "started_at": at_json(hold.started_at), "ended_at": at_json(hold.ended_at)}
            for hold in record.holds
        ],
        "transfers": [_transfer(transfer, viewer) for transfer in record.transfers],
        "recordings": [viewer.recording(file, record.caller) for file in record.recordings],
    }
    return model.Call.model_validate(said)


def _transfer(record: Transfer, viewer: Viewer) -> dict[str, object]:
    return transfer_as_json(record) | {"to": _target(record, viewer)}


def _target(record: Transfer, viewer: Viewer) -> str:
    """Whom a caller was passed to: inside the centre a number is an extension, elsewhere it may be somebody's own."""
    if record.scope is Scope.INSIDE:
        return record.to
    if not is_number(record.to):
        return viewer.shown(record.to)
    return viewer.number_as_stored(record.to)


def transfer(record: LedgerTransfer, viewer: Viewer) -> model.TransferOfCall:
    """A transfer of the ledger."""
    said = _transfer(record.transfer, viewer) | {
        "system": record.key.system,
        "linkedid": record.key.linkedid,
        "line": record.line,
        "queue": record.queue,
        "member": record.member,
    }
    return model.TransferOfCall.model_validate(said)


def board(now: Now, names: Iterable[str], viewer: Viewer) -> model.Board:
    """What is true now.

    Args:
        now: the board and the state of its sources.
        names: the systems that are told of.
        viewer: who asks.
    """
    doubts = {doubt.name: doubt for doubt in now.status.doubts}
    systems = []
    for name in names:
        known = now.board.systems.get(name)
        systems.append(
            model.SystemNow(
                name=name,
                up=name not in doubts,
                cause=known.cause if known is not None else None,
                since_at=at_json(known.since_at) if known is not None else None,
            )
        )
    calls = sorted(now.board.calls.values(), key=lambda each: (each.entered_at, each.key.system, each.key.linkedid))
    return model.Board(
        at=at_json(now.now),
        rule=_rule(now.rule),
        systems=systems,
        ledger_up=now.status.store is None,
        calls=[_call_now(each, now, viewer) for each in calls],
        agents=[
            model.AgentNow(
                system=agent.system,
                queue=agent.queue,
                agent=agent.agent,
                member=agent.member,
                status=agent.status,
                since_at=at_json(agent.since_at),
            )
            for agent in now.board.agents.values()
        ],
        today=_today(now.today, whole=now.status.whole_day),
        teams=[
            model.TeamToday(
                team=team,
                offered=day.offered,
                answered=day.answered,
                compliance={reading: day.compliance(reading) for reading in Reading},
                answer_rate=day.answer_rate,
                abandon_rate=day.abandon_rate,
            )
            for team, day in now.teams.rows
        ],
        breaches=[
            model.BreachNow(
                system=breach.key.system,
                linkedid=breach.key.linkedid,
                line=breach.line,
                queue=breach.queue,
                at=at_json(breach.at),
                agents=list(breach.agents),
                rings=breach.rings,
                outcome=breach.outcome,
            )
            for breach in now.breaches
        ],
        transfers=[_transfer_now(each, viewer) for each in now.transfers],
    )


def _rule(rule: RingRule) -> model.Rule:
    return model.Rule(
        label=rule.label, limit=rule.limit, headline=rule.headline, period_seconds=seconds(rule.period_us)
    )


def _call_now(record: CallNow, now: Now, viewer: Viewer) -> model.CallNow:
    return model.CallNow(
        system=record.key.system,
        linkedid=record.key.linkedid,
        line=record.line,
        dialled=record.dialled,
        caller=viewer.number_as_stored(record.caller) if record.caller is not None else None,
        queue=record.queue,
        team=record.team,
        stage=record.stage,
        stage_since_at=at_json(record.stage_since_at),
        entered_at=at_json(record.entered_at),
        asked_at=at_json(record.asked_at),
        phones=[
            model.PhoneNow(agent=phone.agent, member=phone.member, queue=phone.queue, since_at=at_json(phone.since_at))
            for phone in record.phones.values()
        ],
        counting=record.counting,
        ringing_seconds=seconds(now.ringing_us(record)),
        rings=now.rings(record),
        warned=record.warned,
        breached=record.breached,
        agent=record.agent,
        member=record.member,
    )


def _transfer_now(record: TransferNow, viewer: Viewer) -> model.TransferNow:
    return model.TransferNow(
        system=record.key.system,
        linkedid=record.key.linkedid,
        line=record.line,
        kind=record.transfer.kind,
        at=at_json(record.transfer.at),
        by=record.by,
        to=_target(record.transfer, viewer),
        scope=record.transfer.scope,
        result=record.transfer.result,
    )


def _today(day: Day, *, whole: bool) -> model.Today:
    return model.Today(
        whole=whole,
        offered=day.offered,
        answered=day.answered,
        outcomes=_occurred(day.outcomes),
        verdicts={reading: {verdict: day.verdicts[reading, verdict] for verdict in Verdict} for reading in Reading},
        excluded=_occurred(day.excluded),
        compliance={reading: day.compliance(reading) for reading in Reading},
        answer_rate=day.answer_rate,
        abandon_rate=day.abandon_rate,
        asa_seconds=seconds(day.asa_us),
        direct_handling_rate=day.direct_handling_rate,
        transfers={kind: day.transfers[kind] for kind in TransferKind},
        transfers_completed=day.transfers_completed,
        warnings=day.warnings,
        breaches=day.breaches,
    )


def statistics(figures: PeriodStatistics, chosen: CallFilter) -> period_model.Statistics:
    """The figures of a period."""
    quantiles = figures.waiting_quantiles_us
    return period_model.Statistics(
        since_at=at_json(chosen.since),
        until_at=at_json(chosen.until),
        system=chosen.system,
        line=chosen.line,
        queue=chosen.queue,
        team=chosen.team,
        teams=[
            _of_team(team, figures.teams[team])
            for team in sorted(figures.teams, key=lambda team: (team is None, team or ""))
        ],
        offered=figures.offered,
        answered=figures.answered,
        outcomes=_occurred(figures.outcomes),
        partly_observed=figures.partly_observed,
        rules=_occurred(figures.rules),
        verdicts={reading: {verdict: figures.verdicts[reading][verdict] for verdict in Verdict} for reading in Reading},
        excluded=_occurred(figures.excluded),
        compliance={reading: figures.compliance(reading) for reading in Reading},
        answer_rate=figures.answer_rate,
        abandon_rate=figures.abandon_rate,
        waiting=period_model.Waiting(
            asa_seconds=seconds(figures.asa_us),
            p50_seconds=seconds(quantiles[0.5]),
            p90_seconds=seconds(quantiles[0.9]),
            p95_seconds=seconds(quantiles[0.95]),
        ),
        service_level=period_model.ServiceLevel(
            within_seconds=seconds(figures.within_us),
            answered_within=figures.answered_within,
            abandoned_within=figures.abandoned_within,
            service_level=figures.service_level,
            service_level_with_abandons=figures.service_level_with_abandons,
            service_factor=figures.service_factor,
        ),
        talking_seconds=seconds(figures.talking_us),
        hold_seconds=seconds(figures.hold_us),
        transfers=[
            period_model.TransferCount(kind=kind, scope=scope, result=result, count=count)
            for (kind, scope, result), count in sorted(figures.transfers.items())
        ],
        left_the_centre=figures.left_the_centre,
        direct_handling_rate=figures.direct_handling_rate,
        warnings=figures.warnings,
        breaches=figures.breaches,
        coverage=figures.coverage,
    )


def _of_team(team: str | None, tally: Tally) -> period_model.TeamStatistics:
    return period_model.TeamStatistics(
        team=team,
        offered=tally.offered,
        answered=tally.answered,
        outcomes=_occurred(tally.outcomes),
        verdicts={reading: {verdict: tally.verdicts[reading][verdict] for verdict in Verdict} for reading in Reading},
        compliance={reading: tally.compliance(reading) for reading in Reading},
        answer_rate=tally.answer_rate,
        abandon_rate=tally.abandon_rate,
        asa_seconds=seconds(tally.asa_us),
        direct_handling_rate=tally.direct_handling_rate,
    )


def _occurred(counts: Counter[Word]) -> dict[Word, int]:
    return {word: count for word, count in counts.items() if count}
