"""The page that brings in a file of cases: first what would come of it, then, once somebody has seen that, all of it.

What is confirmed is the file that was shown, to the byte: it waits here under its hash, for whoever sent it, a while.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from monitor.commitments.columns import COLUMNS, REQUIRED, heading
from monitor.commitments.intake import bring_in
from monitor.csv_text import BOM
from monitor.errors import ImportRefused
from monitor.page.cases_asking import Asking, actor_of
from monitor.page.cases_form import ON
from monitor.page.viewer import viewer_of

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from monitor.commitments.desk import CaseDesk
    from monitor.commitments.intake import Intake
    from monitor.page.access_uploads import Upload
    from monitor.page.cases import CasePages

_log = structlog.get_logger(__name__)

WAITING_AT_MOST = 4
"""Files that wait to be confirmed; of more the oldest has to be sent again."""
WAITS = timedelta(minutes=30)
FAULTS_SHOWN = 100
_ZIPPED = b"PK"
"""What a workbook begins with, as every ZIP file does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of a file, or would."""

    name: str
    digest: str
    update: bool
    intake: Intake | None
    """None where it is no file of cases."""
    refused: str = ""
    """Why not; a sentence in English."""


class UploadPages:
    """The routes `/cases/import` and `/cases/template.csv`.

    Args:
        pages: the other pages of cases, which these look like.
        desk: where cases are kept.
        asking: takes turns at the ledger.
    """

    def __init__(self, pages: CasePages, desk: CaseDesk, asking: Asking) -> None:
        self._pages = pages
        self._desk = desk
        self._ask = asking
        self._waiting: OrderedDict[tuple[str, str], tuple[Upload, datetime]] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    @property
    def routes(self) -> list[BaseRoute]:
        """What an application serves, before the routes of single cases."""
        guarded = self._pages.for_supervisors
        return [
            Route("/cases/import", guarded(self.form), methods=["GET"]),
            Route("/cases/import", guarded(self.take), methods=["POST"]),
            Route("/cases/template.csv", guarded(self.template), methods=["GET"]),
        ]

    async def form(self, request: Request) -> Response:
        """The form, and how many cases were written where one was just sent."""
        written = request.query_params.get("written", "")
        return self._page(request, written=int(written[:6]) if written.isascii() and written.isdigit() else None)

    async def template(self, request: Request) -> Response:
        """An empty sheet with the names of the columns in the viewer's language."""
        text = io.StringIO()
        text.write(BOM)
        csv.writer(text, lineterminator="\r\n").writerow(heading(self._pages.language_of(request)))
        return Response(
            text.getvalue().encode(),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="cases-template.csv"'},
        )

    async def take(self, request: Request) -> Response:
        """Show what would come of a file; bring in the one that was shown."""
        form: dict[str, str] = request.state.form
        upload: Upload | None = request.state.upload
        who = viewer_of(request).name
        update = form.get("update", "") == ON
        if upload is not None:
            digest = self._keep(who, upload)
            shown = await self._bring(request, upload, digest, update=update, dry_run=True)
            usable = shown.intake is not None and not shown.intake.bad
            return self._page(request, shown=shown, status=HTTPStatus.OK if usable else HTTPStatus.BAD_REQUEST)
        if "confirm" not in form:
            return self._page(request, missing=True, status=HTTPStatus.BAD_REQUEST)
        kept = self._kept(who, form["confirm"])
        if kept is None:
            return self._page(request, gone=True, status=HTTPStatus.CONFLICT)
        shown = await self._bring(request, kept, form["confirm"], update=update, dry_run=False)
        if shown.intake is None or shown.intake.bad:
            # Somebody has opened or changed one of these cases since it was shown.
            return self._page(request, shown=shown, status=HTTPStatus.CONFLICT)
        # A button pressed twice brings it in once, and finds it brought in and gone the second time.
        self._waiting.pop((who, form["confirm"]), None)
        _log.info("cases_brought_in", written=shown.intake.written, same=shown.intake.same, by=who)
        return RedirectResponse(f"/cases/import?written={shown.intake.written}", HTTPStatus.SEE_OTHER)

    def _keep(self, who: str, upload: Upload) -> str:
        self._drop_old()
        digest = hashlib.sha256(upload.content).hexdigest()
        self._waiting[who, digest] = upload, self._desk.clock()
        self._waiting.move_to_end((who, digest))
        while len(self._waiting) > WAITING_AT_MOST:
            self._waiting.popitem(last=False)
        return digest

    def _kept(self, who: str, digest: str) -> Upload | None:
        self._drop_old()
        found = self._waiting.get((who, digest))
        return None if found is None else found[0]

    def _drop_old(self) -> None:
        now = self._desk.clock()
        for key, (_upload, since) in list(self._waiting.items()):
            if now - since > WAITS:
                del self._waiting[key]

    async def _bring(self, request: Request, upload: Upload, digest: str, *, update: bool, dry_run: bool) -> Shown:
        actor = actor_of(viewer_of(request))

        def bring() -> Shown:
            with TemporaryDirectory(prefix="callmonitor-") as folder:
                # Readers of workbooks go by a file's name too, and people's machines give it any.
                path = Path(folder) / ("sheet.xlsx" if upload.content.startswith(_ZIPPED) else "sheet.csv")
                path.write_bytes(upload.content)
                try:
                    intake = bring_in(self._desk, path, actor, dry_run=dry_run, update=update)
                except ImportRefused as error:
                    sentence = str(error).replace(str(path), "The file")
                    return Shown(name=upload.name, digest=digest, update=update, intake=None, refused=sentence)
            return Shown(name=upload.name, digest=digest, update=update, intake=intake)

        # A large file takes seconds, and must not take every turn there is.
        async with self._one_at_a_time:
            return await self._ask(bring)

    def _page(self, request: Request, *, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> Response:
        told = {"shown_file": context.pop("shown", None), "missing": False, "gone": False, "written": None} | context
        return self._pages.page(
            request,
            "cases_import.html",
            status=status,
            columns=COLUMNS,
            required=REQUIRED,
            most=FAULTS_SHOWN,
            **told,
        )
