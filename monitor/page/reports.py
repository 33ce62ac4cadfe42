"""The page of reports: ordering one, watching it being made, and downloading what was made, by whomever.

Reports are made in a process of their own (`monitor.report_worker`); folders are read in threads.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import RedirectResponse
from starlette.routing import Route

from monitor.errors import ReportError, StoreError
from monitor.page.access_forms import NO_REPORTS, NOT_HERE, told
from monitor.page.reports_files import download, format_of, links, zipped
from monitor.page.reports_form import Choices, fresh, read_order
from monitor.page.reports_words import Words, size
from monitor.page.seen import Seen
from monitor.page.viewer import viewer_of
from monitor.report_worker import State
from monitor.reports.order import FileFormat
from monitor.texts import LANGUAGES, catalogue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from monitor.board import Board
    from monitor.page.render import Renderer
    from monitor.page.reports_form import OrderForm
    from monitor.report_worker import Job, Workshop
    from monitor.reports.kept import Kept, KeptReport

    Handler = Callable[[Request], Awaitable[Response]]

_log = structlog.get_logger(__name__)

PAGE_SIZE = 20
"""Reports on one page of the history."""
REFRESH_SECONDS = 3
"""After which a browser without scripts asks again how far the report is."""
_FAILURES_SHOWN = 3
_LEDGER_SECONDS = 1.0
"""How long the form waits to know where the ledger begins: it is of use without that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSources:
    """What the page of reports reads, and whom it gives orders to."""

    workshop: Workshop
    kept: Kept
    zone: ZoneInfo
    rules: tuple[str, ...]
    """Labels of the configured rules."""
    first_call_at: Callable[[], datetime | None]
    """When the ledger's first call was. May block, and raise a `StoreError`."""
    agents: bool = True
    """Figures of single agents may be told at all."""


class ReportPages:
    """The routes below `/reports`.

    Args:
        renderer: makes pages.
        sources: who makes reports, and where they are kept.
        board: knows the names of queues.
        clock: what time it is in the centre.
        lines: names of the configured lines.
        seen: is told who took which file.
    """

    def __init__(
        self,
        renderer: Renderer,
        sources: ReportSources,
        board: Board,
        clock: Callable[[], datetime],
        *,
        lines: Sequence[str],
        seen: Seen | None = None,
    ) -> None:
        self._seen = seen or Seen(None, clock)
        self._renderer = renderer
        self._sources = sources
        self._workshop = sources.workshop
        self._kept = sources.kept
        self._board = board
        self._clock = clock
        self._lines = tuple(lines)
        self._asking: asyncio.Task[datetime | None] | None = None
        self._words = {language: Words(catalogue(language), sources.zone) for language in LANGUAGES}

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves."""
        guarded = self._for_supervisors
        return [
            Route("/reports", guarded(self.index), methods=["GET"]),
            Route("/reports", guarded(self.order), methods=["POST"]),
            Route("/reports/work", guarded(self.work), methods=["GET"]),
            Route("/reports/jobs/{job}/cancel", guarded(self.cancel), methods=["POST"]),
            Route("/reports/kept/{report}.zip", guarded(self.archive), methods=["GET"]),
            Route("/reports/kept/{report}/{name}", guarded(self.file), methods=["GET"]),
        ]

    def _for_supervisors(self, handler: Handler) -> Handler:
        """Refuse those who see figures only, whatever stands before these routes."""

        async def guarded(request: Request) -> Response:
            if not viewer_of(request).sees_calls:
                return told(NO_REPORTS, request, self._renderer)
            return await handler(request)

        return guarded

    async def index(self, request: Request) -> Response:
        """The form, what is being made, and what was made."""
        choices = self._choices()
        return await self._page(request, fresh(choices, self._renderer.language_of(request), await self._begins()))

    async def order(self, request: Request) -> Response:
        """Order what the form asks for, and show how far it is."""
        form = read_order(request.state.form, self._choices(), made_by=viewer_of(request).name)
        if form.order is None:
            return await self._page(request, form, status=HTTPStatus.BAD_REQUEST)
        try:
            job = await self._workshop.order(form.order)
        except ReportError:
            return await self._page(request, form, status=HTTPStatus.SERVICE_UNAVAILABLE, refused=True)
        _log.info("report_ordered", period=form.order.period.name, made_by=form.order.made_by)
        return _see(f"/reports?job={job.id}#work")

    async def cancel(self, request: Request) -> Response:
        """Give a report up."""
        job = self._workshop.find(request.path_params["job"])
        if job is not None and job.active:
            _log.info("report_cancelled", period=job.order.period.name, by=viewer_of(request).name)
            await self._workshop.cancel(job)
        return _see("/reports" if job is None else f"/reports?job={job.id}#work")

    async def work(self, request: Request) -> Response:
        """How far the reports are, for the page's script."""
        return self._renderer.page(request, "reports_work.html", **self._work(request))

    async def file(self, request: Request) -> Response:
        """One file of a report."""
        report, name = await self._found(request), request.path_params["name"]
        path = self._kept.file(report, name) if report is not None else None
        form = next((format_of(file) for file in report.files if file.name == name), None) if report else None
        if path is None or form is None or not await asyncio.to_thread(path.is_file):
            return told(NOT_HERE, request, self._renderer)
        self._seen.file(request, f"{report.id}/{name}" if report is not None else name)
        return download(path, form)

    async def archive(self, request: Request) -> Response:
        """All CSV files of a report."""
        report = await self._found(request)
        if report is None or not any(format_of(file) is FileFormat.CSV for file in report.files):
            return told(NOT_HERE, request, self._renderer)
        self._seen.file(request, f"{report.id}.zip")
        return zipped(report, self._kept.folder_of(report), self._sources.zone)

    # What the page is made of

    def _choices(self) -> Choices:
        return Choices(
            today=self._clock().astimezone(self._sources.zone).date(),
            zone=self._sources.zone,
            lines=self._lines,
            rules=self._sources.rules,
            agents=self._sources.agents,
        )

    async def _begins(self) -> date | None:
        """The day of the ledger's first call; None where there is none, or nobody can say soon.

        A ledger that is away is asked by one request at a time, however many come.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._first_call_at())
        done, _late = await asyncio.wait([self._asking], timeout=_LEDGER_SECONDS)
        first_at = self._asking.result() if done else None
        return None if first_at is None else first_at.astimezone(self._sources.zone).date()

    async def _first_call_at(self) -> datetime | None:
        try:
            return await asyncio.to_thread(self._sources.first_call_at)
        except StoreError:
            # What is ordered now will say so.
            return None

    async def _found(self, request: Request) -> KeptReport | None:
        return await asyncio.to_thread(self._kept.find, request.path_params["report"])

    async def _page(
        self, request: Request, form: OrderForm, *, status: HTTPStatus = HTTPStatus.OK, refused: bool = False
    ) -> Response:
        kept: list[KeptReport] = []
        unreadable = ""
        try:
            kept = await asyncio.to_thread(self._kept.all)
        except ReportError as error:
            _log.warning("reports_not_read", reason=str(error))
            unreadable = str(error)
        pages = max(1, -(-len(kept) // PAGE_SIZE))
        asked = request.query_params.get("page", "1")
        page = min(pages, max(1, int(asked[:6]))) if asked.isascii() and asked.isdigit() else 1
        return self._renderer.page(
            request,
            "reports.html",
            status=status,
            form=form,
            refused=refused,
            choices=self._choices(),
            formats=FileFormat,
            queues=sorted({queue for _system, queue in self._board.queue_callers}),
            reports=kept[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
            count=len(kept),
            page=page,
            pages=pages,
            unreadable=unreadable,
            seconds=REFRESH_SECONDS,
            **self._work(request),
        )

    def _work(self, request: Request) -> dict[str, Any]:
        """How far the reports are, as the templates take it."""
        asked = request.query_params.get("job", "")
        jobs = self._workshop.jobs
        failed = [job for job in jobs if job.state is State.FAILED][:_FAILURES_SHOWN]
        shown = [job for job in jobs if job.active or job.id == asked or job in failed]
        return {
            "jobs": shown,
            "job_asked": asked if any(job.id == asked for job in jobs) else "",
            "active": any(job.active for job in jobs),
            "waits": any(job.active for job in jobs if job.id == asked),
            "made": " ".join(job.id for job in jobs if job.state is State.DONE),
            "ahead": self._ahead,
            "words": self._words[self._renderer.language_of(request)],
            "links": links,
            "size": size,
        }

    def _ahead(self, job: Job) -> int:
        """How many are made before it."""
        return [other for other in self._workshop.jobs if other.active].index(job)


def _see(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
