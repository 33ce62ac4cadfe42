"""The pages say what the program does: commands, settings, words, drawings, examples and figures are compared."""

from __future__ import annotations

import json
import os
import re
import tomllib
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
import typer
from packaging.requirements import Requirement

from monitor import __version__, config
from monitor.calls import facts, rules, terms
from monitor.calls.lines import Line, Lines
from monitor.calls.stages import Signal, drawing
from monitor.calls.state import Plan
from monitor.cli import app
from monitor.replay import Replay
from monitor.replay_json import call_as_json
from monitor.texts import KOREAN
from tests.started import started

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SCENARIOS = ROOT / "tests" / "scenarios"


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next of its level or above."""
    level = heading.partition(" ")[0]
    below = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"\n#{{1,{len(level)}}} ", below, maxsplit=1)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row; code marks taken off, rules under headings left out."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.fullmatch(r"[|\- :]+", line)]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def blocks(text: str) -> list[str]:
    """Every fenced block with its language, indentation taken off: blocks stand in lists too."""
    return [
        re.sub(rf"(?m)^{found[1]}", "", found[2]) for found in re.finditer(r"(?ms)^([ ]*)(```\w+\n.*?)^[ ]*```$", text)
    ]


def outside_blocks(text: str) -> str:
    return re.sub(r"(?ms)^[ ]*```.*?^[ ]*```$", "", text)


# -- links -------------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", outside_blocks(page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", outside_blocks(page.read_text(encoding="utf-8"))):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert lost == []


def test_the_index_names_every_page() -> None:
    named = set(re.findall(r"\]\(([\w.-]+\.md)\)", text_of("docs/README.md")))
    assert named == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}


# -- commands ----------------------------------------------------------------------------------------------------------


@cache
def commands() -> dict[str, set[str]]:
    """Options by command, as in "db upgrade"; those of every command under the empty name."""
    group: Any = typer.main.get_command(app)
    found: dict[str, set[str]] = {"": options_of(group)}
    for name, command in group.commands.items():
        for sub, inner in getattr(command, "commands", {"": command}).items():
            found[f"{name} {sub}".strip()] = options_of(inner)
    return found


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("-")}


@cache
def makefile() -> tuple[set[str], set[str]]:
    """Targets and variables."""
    text = text_of("Makefile")
    return set(re.findall(r"(?m)^([a-z-]+):", text)), set(re.findall(r"(?m)^([A-Z_]+) *[?:]?=", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_are_told_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = "\n".join([*blocks(text), *re.findall(r"`([^`\n]+)`", text), *re.findall(r"(?m)^    (.+)$", text)])
    wrong = []
    for line in re.findall(r"(?m)^(?:\S*/)?callmonitor +(.+)$", shown):
        words = line.split("#")[0].partition("|")[0].split()
        of_a_group = any(known.startswith(f"{words[0]} ") for known in commands())
        name = " ".join(words[:2]) if of_a_group else words[0]
        if name.startswith("-"):
            wrong += [line] if name not in commands()[""] else []
            continue
        options = {word.strip("[]").partition("=")[0] for word in words if word.strip("[").startswith("-")} - {"-"}
        if name not in commands() or options - commands()[name] - commands()[""] - {"--help"}:
            wrong.append(line)
    targets, variables = makefile()
    for line in re.findall(r"(?m)^make +(.+)$", shown):
        words = re.sub(r'"[^"]*"', "", line).split()
        unknown = [word for word in words if word.partition("=")[0] not in targets | variables]
        wrong += [line] if unknown else []
    assert wrong == []


def test_every_command_and_option_is_documented() -> None:
    text = section(text_of("docs/install.md"), "## Commands")
    told = {row[0].removeprefix("callmonitor "): " ".join(row[1:]) for row in rows(text)[1:] if len(row) == 3}
    assert set(told) == set(commands()) - {""}
    for name, options in commands().items():
        missing = {option for option in options if option.startswith("--") and option not in told.get(name, text)}
        assert missing == set(), name


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(config.keys()))
def test_every_setting_is_documented(name: str) -> None:
    text = text_of("docs/settings.md")
    if name == "":
        keys = {row[0] for row in rows(section(text, "## At the top"))[1:]}
        assert keys == config.keys()[""] - set(config.keys())
        return
    heading = next(line for line in text.splitlines() if re.match(rf"## `\[+{name}\]+`", line))
    assert {row[0] for row in rows(section(text, heading))[1:]} == config.keys()[name]


@pytest.mark.parametrize("page", ["README.md", "README.ko.md", "docs/install.md"])
def test_settings_that_are_shown_can_be_used(page: str, tmp_path: Path) -> None:
    secret = tmp_path / "ami.secret"
    secret.write_text("laboratory\n", encoding="utf-8")
    shown = [block.removeprefix("```toml\n") for block in blocks(text_of(page)) if block.startswith("```toml\n")]
    assert shown
    for number, block in enumerate(shown):
        file = tmp_path / f"{number}.toml"
        file.write_text(block.replace("/etc/callmonitor/ami.secret", str(secret)), encoding="utf-8")
        config.load(file, environ={})


# -- metrics -----------------------------------------------------------------------------------------------------------


def test_metrics_that_are_told_exist() -> None:
    # test_metrics_exposition.py compares docs/metrics.md with the registry; here the other pages, with that page.
    documented = {row[0] for row in rows(text_of("docs/metrics.md"))}
    told = {name for page in PAGES for name in re.findall(r"`(callcenter_\w+)`", page.read_text(encoding="utf-8"))}
    assert told <= documented
    assert len(told) > 10


# -- both languages ----------------------------------------------------------------------------------------------------


def test_both_readmes_are_one() -> None:
    english, korean = text_of("README.md"), text_of("README.ko.md")
    assert blocks(english) == blocks(korean)

    def outline(text: str) -> list[str]:
        return re.findall(r"(?m)^(#+) ", outside_blocks(text))

    def targets(text: str) -> list[str]:
        links = re.findall(r"\]\(([^)]+)\)", text)
        return sorted(re.sub(r"\.(ko|en)\.", ".", link) for link in links)

    def names(text: str) -> list[str]:
        return [row[0] for row in rows(section(text, text_heading(text, "Metrics", "지표")))[1:]]

    assert outline(english) == outline(korean)
    assert targets(english) == targets(korean)
    assert names(english) == names(korean)
    assert len(rows(english)) == len(rows(korean))


def text_heading(text: str, *names: str) -> str:
    return next(f"## {name}" for name in names if f"\n## {name}\n" in text)


# -- the ring rule -----------------------------------------------------------------------------------------------------


def test_the_table_of_the_readme_is_the_rule() -> None:
    """A column a reading; a row a ring: the ring's first microsecond and the last before the next one."""
    rule = rules.RingRule()
    for page, kept in (("README.md", "kept"), ("README.ko.md", "준수")):
        text = text_of(page)
        table = rows(section(text, text_heading(text, "The ring rule", "벨 횟수 기준")))
        assert len(table) == 5
        for ring, row in enumerate(table[1:], start=1):
            first_us, last_us = max(1, 3_000_000 * (ring - 1)), 3_000_000 * ring - 1
            assert [rule.rings(first_us), rule.rings(last_us)] == [ring, ring]
            for reading, cell in zip((rules.Reading.WITHIN, rules.Reading.BEFORE), row[2:], strict=True):
                assert rule.kept(reading, first_us) == rule.kept(reading, last_us) == (cell == kept), (page, ring)


def test_the_cadences_are_those_of_the_table() -> None:
    told: dict[str, rules.Cadence] = {}
    for tone, period, third, fourth, countries in rows(section(text_of("docs/ring-rule.md"), "## Cadences"))[1:]:
        pattern = tuple(round(float(seconds) * 1000) for seconds in re.findall(r"([\d.]+) (?:on|off)", tone))
        cadence = rules.Cadence(pattern)
        assert [float(period), float(third), float(fourth)] == [cadence.period_us * n / 1e6 for n in (1, 2, 3)]
        told |= dict.fromkeys(countries.split(), cadence)
    assert told == rules.CADENCES


def test_every_reason_of_a_verdict_is_explained() -> None:
    table = rows(section(text_of("docs/ring-rule.md"), "## Verdicts"))[1:]
    assert sorted(row[1] for row in table) == sorted(facts.VerdictReason)


@cache
def replayed(name: str) -> list[dict[str, Any]]:
    """The calls that the command of the page prints."""
    done = started("replay", SCENARIOS / name / "events.ami", cwd=SCENARIOS, env=os.environ)
    done.check_returncode()
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def all_calls() -> list[dict[str, Any]]:
    """Every call in every recording, as `replay --line '*'` prints it."""
    calls: list[dict[str, Any]] = []
    for file in sorted(SCENARIOS.glob("*/events.ami")):
        reading = Replay(Plan(lines=Lines((Line("*", ("*",)),))), "unnamed", pytest.fail)
        with file.open("rb") as stream:
            told = [*reading.read(file.parent.name, stream), *reading.close()]
        calls += [call_as_json(fact) for fact in told if isinstance(fact, facts.Call)]
    return calls


def test_the_worked_example_is_that_call() -> None:
    (call,) = replayed("no_answer_then_other")
    text = section(text_of("docs/ring-rule.md"), "## A queue call with two phones")
    entered = datetime.fromisoformat(call["entered_at"])

    def after(at: str) -> str:
        return f"{(datetime.fromisoformat(at) - entered).total_seconds():.6f}"

    one, two = call["attempts"]
    instants = [one["started_at"], one["ended_at"], two["started_at"], two["ended_at"], call["answered_at"]]
    told = [row[0] for row in rows(text)[1:]]
    assert [after(at) for at in instants] == [told[i] for i in (0, 2, 3, 5, 6)]
    # Ring 2 begins 3 s into the first phone's ringing, ring 3 once the second has rung for what is wanting to 6 s.
    wanting = 6 - one["ringing_seconds"]
    assert told[1] == f"{float(told[0]) + 3:.6f}"
    assert told[4] == f"{float(told[3]) + wanting:.6f}"
    for figure in (one["ringing_seconds"], two["ringing_seconds"], call["ringing_seconds"], call["waiting_seconds"]):
        assert f"{figure:.6f}" in text
    assert call["rings"] == 3
    assert call["verdicts"] == {"within": "kept", "before": "broken"}


def recount(call: dict[str, Any]) -> float:
    """T as docs/ring-rule.md tells to make it from what the ledger keeps, in seconds."""
    until = datetime.fromisoformat(call["answered_at"]) if call["answered_at"] else None
    total, end = timedelta(0), None
    for attempt in sorted(call["attempts"], key=lambda attempt: str(attempt["started_at"])):
        started, ended = (datetime.fromisoformat(attempt[key]) for key in ("started_at", "ended_at"))
        ended = min(ended, until) if until else ended
        started = max(started, end) if end else started
        if ended > started:
            total, end = total + (ended - started), ended
    return total.total_seconds()


def test_every_count_can_be_made_again() -> None:
    wrong = [(call["linkedid"], recount(call)) for call in all_calls() if recount(call) != call["ringing_seconds"]]
    assert wrong == []
    assert len(all_calls()) > 100


# -- stages and words --------------------------------------------------------------------------------------------------


def test_the_drawing_is_made_from_the_table() -> None:
    drawn = next(block for block in blocks(text_of("docs/call-stages.md")) if block.startswith("```mermaid\n"))
    assert drawn.removeprefix("```mermaid\n").strip() == drawing(), "draw it again, as the page says"


def test_every_stage_and_signal_has_its_sentence() -> None:
    text = text_of("docs/call-stages.md")
    stages = rows(section(text, "## Stages"))[1:]
    signals = rows(section(text, "## Signals"))[1:]
    assert [row[0] for row in stages] == list(facts.Stage)
    assert [row[0] for row in signals] == list(Signal)
    assert all(len(cell) > 3 for row in stages + signals for cell in row)


GLOSSARY = {
    facts.Stage: "## Stages of a call in progress · 진행 단계",
    facts.Outcome: "## Outcomes · 결과",
    facts.Verdict: "## The ring rule · 벨 횟수 기준",
    facts.VerdictReason: "## The ring rule · 벨 횟수 기준",
    facts.Source: "## Where a record comes from · 기록 출처",
    facts.Observed: "## What was not seen · 관측하지 못한 것",
    facts.AttemptResult: "## Ring attempts · 벨 시도",
    facts.TransferKind: "## Transfers · 전화연결",
    facts.TransferResult: "## Transfers · 전화연결",
    facts.Scope: "## Transfers · 전화연결",
    facts.AgentStatus: "## Agents · 상담원 상태",
    facts.GapCause: "## What was not seen · 관측하지 못한 것",
    rules.Reading: "## The ring rule · 벨 횟수 기준",
}


def test_no_kind_of_word_is_forgotten() -> None:
    kinds = {
        kind
        for kind in (*vars(terms).values(), *vars(rules).values())
        if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
    }
    assert kinds == set(GLOSSARY)


@pytest.mark.parametrize("kind", GLOSSARY, ids=lambda kind: kind.__name__)
def test_every_word_is_in_the_glossary_as_the_terminal_has_it(kind: type[StrEnum]) -> None:
    korean = {row[2]: row[1] for row in rows(section(text_of("docs/glossary.md"), GLOSSARY[kind]))}
    assert {word.value for word in kind} <= set(korean)
    shown: dict[Any, str] = {
        word: text
        for mapping in (
            KOREAN.agent_statuses,
            KOREAN.stages,
            KOREAN.attempt_results,
            KOREAN.observations,
            KOREAN.sources,
            KOREAN.outcomes,
            KOREAN.verdicts,
            KOREAN.verdict_reasons,
            KOREAN.transfer_kinds,
            KOREAN.transfer_results,
            KOREAN.scopes,
            KOREAN.gap_causes,
        )
        for word, text in mapping.items()
        if isinstance(word, kind)
    }
    assert {word.value: korean[word.value] for word in shown} == {word.value: text for word, text in shown.items()}


# -- replay and transfers ----------------------------------------------------------------------------------------------


def test_the_example_of_replay_is_what_its_command_prints() -> None:
    text = section(text_of("docs/replay.md"), "## An example")
    command, printed = blocks(text)
    assert "callmonitor replay tests/scenarios/no_answer_then_other/events.ami |" in command
    assert [json.loads(printed.removeprefix("```json\n"))] == replayed("no_answer_then_other")


def test_the_example_of_a_transfer_is_what_replay_prints() -> None:
    text = section(text_of("docs/transfers.md"), "## An example")
    (printed,) = blocks(text)
    assert "<!-- replay tests/scenarios/attended_feature/events.ami transfers -->" in text
    (call,) = replayed("attended_feature")
    assert json.loads(printed.removeprefix("```json\n")) == call["transfers"]


def field_tables() -> list[list[list[str]]]:
    """The tables of a call, an attempt and a transfer."""
    tables = section(text_of("docs/replay.md"), "## Fields").split("| field | type | null when | meaning |")[1:]
    return [rows(table) for table in tables]


def test_every_field_of_replay_is_told_in_its_order() -> None:
    (call,) = replayed("attended_feature")
    printed = [list(call), list(call["attempts"][0]), list(call["transfers"][0])]
    assert [[row[0] for row in table] for table in field_tables()] == printed
    assert [row[0] for row in rows(section(text_of("docs/transfers.md"), "## Fields"))[1:14]] == printed[2]


def test_what_is_never_null_never_is() -> None:
    never = [{row[0] for row in table if row[2] == "never"} for table in field_tables()]
    for call in all_calls():
        for fields, objects in zip(never, ([call], call["attempts"], call["transfers"]), strict=True):
            assert [name for one in objects for name in fields if one[name] is None] == [], call["linkedid"]


def test_every_kind_and_result_of_a_transfer_is_told() -> None:
    text = text_of("docs/transfers.md")
    kinds = rows(section(text, "## Kinds, and how each is told from AMI"))[1:]
    assert [row[0] for row in kinds] == list(facts.TransferKind)
    results = rows(section(text, "## Fields"))[15:]
    assert sorted(row[0] for row in results) == sorted(facts.TransferResult)
    named = set(re.findall(r"`([a-z]+_[a-z_0-9]+)`", " ".join(row[3] for row in kinds)))
    assert {name for name in named if not (SCENARIOS / name).is_dir()} == set()


# -- releases and licences ---------------------------------------------------------------------------------------------


def test_the_changelog_knows_this_version() -> None:
    assert f"\n## [{__version__}]" in text_of("CHANGELOG.md")
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["version"] == __version__


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licences() -> dict[str, str]:
    """Of everything a plain install brings here, as the packages themselves declare it."""
    found: dict[str, str] = {}
    waiting = [Requirement(line) for line in tomllib.loads(text_of("pyproject.toml"))["project"]["dependencies"]]
    while waiting:
        requirement = waiting.pop()
        name = normal(requirement.name)
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # wanted on other systems or Pythons only
        declared = package.metadata.json
        classifiers = [
            line.rpartition(" :: ")[2]
            for line in declared.get("classifier", [])
            if line.startswith("License ::") and line != "License :: OSI Approved"
        ]
        found[name] = str(declared.get("license_expression") or ", ".join(classifiers) or declared.get("license", ""))
        for line in package.requires or []:
            further = Requirement(line)
            extras = requirement.extras or {""}
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(further)
    return found


def test_the_licences_are_those_of_what_is_installed() -> None:
    told = {row[0]: row[1] for row in rows(text_of("docs/decisions.md").split("<!-- runtime dependencies -->")[1])[1:]}
    assert {name: told.get(name) for name in licences()} == licences()
    pinned = {normal(line.partition("==")[0]) for line in text_of("constraints.txt").splitlines()}
    assert set(told) <= pinned


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    text = text_of("LICENSE")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
