"""The page as one application: the board, single calls, the JSON API, and who may see which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from monitor.ledger.search import Search
from monitor.page.access import Access
from monitor.page.access_forms import told_by_status
from monitor.page.api import Api
from monitor.page.api_callbacks import CALLBACK_OPERATIONS, CallbackApi
from monitor.page.api_case_operations import CASE_OPERATIONS
from monitor.page.board import BoardPages
from monitor.page.callbacks import CallbackPages
from monitor.page.calls import CallPages
from monitor.page.cases_setup import case_routes
from monitor.page.render import Renderer
from monitor.page.reports import ReportPages
from monitor.page.reviews import ReviewPages
from monitor.page.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from starlette.routing import BaseRoute

    from monitor.board import Board
    from monitor.callbacks.desk import CallbackDesk
    from monitor.calls.facts import Fact
    from monitor.commitments.desk import CaseDesk
    from monitor.config_web import WebSettings
    from monitor.ledger.repository import Repository
    from monitor.page.now import Source, SystemSource
    from monitor.page.reports import ReportSources
    from monitor.page.seen import Accesses
    from monitor.reviews.desk import ReviewDesk
    from monitor.texts import Language

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the page reads."""

    board: Board
    systems: Mapping[str, SystemSource]
    """Each Asterisk by name; may grow."""
    store: Source
    """The ledger, as far as its health goes."""
    clock: Callable[[], datetime]
    """The time in the centre."""
    zone: tzinfo
    repository: Repository
    """The ledger, to be read: a reader of its own, apart from the writer's."""
    lines: tuple[str, ...]
    """Names of the configured lines."""
    rate: float = 1.0
    """How fast the systems' clocks run; 1 but for a simulator."""
    reports: ReportSources | None = None
    """Who makes reports, and where they are kept; None where none are made."""
    reviews: ReviewDesk | None = None
    """Where calls are reviewed; None where they are not."""
    cases: CaseDesk | None = None
    """Where cases of promises with a clock are kept; None where they are not."""
    callbacks: CallbackDesk | None = None
    """Where people work on calls back; None where they do not."""
    accesses: Accesses | None = None
    """Where it is written down who saw which call; None for nowhere."""
    standing_by: Callable[[], bool] = lambda: False
    """Whether another monitor writes to the ledger and tells of alerts."""


class Page:
    """The page: a sink of facts, which wake it, and a reader of the board and the ledger.

    Args:
        settings: who may see it.
        language: of those who have not chosen one.
        sources: what it reads.

    Raises:
        ConfigError: a file of a secret cannot be read.
    """

    def __init__(self, settings: WebSettings, language: Language, sources: Sources) -> None:
        renderer = Renderer(sources.zone, language, teams=sources.board.teams)
        self.access = access = Access(settings, renderer, lambda: datetime.now(UTC))
        self.board = BoardPages(
            renderer,
            sources.board,
            sources.systems,
            sources.store,
            sources.clock,
            rate=sources.rate,
            standing_by=sources.standing_by,
        )
        search = Search(sources.repository.store)
        seen = Seen(sources.accesses, lambda: datetime.now(UTC))
        calls = CallPages(
            renderer,
            sources.board,
            search,
            sources.repository,
            sources.clock,
            lines=sources.lines,
            systems=sources.systems,
            seen=seen,
            callback_of=None if sources.callbacks is None else sources.callbacks.get,
        )
        reports = (
            ReportPages(renderer, sources.reports, sources.board, sources.clock, lines=sources.lines, seen=seen)
            if sources.reports is not None
            else None
        )
        reviews = (
            ReviewPages(renderer, sources.reviews, sources.repository, seen) if sources.reviews is not None else None
        )
        api = Api(
            board=sources.board,
            systems=sources.systems,
            source=sources.store,
            search=search,
            repository=sources.repository,
            clock=sources.clock,
            seen=seen,
            further=(
                *(CASE_OPERATIONS if sources.cases is not None else ()),
                *(CALLBACK_OPERATIONS if sources.callbacks is not None else ()),
            ),
        )
        desk = sources.callbacks
        callbacks: list[BaseRoute] = []
        if desk is not None:
            pages = CallbackPages(renderer, desk, sources.board, sources.clock, lines=sources.lines, seen=seen)
            callbacks = [*pages.routes, *CallbackApi(desk, seen).routes]
        cases = case_routes(renderer, sources.cases, sources.repository, seen) if sources.cases is not None else []
        self.app = Starlette(
            routes=[
                *self.board.routes,
                *calls.routes,
                *(reports.routes if reports is not None else ()),
                *(reviews.routes if reviews is not None else ()),
                *cases,
                *callbacks,
                *api.routes,
                *access.routes,
                Mount("/static", StaticFiles(directory=_STATIC)),
            ],
            middleware=access.middleware,
            exception_handlers={HTTPException: lambda request, error: told_by_status(error, request, renderer)},
        )

    @property
    def streams(self) -> int:
        """Browsers that watch the board now."""
        return self.board.hub.streams

    @property
    def streams_dropped(self) -> int:
        """Browsers that were dropped because they did not read."""
        return self.board.hub.dropped_total

    def record(self, fact: Fact) -> None:
        """Take a fact, after the board has."""
        self.board.record(fact)

    async def run(self) -> None:
        """Keep all who watch up to date, for ever."""
        await self.board.hub.run()
