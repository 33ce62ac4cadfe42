"""Which pages a role sees, by how their paths begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.page.access_forms import CASES_ONLY, NO_CALLS, NO_REPORTS, NO_WORK

if TYPE_CHECKING:
    from monitor.page.access_forms import Refusal
    from monitor.page.viewer import Viewer

CALLS = ("/calls", "/api/v1/calls", "/api/v1/transfers")
"""Paths that show single calls."""
REPORTS = ("/reports",)
"""Paths of reports, which tell of agents and list calls."""
CASES = ("/cases", "/api/v1/cases")
"""Paths of cases."""
WORK = ("/callbacks", "/api/v1/callbacks", "/reviews", "/api/v1/reviews")
"""Paths where supervisors work: with people who are to be called, and with calls that are reviewed."""


def refusal_of(viewer: Viewer, path: str) -> Refusal | None:
    """Why a viewer may not see a path; None where they may."""
    if viewer.sees_calls:
        return None
    if viewer.sees_cases:
        return None if path.startswith(CASES) else CASES_ONLY
    for beginnings, refusal in ((CALLS, NO_CALLS), (REPORTS, NO_REPORTS), (CASES, NO_WORK), (WORK, NO_WORK)):
        if path.startswith(beginnings):
            return refusal
    return None
