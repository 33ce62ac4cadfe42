"""The committed boards: what the Python writes, complete in both languages, and nothing of one installation in them."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from dashboards import writing
from dashboards.words import ALL, words_in
from monitor.calls.rules import Reading

from .boards import FOLDER, LANGUAGES, NAMES, load, panels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
BOARDS = [(language, name) for language in LANGUAGES for name in NAMES]
EACH = pytest.mark.parametrize(("language", "name"), BOARDS)


def test_writing_them_again_changes_nothing() -> None:
    """Where this fails: `make dashboards`, look at what changed, commit it."""
    committed = {
        path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in FOLDER.glob("*/*.json")
    }
    assert committed == writing.written()


def test_the_compiled_catalogue_is_its_source() -> None:
    assert writing.CATALOGUE.with_suffix(".mo").read_bytes() == writing.compiled(writing.catalogue())
    assert writing.CATALOGUE.read_bytes() == writing.source_of(writing.catalogue())


def test_every_text_has_its_korean() -> None:
    with writing.CATALOGUE.open("rb") as file:
        kept = read_po(file, locale="ko")
    wanted = {(message.context, message.id) for message in writing.extracted() if message.id}
    assert wanted == {(message.context, message.id) for message in kept if message.id}
    assert [message.id for message in kept if message.fuzzy or not message.string] == []
    compiled = read_mo(io.BytesIO(writing.compiled(kept)))
    assert len(compiled) == len(kept) > 200


def test_korean_texts_are_korean() -> None:
    """Names of programs and units aside, a Korean text has Korean in it."""
    with writing.CATALOGUE.open("rb") as file:
        kept = read_po(file, locale="ko")
    assert [message.id for message in kept if message.id and not re.search("[가-힣]", str(message.string))] == []


def glossary() -> dict[str, set[str]]:
    """By code, the Korean words that the glossary has for it in its tables."""
    found: dict[str, set[str]] = {}
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 3:
            found.setdefault(cells[2], set()).add(cells[1])
    return found


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_words_are_those_of_the_glossary(kind: type[StrEnum]) -> None:
    korean, known = ALL[kind](words_in("ko")), glossary()
    assert list(korean) == list(kind)
    assert list(ALL[kind](words_in("en"))) == list(kind)
    assert {word: text for word, text in korean.items() if text not in known[word]} == {}


def test_figures_are_called_as_the_glossary_calls_them() -> None:
    known, say = glossary(), words_in("ko").say
    named = {
        "Answer rate": "answer_rate",
        "Abandon rate": "abandon_rate",
        "Compliance": "compliance",
        "ASA": "mean_us",
        "Handled directly": "direct_handling_rate",
        "Asked first": "asked_first_rate",
        "Offered": "offered",
        "Breaches": "RingBreach",
        "Reconnection": "reconnect_us",
        "Gaps": "Gap",
    }
    assert {text: say(text) for text, code in named.items() if say(text) not in known[code]} == {}


# -- the boards --------------------------------------------------------------------------------------------------------


def strings(value: object) -> Iterator[str]:
    """Every text in a board."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


@EACH
def test_a_board_names_no_host_and_no_data_source(language: str, name: str) -> None:
    board = load(language, name)
    told = list(strings(board))
    assert [text for text in told if re.search(r"\w+://|localhost|\b\d+\.\d+\.\d+\.\d+\b|:\d{4,5}\b", text)] == []
    sources = [panel["datasource"] for panel in panels(board)]
    sources += [target["datasource"] for panel in panels(board) for target in panel["targets"]]
    sources += [mark["datasource"] for mark in board["annotations"]["list"]]
    assert {source["uid"] for source in sources} <= {"${prometheus}", "${ledger}"}


@EACH
def test_every_panel_says_what_it_shows(language: str, name: str) -> None:
    board = load(language, name)
    assert len(board["description"]) > 30
    for panel in panels(board):
        assert panel["title"]
        assert len(panel["description"]) > 10, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        if panel["type"] in ("stat", "bargauge"):
            steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            assert steps[0]["value"] is None, panel["title"]


@EACH
def test_no_two_panels_overlap_and_none_leaves_the_grid(language: str, name: str) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in load(language, name)["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    # And no hole in it either.
    rows = {y for _, y in taken}
    assert rows == set(range(max(rows) + 1))
    assert len(taken) == 24 * len(rows)


@EACH
def test_ids_and_letters_are_distinct(language: str, name: str) -> None:
    found = load(language, name)["panels"]
    assert [panel["id"] for panel in found] == list(range(1, len(found) + 1))
    for panel in panels(load(language, name)):
        letters = [target["refId"] for target in panel["targets"]]
        assert letters == sorted(set(letters))


def test_addresses_are_stable_and_distinct() -> None:
    uids = {(language, name): load(language, name)["uid"] for language, name in BOARDS}
    assert uids == {(language, name): f"callmonitor-{language}-{name}" for language, name in BOARDS}
    assert all(len(uid) <= 40 for uid in uids.values())
    assert {load("ko", name)["title"] for name in NAMES} == {
        "지금",
        "이행률",
        "상담원",
        "전화연결",
        "대기열과 인력",
        "모니터 상태",
    }


SHOWN = {"title", "description", "displayName", "label", "text", "name", "legendFormat", "noValue", "axisLabel"}
"""Where words stand."""


def without_words(value: Any, key: str = "") -> Any:
    """A board with its words taken out: what must be the same in both languages."""
    if isinstance(value, dict):
        if value.get("id") == "displayName":
            return {"id": "displayName"}
        return {name: without_words(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [without_words(one, key) for one in value]
    if isinstance(value, str):
        if key in SHOWN:
            return re.findall(r"\{\{\w+\}\}", value)
        return re.sub(r"callmonitor-(ko|en)", "callmonitor", re.sub(r"'[^']*'", "''", value))
    return value


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_panels(name: str) -> None:
    korean, english = (without_words(load(language, name)) for language in LANGUAGES)
    assert korean == english
    titles = {panel["title"] for panel in load("ko", name)["panels"]}
    assert len(titles & {panel["title"] for panel in load("en", name)["panels"]}) <= 1  # AMI


@EACH
def test_every_variable_is_used_and_every_used_one_is_there(language: str, name: str) -> None:
    board = load(language, name)
    there = [variable["name"] for variable in board["templating"]["list"]]
    used = {
        found
        for part in (board["panels"], board["annotations"], board["templating"]["list"])
        for text in strings(part)
        for found in re.findall(r"\$\{?(\w+)", text)
        if not found.startswith("__")
    }
    assert used == set(there)
    # Each depends only on those before it.
    for position, variable in enumerate(board["templating"]["list"]):
        wanted = set(re.findall(r"\$\{?(\w+)", json.dumps([variable.get("query"), variable.get("datasource")])))
        assert wanted <= set(there[:position])


@EACH
def test_rates_over_the_step_use_rate_interval(language: str, name: str) -> None:
    for panel in panels(load(language, name)):
        for target in panel["targets"]:
            for function, window in re.findall(r"\b(rate|increase)\([^[]*\[([^]]+)\]", target.get("expr", "")):
                if function == "rate":
                    assert window in ("$__rate_interval", "15m"), panel["title"]
                else:
                    assert window in ("$__range", "$__interval", "1h", "6h", "1d", "3d"), panel["title"]
                if window == "$__interval":
                    assert panel["interval"] in ("30m", "1h"), panel["title"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "position"), [("now", 0), ("now", 1), ("compliance", 0), ("transfers", 0)])
def test_a_row_about_a_call_leads_to_its_page(language: str, name: str, position: int) -> None:
    tables = [panel for panel in panels(load(language, name)) if '"linkedid"' in json.dumps(panel["fieldConfig"])]
    columns = {
        one["matcher"]["options"]: {given["id"]: given["value"] for given in one["properties"]}
        for one in tables[position]["fieldConfig"]["overrides"]
    }
    (link,) = columns["linkedid"]["links"]
    assert link["url"] == "${page:raw}/calls/${__data.fields.system}/${__data.fields.linkedid}"
    assert columns["system"] == {"custom.hidden": True}


def test_readings_are_named_as_everywhere() -> None:
    assert ALL[Reading](words_in("ko")) == {"within": "3번까지", "before": "3번 전"}


def alert_threshold(record: str) -> float:
    """The value of one of the alerts' thresholds."""
    text = (ROOT / "deploy" / "prometheus" / "rules" / "thresholds.yml").read_text(encoding="utf-8")
    found = re.search(rf"record: {record}\n\s+expr: vector\(([\d.]+)\)", text)
    assert found is not None, record
    return float(found[1])


@pytest.mark.parametrize(
    ("name", "title", "record"),
    [
        ("compliance", "Today", "centre:compliance_target:ratio"),
        ("now", "Compliance", "centre:compliance_target:ratio"),
        ("queues", "Abandon rate", "centre:abandon_rate_limit:ratio"),
        ("queues", "Longest wait now", "centre:longest_wait_limit:seconds"),
        ("now", "Longest wait now", "centre:longest_wait_limit:seconds"),
        ("health", "Coverage", "centre:coverage_target:ratio"),
        ("health", "Last event", "centre:silence_limit:seconds"),
    ],
)
def test_a_colour_changes_where_an_alert_is_raised(name: str, title: str, record: str) -> None:
    panel = next(panel for panel in panels(load("en", name)) if panel["title"] == title)
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert alert_threshold(record) in [step["value"] for step in steps]


def test_the_budget_is_reckoned_against_the_target_of_the_alerts() -> None:
    variables = {variable["name"]: variable for variable in load("ko", "compliance")["templating"]["list"]}
    assert float(variables["target"]["current"]["value"]) == alert_threshold("centre:compliance_target:ratio")


def test_the_folders_are_those_that_are_provisioned() -> None:
    provided = (ROOT / "deploy" / "grafana" / "provisioning" / "dashboards" / "callmonitor.yml").read_text(
        encoding="utf-8"
    )
    paths = re.findall(r"path: (\S+)", provided)
    assert [path.rpartition("/")[2] for path in paths] == list(LANGUAGES)
    assert len(set(re.findall(r"folderUid: (\S+)", provided))) == 2
