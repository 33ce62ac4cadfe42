"""Facts of calls that ring, as the call state tells them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from monitor.calls.facts import (
    CallAnswered,
    CallKey,
    Gap,
    GapCause,
    RingBreach,
    RingingCeased,
    RingingStarted,
    RingWarning,
)

SYSTEM, LINE, QUEUE = "pbx1", "1588-6565", "counsel"


class Ringing:
    """One call whose phone began to ring `seconds` ago; by Korea's cadence its ring 4 begins after 9 s."""

    def __init__(
        self,
        number: int = 1,
        *,
        seconds: float = 9.0,
        queue: str | None = QUEUE,
        member: str | None = "김하나",
        line: str = LINE,
        system: str = SYSTEM,
        now: datetime | None = None,
    ) -> None:
        self.key = CallKey(system=system, linkedid=f"1795400000.{number}")
        self.line, self.queue, self.member = line, queue, member
        self.agent = f"PJSIP/agent{number}"
        self.channel = f"{self.agent}-{number:08x}"
        self.began_at = (now or datetime.now(UTC)) - timedelta(seconds=seconds)

    def after(self, seconds: float) -> datetime:
        return self.began_at + timedelta(seconds=seconds)

    def starts(self, *, seconds: float = 0.0, before_us: int = 0, counting: bool = True) -> RingingStarted:
        return RingingStarted(
            key=self.key,
            line=self.line,
            channel=self.channel,
            agent=self.agent,
            member=self.member,
            queue=self.queue,
            at=self.after(seconds),
            before_us=before_us,
            counting=counting,
        )

    def warns(self) -> RingWarning:
        return RingWarning(
            key=self.key,
            line=self.line,
            queue=self.queue,
            at=self.after(6.0),
            rings=3,
            agents=(self.agent,),
            rule="three-rings/1",
        )

    def breaks(self) -> RingBreach:
        return RingBreach(
            key=self.key,
            line=self.line,
            queue=self.queue,
            at=self.after(9.0),
            rings=4,
            agents=(self.agent,),
            rule="three-rings/1",
        )

    def ceases(self, seconds: float = 9.5) -> RingingCeased:
        return RingingCeased(key=self.key, channel=self.channel, at=self.after(seconds))

    def answered(self, seconds: float = 9.5) -> CallAnswered:
        return CallAnswered(
            key=self.key,
            line=self.line,
            agent=self.agent,
            member=self.member,
            queue=self.queue,
            at=self.after(seconds),
            rings=4,
        )


def blind(system: str = SYSTEM, *, at: datetime | None = None) -> Gap:
    """The wire is cut."""
    return Gap(system=system, started_at=at or datetime.now(UTC), ended_at=None, cause=GapCause.NOT_CONNECTED)
