"""What the settings say of reports, as the room of reports takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.calls.rules import SECOND_US
from monitor.report_schedule import Schedule, Standing
from monitor.reports.order import Basis, FileFormat, House
from monitor.reports.post import Post

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.config import Settings
    from monitor.report_schedule import Workshop
    from monitor.reports.kept import Kept


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
        register=tuple(one.commitment() for one in settings.commitment),
    )


def house_of(settings: Settings) -> House:
    """What a report says of the institution."""
    reports = settings.reports
    return House(
        institution=reports.institution,
        audience=reports.audience,
        target=reports.target,
        page_url=reports.page_url or settings.alerts.page_url,
        teams={team.name: team.name_en or team.name for team in settings.team},
    )


def post_of(settings: Settings) -> Post | None:
    """How reports are mailed; None where nobody is to get them."""
    mail = settings.reports.mail
    if not mail.to:
        return None
    return Post(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        tls_ca=mail.tls_ca,
        username=mail.username,
        password=mail.read_password,
        sender=mail.sender,
        to=mail.to,
    )


def what_is_made(settings: Settings) -> str:
    """What is made by itself, for whom, and on which calls the promise is judged, in words, without a secret."""
    reports = settings.reports
    told = [f"kept in {reports.folder}"]
    if reports.schedule:
        told.append(f"made on the first working day of each month at {reports.at:%H:%M}")
        many = len(reports.mail.to)
        by = f" by {reports.mail.host}:{reports.mail.port}"
        told.append(f"mailed to {many} address{'es' if many > 1 else ''}{by}" if many else "mailed to nobody")
    else:
        told.append("none made by itself")
    judged = {"all": "all calls", "working_time": "the calls of working time"}[settings.working_time.judged_on]
    return f"{', '.join(told)}; the promise is judged on {judged}"


def standing_of(settings: Settings) -> Standing:
    """What the schedule makes, and when."""
    reports = settings.reports
    return Standing(
        work_time=settings.working_time.work_time(settings.zone),
        at=reports.at,
        languages=reports.languages,
        formats=tuple(FileFormat(form) for form in reports.formats),
        agents=reports.agents,
        post=post_of(settings),
    )


def schedule_of(
    settings: Settings,
    workshop: Workshop,
    kept: Kept,
    *,
    clock: Callable[[], datetime],
    first_call_at: Callable[[], datetime | None],
    settled: Callable[[], bool],
    leads: Callable[[], bool] = lambda: True,
) -> Schedule | None:
    """The schedule; None where nothing is made by itself. See `Schedule` for what it takes."""
    if not settings.reports.schedule:
        return None
    return Schedule(
        workshop,
        kept,
        standing_of(settings),
        clock=clock,
        first_call_at=first_call_at,
        settled=settled,
        leads=leads,
    )
