"""From boards to the files that Grafana reads."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.agents import agents
from dashboards.compliance import compliance
from dashboards.health import health
from dashboards.now import now
from dashboards.queues import queues
from dashboards.transfers import transfers
from dashboards.words import DOMAIN, LANGUAGES, LOCALE, words_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grafana_foundation_sdk.builders.dashboard import Dashboard

    from dashboards.words import Words

FOLDER = Path(__file__).parent
CATALOGUE = LOCALE / "ko" / "LC_MESSAGES" / f"{DOMAIN}.po"
BOARDS: Mapping[str, Callable[[Words], Dashboard]] = {
    "now": now,
    "compliance": compliance,
    "agents": agents,
    "transfers": transfers,
    "queues": queues,
    "health": health,
}


KEYWORDS = {"_": None, "say": None, "term": ((1, "c"), 2)}
"""How texts stand in the source: `term` takes the sense first."""


def extracted() -> Catalog:
    """Every text in the source, in the order of the files."""
    found = Catalog(domain=DOMAIN)
    for path, _, message, _, context in extract_from_dir(
        FOLDER, method_map=[("**.py", "python")], keywords=KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, context=context, locations=[(path, 0)])
    return found


def catalogue() -> Catalog:
    """The Korean catalogue as it is kept, brought up to the source; new texts have no Korean yet."""
    with CATALOGUE.open("rb") as file:
        kept = read_po(file, locale="ko", domain=DOMAIN)
    kept.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
    kept.obsolete.clear()
    return kept


def source_of(texts: Catalog) -> bytes:
    """The catalogue as people write it."""
    made = BytesIO()
    write_po(made, texts, width=120, include_lineno=False, sort_by_file=False)
    return made.getvalue()


def compiled(texts: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    made = BytesIO()
    write_mo(made, texts)
    return made.getvalue()


def written() -> dict[str, str]:
    """Every board in every language, by its path from here."""
    return {
        f"{language}/{name}.json": as_json(made(words_in(language)))
        for language in LANGUAGES
        for name, made in BOARDS.items()
    }


def as_json(made: Dashboard) -> str:
    """A board as Grafana reads it: panels and queries numbered in their order, each panel with its data source."""
    whole = made.build()
    for number, panel in enumerate(whole.panels or [], 1):
        panel.id_val = number
        if isinstance(panel, Panel):
            targets: list[Any] = panel.targets or []
            for letter, target in zip(ascii_uppercase, targets, strict=False):
                target.ref_id = letter
            panel.datasource = targets[0].datasource
    return json.dumps(whole, cls=JSONEncoder, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
