"""Numbers and the patterns that match them."""

from __future__ import annotations

import pytest

from monitor.calls.lines import Line, Lines, Patterns, digits


@pytest.mark.parametrize(
    "number", ["15886565", "1588-6565", "+8215886565", "+82 1588 6565", "008215886565", "1588.6565"]
)
def test_one_line_however_a_trunk_writes_it(number: str) -> None:
    assert digits(number) == "15886565"
    assert Patterns(("1588-6565",)).match(number)
    assert Patterns((number,)).match("15886565")


@pytest.mark.parametrize("other", ["1588656", "158865650", "115886565", "15886566", "", "s", "PJSIP/15886565"])
def test_other_numbers_are_other_lines(other: str) -> None:
    assert not Patterns(("15886565",)).match(other)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("_1588XXXX", ["15886565", "1588-6565", "+8215880000"], ["1588656", "15886565x", "158865650"]),
        ("_0[2-6]X.", ["021234", "0311"], ["021", "0711", "0100"]),
        ("_NXX", ["200", "999"], ["199", "20", "2000"]),
        ("_ZX", ["10", "99"], ["01", "9"]),
        ("_6565!", ["6565", "65651"], ["656"]),
        # A dot in a pattern is "one or more characters", never a plain dot; other signs stand for themselves.
        ("_*2X", ["*21"], ["21", "x21"]),
        # A dash is for the eye but in a set; a bracket that opens no set stands for itself.
        ("_1588-XXXX", ["15886565", "1588-6565"], ["1588656"]),
        ("_[1-3]0", ["20"], ["40", "-0"]),
        ("_[5", ["[5"], ["5"]),
        ("15886*", ["15886", "15886565"], ["1588"]),
        ("PJSIP/desk?", ["PJSIP/desk1"], ["PJSIP/desk", "PJSIP/desk12"]),
        ("PJSIP/agent[12]", ["PJSIP/agent1"], ["PJSIP/agent3"]),
        ("*", ["", "s", "anything at all", "한글"], []),
    ],
)
def test_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    patterns = Patterns((pattern,))
    assert [text for text in yes if not patterns.match(text)] == []
    assert [text for text in no if patterns.match(text)] == []


def test_no_pattern_matches_nothing() -> None:
    assert not Patterns(()).match("15886565")


def test_a_number_is_no_expression() -> None:
    """Characters with a meaning to regular expressions mean themselves."""
    assert not Patterns(("1588+6565",)).match("15888886565")
    assert Patterns(("a|b",)).match("a|b")
    assert not Patterns(("a|b",)).match("a")


def test_the_first_line_that_matches_has_the_call() -> None:
    lines = Lines(
        (Line("vip", ("15886565",), ("from-vip",)), Line("main", ("15886565", "6565")), Line("rest", ("_X.",)))
    )
    assert lines.find("15886565", "from-vip") == "vip"
    assert lines.find("15886565", "from-trunk") == "main"
    assert lines.find("6565", "from-vip") == "main"
    assert lines.find("0212345678", "from-trunk") == "rest"
    assert lines.find("s", "from-trunk") is None
    assert not lines.takes_everything
    assert Lines((Line("all", ("*",)),)).takes_everything
