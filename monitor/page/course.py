"""What a finished call went through, stage by stage, worked out from its record.

The ledger keeps instants, attempts, holds and transfers, and no stages: they follow from these. Layers are laid over
each other, the surer above the less sure, and what is on top at each moment is the stage. Whatever the record holds
(attempts before the entry, ends before beginnings, as clocks that were set back leave them), the stretches that come
out follow one another without a hole from the first instant seen to the last. In a gap, an interval in which the
system was not observed, no clock of a call ran, and nothing is drawn as if it had been seen.

**Source:** the stages of docs/call-stages.md.
"""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from monitor.calls.facts import Observed, Outcome, Source, Stage, TransferKind, TransferResult, microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.calls.facts import Call, Gap, GapCause, Transfer

_NOT_LET_GO = frozenset({TransferResult.FAILED, TransferResult.RETURNED})
"""Without a reconnection these leave the caller where they were."""
_WORTH_SAYING_US = 100_000
"""What lies between the last word and the hang-up is no stage of its own below this."""
LONGEST_US = 43_200_000_000
"""No conversation is followed further back than this beyond the first instant that a record holds."""
_TOLD_US = 1_000_000
"""After a gap it takes up to so long until what exists is told, and clocks run again."""


class Stretch(NamedTuple):
    """An interval, in microseconds since 1970."""

    start_us: int
    end_us: int


class Step(NamedTuple):
    """A stretch in one stage."""

    stage: Stage | None
    """None: the system was not observed."""
    start_us: int
    end_us: int
    causes: tuple[GapCause, ...] = ()
    """Why it was not, in order of time."""

    @property
    def length_us(self) -> int:
        """How long it lasted."""
        return self.end_us - self.start_us


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
    if _answered_unseen(call):
        return _heard_before_unseen_answer(call)
    return _rang(call, until_us)


def _heard_before_unseen_answer(call: Call) -> tuple[Stretch, ...]:
    """The first of the ringing, as much as was counted: what rang later rang for a transfer."""
    heard: list[Stretch] = []
    left_us = call.ringing_us
    for start_us, end_us in _rang(call, None) if call.rings else ():
        if left_us is not None:
            if heard and left_us <= 0 and start_us < end_us:
                break
            end_us = min(end_us, start_us + left_us)  # noqa: PLW2901 - the stretch as far as it counts
            left_us -= end_us - start_us
        heard.append(Stretch(start_us, end_us))
    return tuple(heard)


def _rang(call: Call, until_us: int | None) -> tuple[Stretch, ...]:
    """When any phone rang, up to an instant."""
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


def may_be_unseen(call: Call) -> bool:
    """Whether gaps can touch a call: a record that was seen whole, or made by others, tells what happened in them."""
    return call.observed is Observed.PARTLY and call.source is Source.AMI


def course_of(call: Call, gaps: Iterable[Gap] = ()) -> tuple[Step, ...]:
    """The stages of a finished call, one after the other, in order of time.

    Args:
        call: as the ledger has it.
        gaps: of its system; they may overlap, and those without length are none.
    """
    begin_us, end_us = seen(call)
    known = sorted(gaps, key=lambda gap: gap.started_at) if may_be_unseen(call) else []
    unseen = _union(known, begin_us, end_us)
    if unseen and call.ended_at is None and end_us - unseen[-1].end_us <= _TOLD_US:
        # That it was over was known as soon as what exists was told.
        unseen[-1] = unseen[-1]._replace(end_us=end_us)
    steps = _uppermost(_layers(call, unseen, begin_us, end_us), begin_us, end_us)
    if unseen:
        steps = _as_timed(call, steps)
    if may_be_unseen(call) and _answered_unseen(call) and call.entered_at is None and not call.rings:
        steps = _joined([*_talked_before(-_over_us(call, steps), known, begin_us), *steps])
    return tuple(_released(call, steps) if unseen or call.observed is Observed.WHOLE else steps)


def _talked_before(length_us: int, gaps: Iterable[Gap], until_us: int) -> list[Step]:
    """Conversation that was found going on, before the first instant of it that the record holds."""
    steps: list[Step] = []
    length_us = min(length_us, LONGEST_US)
    for gap in reversed(_union(gaps, 0, until_us)):
        if length_us <= until_us - gap.end_us:
            break
        steps = [gap, Step(Stage.TALKING, gap.end_us, until_us), *steps]
        length_us, until_us = length_us - (until_us - gap.end_us), gap.start_us
    return [Step(Stage.TALKING, until_us - length_us, until_us), *steps] if length_us > 0 else []


def _union(gaps: Iterable[Gap], begin_us: int, end_us: int) -> list[Step]:
    """The union of gaps, told by their beginning, within a time."""
    found: list[Step] = []
    for gap in gaps:
        start_us = max(begin_us, microseconds(gap.started_at))
        stop_us = min(end_us, microseconds(gap.ended_at)) if gap.ended_at is not None else end_us
        if start_us >= stop_us:
            continue
        if found and start_us <= found[-1].end_us:
            before = found.pop()
            causes = before.causes if gap.cause in before.causes else (*before.causes, gap.cause)
            found.append(Step(None, before.start_us, max(before.end_us, stop_us), causes))
        else:
            found.append(Step(None, start_us, stop_us, (gap.cause,)))
    return found


def _layers(call: Call, unseen: list[Step], begin_us: int, end_us: int) -> list[Step]:
    """What may have been when, the surer later."""
    heard = ringing_heard(call)
    asked_us = microseconds(call.asked_at) if call.asked_at is not None else None
    if asked_us is None and heard:
        # When a person was asked for was not seen; but that phones rang was.
        asked_us = heard[0].start_us
    talks_us = _talks_from(call, heard, unseen, begin_us)
    layers = [Step(Stage.ANNOUNCEMENT, begin_us, end_us)]
    if asked_us is not None:
        layers.append(Step(Stage.WAITING, asked_us, end_us))
        if talks_us is None and call.waiting_us is not None:
            layers.append(Step(Stage.GIVEN_UP, asked_us + call.waiting_us, end_us))
    if talks_us is not None:
        layers.append(Step(Stage.TALKING, talks_us, end_us))
        by_time = sorted(call.transfers, key=lambda transfer: transfer.at)
        for transfer, following in zip_longest(by_time, by_time[1:]):
            if _let_go(call, transfer):
                until_at = transfer.reconnected_at or (following.at if following is not None else None)
                until_us = microseconds(until_at) if until_at is not None else end_us
                layers.append(Step(Stage.TRANSFERRING, microseconds(transfer.at), until_us))
    layers += unseen
    # The record tells when these began and ended: somebody saw them, whatever gaps the ledger was told of.
    layers += [Step(Stage.RINGING, *stretch) for stretch in heard]
    layers += [Step(Stage.HELD, microseconds(hold.started_at), microseconds(hold.ended_at)) for hold in call.holds]
    return layers


def _talks_from(call: Call, heard: tuple[Stretch, ...], unseen: list[Step], begin_us: int) -> int | None:
    """When the caller first spoke with a person; None if never."""
    if call.answered_at is not None:
        return microseconds(call.answered_at)
    if not _answered_unseen(call):
        return None
    # That a person had answered was found, not seen: it was after the ringing that was, and in a gap.
    if not heard and call.entered_at is None:
        return begin_us
    after_us = heard[-1].end_us if heard else begin_us
    return next((gap.end_us for gap in unseen if gap.end_us >= after_us), after_us)


def _answered_unseen(call: Call) -> bool:
    """Whether a person had answered without anybody seeing it: they were found in conversation."""
    talked = call.observed is Observed.PARTLY and bool(call.talking_us)
    return call.answered_at is None and (talked or call.outcome is Outcome.ANSWERED)


def _let_go(call: Call, transfer: Transfer) -> bool:
    """Whether the caller was with nobody after a transfer, and not on hold with whoever made it."""
    if transfer.kind is TransferKind.FORWARD:
        return False
    if any(hold.started_at <= transfer.at < hold.ended_at for hold in call.holds):
        return False
    return transfer.reconnected_at is not None or transfer.result not in _NOT_LET_GO


def _uppermost(layers: list[Step], begin_us: int, end_us: int) -> list[Step]:
    """The last layer at every moment; neighbours of one stage are one step."""
    edges = sorted({min(max(at_us, begin_us), end_us) for layer in layers for at_us in (layer.start_us, layer.end_us)})
    steps: list[Step] = []
    for start_us, stop_us in pairwise(edges):
        layer = next(layer for layer in reversed(layers) if layer.start_us <= start_us and stop_us <= layer.end_us)
        steps.append(layer._replace(start_us=start_us, end_us=stop_us))
    return _joined(steps)


def _joined(steps: Iterable[Step]) -> list[Step]:
    """Steps without those of no length; neighbours of one stage are one."""
    joined: list[Step] = []
    for step in steps:
        if not step.length_us:
            continue
        if joined and (joined[-1].stage, joined[-1].causes) == (step.stage, step.causes):
            joined[-1] = joined[-1]._replace(end_us=step.end_us)
        else:
            joined.append(step)
    return joined


def _as_timed(call: Call, steps: list[Step]) -> list[Step]:
    """Let conversation go on behind gaps when its clock did.

    It runs again once what exists has been told, a moment after the gap. And it may have run in a gap that another
    monitor told of: then so much of the gap was seen.
    """
    over_us = _over_us(call, steps)
    if over_us > _TOLD_US:
        return steps
    fitted = list(steps)
    for place in range(len(steps) - 1, 0, -1):
        gap, talk = fitted[place - 1], fitted[place]
        if gap.stage is None and talk.stage is Stage.TALKING:
            by_us = max(-gap.length_us, min(over_us, talk.length_us))
            over_us -= by_us
            fitted[place - 1] = gap._replace(end_us=gap.end_us + by_us)
            fitted[place] = talk._replace(start_us=talk.start_us + by_us)
    return _joined(fitted)


def _over_us(call: Call, steps: Iterable[Step]) -> int:
    """How much more conversation there is than its clock says; less than nothing where there is not enough."""
    steps = tuple(steps)
    over_us = 0 if call.talking_us is None else _total_us(steps, Stage.TALKING) - call.talking_us
    # Hold, and the beginning of a transfer, may be timed as conversation: the caller is in a room with a person.
    return over_us if over_us > 0 else min(0, over_us + _total_us(steps, Stage.HELD, Stage.TRANSFERRING))


def _total_us(steps: Iterable[Step], *stages: Stage) -> int:
    return sum(step.length_us for step in steps if step.stage in stages)


def _released(call: Call, steps: list[Step]) -> list[Step]:
    """Part the end of the last conversation from what came after it: a survey, a menu, silence."""
    if not steps or steps[-1].stage is not Stage.TALKING or call.talking_us is None:
        return steps
    last = steps[-1]
    over_us = min(_total_us(steps, Stage.TALKING) - call.talking_us, last.length_us)
    if over_us <= _WORTH_SAYING_US:
        return steps
    ended_us = last.end_us - over_us
    talked = [Step(Stage.TALKING, last.start_us, ended_us)] if ended_us > last.start_us else []
    return [*steps[:-1], *talked, Step(Stage.RELEASED, ended_us, last.end_us)]
