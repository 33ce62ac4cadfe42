"""What a finished call went through, stage by stage, worked out from its record.

The ledger keeps instants, attempts, holds and transfers, and no stages: they follow from these. Layers are laid over
each other, the surer above the less sure, and what is on top at each moment is the stage. Whatever the record holds
(attempts before the entry, ends before beginnings, as clocks that were set back leave them), the stretches that come
out follow one another without a hole from the first instant seen to the last.

**Source:** the stages of docs/call-stages.md.
"""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from monitor.calls.facts import Observed, Outcome, Stage, TransferKind, TransferResult, microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.facts import Call, Transfer

_NOT_LET_GO = frozenset({TransferResult.FAILED, TransferResult.RETURNED})
"""Without a reconnection these leave the caller where they were."""
_WORTH_SAYING_US = 100_000
"""What lies between the last word and the hang-up is no stage of its own below this."""


class Stretch(NamedTuple):
    """An interval, in microseconds since 1970."""

    start_us: int
    end_us: int


class Step(NamedTuple):
    """A stretch in one stage."""

    stage: Stage
    start_us: int
    end_us: int


def seen(call: Call) -> Stretch:
    """From the first instant known of a call to the last."""
    instants = [call.entered_at, call.asked_at, call.first_ring_at, call.answered_at, call.ended_at]
    instants += [at for attempt in call.attempts for at in (attempt.started_at, attempt.ended_at)]
    instants += [at for hold in call.holds for at in (hold.started_at, hold.ended_at)]
    instants += [at for transfer in call.transfers for at in (transfer.at, transfer.reconnected_at)]
    if call.ended_at is None:
        instants.append(call.recorded_at)
    known = [microseconds(at) for at in instants if at is not None]
    return Stretch(min(known), max(known))


def ringing_heard(call: Call) -> tuple[Stretch, ...]:
    """When a phone rang for the caller before a person answered: phones that ring at once count once."""
    until_us = microseconds(call.answered_at) if call.answered_at is not None else None
    stretches: list[Stretch] = []
    rang = [attempt for attempt in call.attempts if attempt.rings]
    for attempt in sorted(rang, key=lambda attempt: attempt.started_at):
        start_us, end_us = microseconds(attempt.started_at), microseconds(attempt.ended_at)
        if until_us is not None:
            if start_us > until_us:
                break
            end_us = min(end_us, until_us)
        end_us = max(start_us, end_us)
        if stretches and start_us <= stretches[-1].end_us:
            stretches[-1] = Stretch(stretches[-1].start_us, max(end_us, stretches[-1].end_us))
        else:
            stretches.append(Stretch(start_us, end_us))
    return tuple(stretches)


def after_ringing(heard: Iterable[Stretch], ringing_us: int) -> int | None:
    """The instant at which so much ringing has accumulated; None where it never does."""
    for start_us, end_us in heard:
        if ringing_us <= end_us - start_us:
            return start_us + ringing_us
        ringing_us -= end_us - start_us
    return None


def course_of(call: Call) -> tuple[Step, ...]:
    """The stages of a finished call, one after the other, in order of time."""
    begin_us, end_us = seen(call)
    steps = _uppermost(_layers(call, begin_us, end_us), begin_us, end_us)
    return tuple(_released(call, steps) if call.observed is Observed.WHOLE else steps)


def _layers(call: Call, begin_us: int, end_us: int) -> list[Step]:
    """What may have been when, the surer later."""
    heard = ringing_heard(call)
    asked_us = microseconds(call.asked_at) if call.asked_at is not None else None
    if asked_us is None and heard:
        # When a person was asked for was not seen; but that phones rang was.
        asked_us = heard[0].start_us
    talks_us = _talks_from(call, heard, begin_us)
    layers = [Step(Stage.ANNOUNCEMENT, begin_us, end_us)]
    if asked_us is not None:
        layers.append(Step(Stage.WAITING, asked_us, end_us))
        if talks_us is None and call.waiting_us is not None:
            layers.append(Step(Stage.GIVEN_UP, asked_us + call.waiting_us, end_us))
    layers += [Step(Stage.RINGING, *stretch) for stretch in heard]
    if talks_us is not None:
        layers.append(Step(Stage.TALKING, talks_us, end_us))
        by_time = sorted(call.transfers, key=lambda transfer: transfer.at)
        for transfer, following in zip_longest(by_time, by_time[1:]):
            if _let_go(call, transfer):
                until_at = transfer.reconnected_at or (following.at if following is not None else None)
                until_us = microseconds(until_at) if until_at is not None else end_us
                layers.append(Step(Stage.TRANSFERRING, microseconds(transfer.at), until_us))
    layers += [Step(Stage.HELD, microseconds(hold.started_at), microseconds(hold.ended_at)) for hold in call.holds]
    return layers


def _talks_from(call: Call, heard: tuple[Stretch, ...], begin_us: int) -> int | None:
    """When the caller first spoke with a person; None if never."""
    if call.answered_at is not None:
        return microseconds(call.answered_at)
    if call.outcome is not Outcome.ANSWERED:
        return None
    # That a person had answered was found, not seen: it was after the ringing that was.
    return heard[-1].end_us if heard else begin_us


def _let_go(call: Call, transfer: Transfer) -> bool:
    """Whether the caller was with nobody after a transfer, and not on hold with whoever made it."""
    if transfer.kind is TransferKind.FORWARD:
        return False
    if any(hold.started_at <= transfer.at < hold.ended_at for hold in call.holds):
        return False
    return transfer.reconnected_at is not None or transfer.result not in _NOT_LET_GO


def _uppermost(layers: list[Step], begin_us: int, end_us: int) -> list[Step]:
    """The last layer at every moment; neighbours of one stage are one step."""
    edges = sorted({min(max(at_us, begin_us), end_us) for layer in layers for at_us in layer[1:]})
    steps: list[Step] = []
    for start_us, stop_us in pairwise(edges):
        stage = next(
            layer.stage for layer in reversed(layers) if layer.start_us <= start_us and stop_us <= layer.end_us
        )
        if steps and steps[-1].stage is stage:
            steps[-1] = Step(stage, steps[-1].start_us, stop_us)
        else:
            steps.append(Step(stage, start_us, stop_us))
    return steps


def _released(call: Call, steps: list[Step]) -> list[Step]:
    """Part the end of the last conversation from what came after it: a survey, a menu, silence."""
    if not steps or steps[-1].stage is not Stage.TALKING or call.talking_us is None:
        return steps
    drawn_us = sum(step.end_us - step.start_us for step in steps if step.stage is Stage.TALKING)
    last = steps[-1]
    over_us = min(drawn_us - call.talking_us, last.end_us - last.start_us)
    if over_us <= _WORTH_SAYING_US:
        return steps
    ended_us = last.end_us - over_us
    talked = [Step(Stage.TALKING, last.start_us, ended_us)] if ended_us > last.start_us else []
    return [*steps[:-1], *talked, Step(Stage.RELEASED, ended_us, last.end_us)]
