"""The ring rule at its boundaries, which are half-open to the microsecond: ring n + 1 begins at exactly n periods."""

from __future__ import annotations

from datetime import date

import pytest

from monitor.calls.rules import CADENCES, Reading, RingRule, rings, rule_on

KOREA = RingRule()


@pytest.mark.parametrize(
    ("ringing_us", "expected"),
    [
        # floor(T / 3 000 000) + 1, and 0 only where no phone rang.
        (0, 0),
        (1, 1),
        (2_999_999, 1),
        (3_000_000, 2),
        (3_000_001, 2),
        (5_999_999, 2),
        (6_000_000, 3),
        (8_999_999, 3),
        (9_000_000, 4),
        (9_000_001, 4),
        (59_999_999, 20),
        (60_000_000, 21),
    ],
)
def test_rings_of_korea(ringing_us: int, expected: int) -> None:
    assert KOREA.rings(ringing_us) == expected


def test_a_day_of_ringing_is_counted_without_floats() -> None:
    # 86 400 s / 3 s = 28 800 periods: the last microsecond of the 28 800th ring, and the first of the next.
    assert KOREA.rings(86_400_000_000 - 1) == 28_800
    assert KOREA.rings(86_400_000_000) == 28_801


@pytest.mark.parametrize(
    ("ringing_us", "within", "before"),
    [
        # within: rings <= 3, T < 9 s. before: rings < 3, T < 6 s.
        (0, True, True),
        (5_999_999, True, True),
        (6_000_000, True, False),
        (8_999_999, True, False),
        (9_000_000, False, False),
    ],
)
def test_both_readings(ringing_us: int, within: bool, before: bool) -> None:
    assert KOREA.kept(Reading.WITHIN, ringing_us) is within
    assert KOREA.kept(Reading.BEFORE, ringing_us) is before


def test_warning_and_breach_are_where_rings_begin() -> None:
    # limit 3: ring 3 begins after 2 periods, ring 4 after 3.
    assert (KOREA.warning_us, KOREA.breach_us) == (6_000_000, 9_000_000)
    assert (KOREA.rings(KOREA.warning_us - 1), KOREA.rings(KOREA.warning_us)) == (2, 3)
    assert (KOREA.rings(KOREA.breach_us - 1), KOREA.rings(KOREA.breach_us)) == (3, 4)


def test_limit_one_warns_at_the_first_bell() -> None:
    rule = RingRule(limit=1)
    assert (rule.warning_us, rule.breach_us) == (0, 3_000_000)
    assert [rule.kept(Reading.WITHIN, us) for us in (1, 2_999_999, 3_000_000)] == [True, True, False]
    assert not rule.kept(Reading.BEFORE, 1), "before the first ring nobody can answer"


@pytest.mark.parametrize(
    ("country", "seconds"),
    [
        # ITU list of tones used in national networks (tones-0203): France 1.5 on 3.5 off, Germany 1.0 on 4.0 off.
        ("FR", 5.0),
        ("DE", 5.0),
        # Encyclopaedia article "Ringing tone": UK, Ireland, Australia, New Zealand 0.4 on 0.2 off 0.4 on 2.0 off = 3 s.
        ("GB", 3.0),
        ("IE", 3.0),
        ("AU", 3.0),
        ("NZ", 3.0),
        # The same: North America 2 on 4 off, Japan 1 on 2 off.
        ("US", 6.0),
        ("CA", 6.0),
        ("JP", 3.0),
        # indications.conf, [tw]: ring = 440+480/1000,0/2000.
        ("TW", 3.0),
        # The charter's own country: 440+480 Hz, 1 s on, 2 s off.
        ("KR", 3.0),
    ],
)
def test_periods_against_published_tones(country: str, seconds: float) -> None:
    assert CADENCES[country].period_us == round(seconds * 1_000_000)


def test_a_double_ring_is_one_ring() -> None:
    # Britain: 0.4 + 0.2 + 0.4 + 2.0 = 3 s, two strokes of the bell, one ring.
    britain = RingRule(country="GB")
    assert [britain.rings(us) for us in (700_000, 2_999_999, 3_000_000)] == [1, 1, 2]


def test_american_rings_are_twice_as_long() -> None:
    america = RingRule(country="US")
    assert (america.warning_us, america.breach_us) == (12_000_000, 18_000_000)
    assert america.rings(9_000_000) == 2


def test_every_cadence_begins_with_tone_and_ends_with_silence() -> None:
    for country, cadence in CADENCES.items():
        assert len(country) == 2
        assert country.isupper()
        assert len(cadence.pattern_ms) % 2 == 0
        assert all(ms > 0 for ms in cadence.pattern_ms)
        assert 2_000_000 < cadence.period_us <= 6_000_000


def test_headline_comes_first() -> None:
    assert KOREA.readings == (Reading.WITHIN, Reading.BEFORE)
    assert RingRule(headline=Reading.BEFORE).readings == (Reading.BEFORE, Reading.WITHIN)


def test_a_rule_says_which_it_is() -> None:
    assert RingRule(name="night", version=4).label == "night/4"


@pytest.mark.parametrize("wrong", [{"country": "XX"}, {"limit": 0}, {"version": 0}, {"name": ""}])
def test_a_rule_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"cadence|limit of 1"):
        RingRule(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_rule_on_a_day() -> None:
    first = RingRule(version=1, holds_from=date(2025, 1, 1))
    second = RingRule(version=2, holds_from=date(2026, 7, 1), limit=5)
    rules = (second, first)
    assert rule_on(rules, date(2024, 6, 1)) is first, "before all of them the first holds"
    assert rule_on(rules, date(2025, 1, 1)) is first
    assert rule_on(rules, date(2026, 6, 30)) is first
    assert rule_on(rules, date(2026, 7, 1)) is second
    assert rule_on(rules, date(2030, 1, 1)) is second


def test_of_two_rules_from_one_day_the_higher_version_holds() -> None:
    old, new = RingRule(version=1), RingRule(version=2, limit=5)
    assert rule_on((new, old), date(2026, 1, 1)) is new


def test_ring_count_under_another_cadence() -> None:
    # 10 s of ringing: floor(10 / 5) + 1 = 3 German rings, floor(10 / 6) + 1 = 2 American ones.
    assert rings(10_000_000, 5_000_000) == 3
    assert rings(10_000_000, 6_000_000) == 2
