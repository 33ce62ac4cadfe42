"""A document as one HTML file: readable on any screen, printable, without scripts or anything from elsewhere.

Jinja2 escapes whatever it fills in; the drawings alone are markup, and matplotlib escapes their texts.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from monitor.errors import ReportError
from monitor.reports import style
from monitor.reports.charts import svg_of
from monitor.reports.faces import FAMILY
from monitor.reports.printed import printed
from monitor.texts import catalogue

if TYPE_CHECKING:
    from jinja2 import BaseLoader

    from monitor.reports.document import Document
    from monitor.reports.printed import PrintedChart
    from monitor.texts import Language

_TEMPLATE: Final = "report.html"
_BRACKETS: Final = re.compile(r"\([^()]*\)")
_FAMILIES: Final = "'Pretendard', 'Noto Sans KR', 'Noto Sans CJK KR', 'Malgun Gothic', 'Apple SD Gothic Neo'"
"""Of the readers' machines, as on the page: the file carries no fonts."""


def html_of(document: Document, *, loader: BaseLoader | None = None) -> bytes:
    """The document as an HTML file in UTF-8; the same document gives the same bytes.

    Args:
        document: what it says.
        loader: where the template is; None for the one that comes with the package.

    Raises:
        ReportError: the template or the faces are missing.
    """
    environment = _environment(document.language) if loader is None else _around(loader, document.language)
    try:
        template = environment.get_template(_TEMPLATE)
    except TemplateNotFound as error:
        raise ReportError(f"The template {_TEMPLATE} of reports is missing: install callmonitor anew.") from error

    def drawing(block: PrintedChart) -> Markup:
        """A chart's drawing; the text beside it tells what it shows, so that its own words are passed over."""
        svg = svg_of(block.chart, block.table, document.language).replace("<svg ", '<svg aria-hidden="true" ', 1)
        return Markup(svg.replace(f"'{FAMILY}'", f"'{FAMILY}', {_FAMILIES}"))  # noqa: S704 - matplotlib escapes texts

    told = template.render(document=document, sections=printed(document), drawing=drawing, colours=style.TOKENS)
    return told.encode()


def _unbroken(heading: str) -> str:
    """A heading that is not broken inside its brackets, as in print."""
    return _BRACKETS.sub(lambda found: found[0].replace(" ", "\N{NO-BREAK SPACE}"), heading)


@cache
def _environment(language: Language) -> Environment:
    return _around(PackageLoader("monitor.reports"), language)


def _around(loader: BaseLoader, language: Language) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.filters["unbroken"] = _unbroken
    environment.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined] # i18n adds it
    return environment
