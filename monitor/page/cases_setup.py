"""All routes of cases, pages and API, over one desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.page.api_cases import CaseApi
from monitor.page.cases import CasePages
from monitor.page.cases_asking import Asking
from monitor.page.cases_upload import UploadPages

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from monitor.commitments.desk import CaseDesk
    from monitor.ledger.repository import Repository
    from monitor.page.render import Renderer
    from monitor.page.seen import Seen


def case_routes(renderer: Renderer, desk: CaseDesk, repository: Repository, seen: Seen) -> list[BaseRoute]:
    """The routes; they stand before those of `monitor.page.api`, which knows nothing of theirs.

    Args:
        renderer: makes pages, and offers these in its navigation from now on.
        desk: where cases are kept.
        repository: the ledger, for the call that a case comes from.
        seen: is told who saw which cases.
    """
    renderer.offered.add("cases")
    asking = Asking()
    pages = CasePages(renderer, desk, call_of=repository.call, seen=seen, asking=asking)
    uploads = UploadPages(pages, desk, asking)
    return [*uploads.routes, *pages.routes, *CaseApi(desk, seen=seen, asking=asking).routes]
