"""Which pages a role sees, by how their paths begin; where programs write, and how much a form may bring."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.page.access_forms import (
    CASES_ONLY,
    FORM_LIMITS,
    NO_CALLS,
    NO_REPORTS,
    NO_WORK,
    READ_ONLY,
    TOKENS_ONLY,
    FormLimits,
    Refused,
)

if TYPE_CHECKING:
    from starlette.requests import Request

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
UPLOAD = "/cases/import"
"""Where a form brings a file."""
_LONG_TEXTS = FormLimits(size=64 * 1024, fields=40)
"""Of forms for people's own words: 2,000 characters of Korean are 18 kB as a browser writes them; and of many marks."""


def limits_of(path: str) -> FormLimits:
    """How much a form for a path may bring."""
    return _LONG_TEXTS if path.startswith(("/cases", "/reviews")) else FORM_LIMITS


def written_by(path: str) -> tuple[str, ...]:
    """The methods by which programs write to a path of the API; empty where it is read alone."""
    below = path.removeprefix("/api/v1/cases")
    if below == path or (below and not below.startswith("/")):
        return ()
    return ("PATCH",) if below else ("POST",)


def program_writes(request: Request, path: str) -> None:
    """Let a program write where programs may. A browser sends a sign-in along whoever wrote the page, and no token.

    Raises:
        Refused: nothing is written there, or not so.
    """
    methods = written_by(path)
    if request.method not in methods:
        allowed = {"allow": ", ".join(("GET", "HEAD", *methods))}
        raise Refused(replace(READ_ONLY, headers=allowed) if methods else READ_ONLY)
    # Whoever brings a token that is none of ours was refused before.
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        raise Refused(TOKENS_ONLY)


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
