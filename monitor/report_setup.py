"""What the settings say of reports, as the room of reports takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.rules import SECOND_US
from monitor.reports.order import Basis, House

if TYPE_CHECKING:
    from monitor.config import Settings


def basis_of(settings: Settings) -> Basis:
    """What figures rest on."""
    return Basis(
        rules=settings.ring_rules(),
        lines=tuple(line.name for line in settings.line),
        systems=tuple(system.name for system in settings.asterisk),
        work_time=settings.working_time.work_time(settings.zone),
        judged_on=settings.working_time.judged_on,
        within_us=round(settings.reports.within_seconds * SECOND_US),
        short_us=round(settings.reports.short_seconds * SECOND_US),
        agents=settings.reports.agents,
    )


def house_of(settings: Settings) -> House:
    """What a report says of the institution."""
    reports = settings.reports
    return House(
        institution=reports.institution,
        audience=reports.audience,
        target=reports.target,
        page_url=reports.page_url or settings.alerts.page_url,
    )
