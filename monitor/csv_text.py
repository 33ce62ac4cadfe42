"""Text in CSV that no spreadsheet takes for a formula: callers choose their names and numbers, and it would run them.

**Source:** OWASP, "CSV Injection", for the characters a formula begins with.
"""

from __future__ import annotations

BOM = "\ufeff"
"""Stands first in the file: Excel takes it for UTF-8 by this alone."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings a spreadsheet may take for a formula; the last four are full-width signs, as Korean input makes them."""


def as_text(cell: str | None) -> str:
    """A cell that no spreadsheet takes for a formula, by an apostrophe before it; empty for None."""
    if not cell:
        return ""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
