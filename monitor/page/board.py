"""The board's page: painted once for the first sight, then part by part as facts arrive."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from monitor.calls.facts import (
    AgentState,
    AttemptEnded,
    Call,
    CallAnswered,
    CallForgotten,
    CallStarted,
    Gap,
    RingBreach,
    RingingCeased,
    RingingStarted,
    RingWarning,
    StageChanged,
    TransferEnded,
    microseconds,
)
from monitor.masking import masked_within
from monitor.page.chart import chart_of
from monitor.page.now import DESK, WALL, Now, status_of
from monitor.page.stream import DEAD_SECONDS, EventStream, Hub, Painting, Variant
from monitor.page.viewer import Viewer, viewer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from monitor.board import Board
    from monitor.calls.facts import Fact
    from monitor.page.now import Source, SystemSource
    from monitor.page.render import Renderer

PARTS = ("status", "ringing", "waiting", "talking", "agents", "today", "chart", "breaches", "transfers")
COLUMNS = {
    "desk": (("ringing", "waiting", "talking", "agents", "breaches"), ("today", "chart", "transfers")),
    "wall": (("ringing", "agents", "breaches"), ("today", "waiting", "talking", "chart", "transfers")),
}
"""What stands where, by view."""
LIMITS = {"desk": DESK, "wall": WALL}
_CALLS = frozenset({"ringing", "waiting", "talking"})
_TOUCHED: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        CallStarted: frozenset({"waiting"}),
        StageChanged: _CALLS,
        RingingStarted: frozenset({"ringing"}),
        RingingCeased: frozenset({"ringing"}),
        AttemptEnded: frozenset({"ringing"}),
        CallAnswered: _CALLS,
        RingWarning: frozenset({"today"}),
        RingBreach: frozenset({"ringing", "today", "breaches"}),
        TransferEnded: frozenset({"transfers"}),
        Call: _CALLS | {"today", "chart", "breaches"},
        CallForgotten: _CALLS,
        AgentState: frozenset({"agents"}),
        Gap: frozenset(PARTS),
    }
)
"""The parts that a kind of fact changes; those of others change nothing that is shown."""


class BoardPages:
    """`/`, `/wall` and their stream.

    Args:
        renderer: templates.
        board: what is true now.
        systems: each Asterisk by name; may grow.
        store: the ledger.
        clock: the time in the centre.
        rate: how fast the systems' clocks run; 1 but for a simulator.
        standing_by: says whether another monitor writes and tells.
    """

    def __init__(
        self,
        renderer: Renderer,
        board: Board,
        systems: Mapping[str, SystemSource],
        store: Source,
        clock: Callable[[], datetime],
        *,
        rate: float = 1.0,
        standing_by: Callable[[], bool] = lambda: False,
    ) -> None:
        self._standing_by = standing_by
        self._renderer = renderer
        self._board = board
        self._systems = systems
        self._store = store
        self._clock = clock
        self.hub = Hub(self, frozenset(PARTS), rate=rate)
        self.routes: list[BaseRoute] = [
            Route("/", self._desk),
            Route("/wall", self._wall),
            Route("/stream", self._stream),
        ]

    def record(self, fact: Fact) -> None:
        """Note what a fact changes, after the board has taken it; a breach is told at once."""
        touched = _TOUCHED.get(type(fact))
        if touched is not None:
            self.hub.touch(touched)
        if isinstance(fact, RingBreach):
            # It goes to every browser alike, so that it is fit for those who may see least.
            agents = masked_within(", ".join(self._board.breaches[-1].agents))
            body = {"line": fact.line, "queue": fact.queue, "rings": fact.rings, "agents": agents}
            self.hub.announce("breach", body | {"at": microseconds(fact.at) / 1000})

    # What the hub asks for

    def paint(self, variant: Variant, stale: frozenset[str]) -> Painting:
        """Render parts of the board as it is now."""
        now = Now(
            self._board,
            self._systems,
            self._store,
            self._clock(),
            LIMITS[variant.view],
            standing_by=self._standing_by(),
        )
        viewer = Viewer(name="", role="supervisor" if variant.calls else "board", numbers=variant.numbers)
        context: dict[str, Any] = {
            "now": now,
            "viewer": viewer,
            "systems": tuple(self._systems),
            "unknown": now.status.unknown(len(self._systems)),
        }
        if "chart" in stale:
            context["chart"] = chart_of(now.bars)
        parts = {
            name: self._renderer.fragment(variant.language, f"now/{name}.html", **context)
            for name in PARTS
            if name in stale
        }
        return Painting(parts, now.status.doubtful_parts(len(self._systems)))

    def trust(self) -> object:
        """Whether the sources can be vouched for, and the day: what these change may stand in every part."""
        # Midnight empties today's figures without a fact that says so, and may bring another rule.
        today = self._clock().astimezone(self._renderer.zone).date()
        return status_of(self._board, self._systems, self._store, standing_by=self._standing_by()), today

    def clocks(self) -> Mapping[str, float]:
        """What each system's clock shows, in milliseconds since 1970; the centre's under the empty name."""
        clocks = {name: microseconds(system.now()) / 1000 for name, system in self._systems.items()}
        return {"": microseconds(self._clock()) / 1000} | clocks

    # What browsers ask for

    async def _desk(self, request: Request) -> Response:
        return self._page(request, "desk")

    async def _wall(self, request: Request) -> Response:
        return self._page(request, "wall")

    def _page(self, request: Request, view: str) -> Response:
        painting = self.paint(self._variant(request, view), frozenset(PARTS))
        return self._renderer.page(
            request,
            "board.html",
            view=view,
            columns=COLUMNS[view],
            rendered=painting.parts,
            doubtful=painting.doubtful,
            at=self._clock(),
            zone=str(self._renderer.zone),
            clocks=self.clocks(),
            rate=self.hub.rate,
            dead_seconds=DEAD_SECONDS,
        )

    async def _stream(self, request: Request) -> ASGIApp | Response:
        view = request.query_params.get("view", "desk")
        if view not in COLUMNS:
            return JSONResponse({"detail": f"There is no view {view!r}: ask for desk or wall."}, 400)
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        stream = self.hub.open(self._variant(request, view))
        if stream is None:
            return JSONResponse({"detail": "Too many pages are open; close one and try again."}, 503)
        return EventStream(self.hub, stream)

    def _variant(self, request: Request, view: str) -> Variant:
        """What a viewer is shown: on a wall, where anybody looks, no number in full and no way to a call."""
        viewer = viewer_of(request)
        on_wall = view == "wall"
        return Variant(
            self._renderer.language_of(request),
            viewer.numbers and not on_wall,
            viewer.sees_calls and not on_wall,
            view,
        )
