"""From the settings to the desk: what is drawn, what the form says, and whose agents are whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.charter_setup import definition_of, own_agents
from monitor.config import load
from tests.page.doors import HASH

if TYPE_CHECKING:
    from pathlib import Path


def test_settings_become_a_definition_and_own_agents(tmp_path: Path) -> None:
    path = tmp_path / "callmonitor.toml"
    path.write_text(
        f"""
timezone = "Asia/Tokyo"
[reviews]
per_agent = 2
by_queue = {{ remote = 3 }}
second_share = 0.5
shortest_seconds = 12.5
scale = [{{ value = 2, ko = "좋음", en = "Good" }}, {{ value = 0, ko = "나쁨", en = "Bad" }}]
[[reviews.item]]
key = "tone"
ko = "말투"
en = "Tone"
[[web.user]]
name = "kim"
role = "supervisor"
agents = ["PJSIP/2001", "김서연"]
password_hash = "{HASH}"
""",
        encoding="utf-8",
    )
    settings = load(path, {})
    assert definition_of(settings).as_json() == {
        "per_agent": 2,
        "by_queue": {"remote": 3},
        "second_share": 0.5,
        "shortest_us": 12_500_000,
        "timezone": "Asia/Tokyo",
        "scale": [{"value": 2, "ko": "좋음", "en": "Good"}, {"value": 0, "ko": "나쁨", "en": "Bad"}],
        "items": [{"key": "tone", "ko": "말투", "en": "Tone"}],
    }
    assert own_agents(settings, "kim") == ("PJSIP/2001", "김서연")
    # A name is one's own to the letter; nobody is signed in under the empty one.
    assert own_agents(settings, "Kim") is None
    assert own_agents(settings, "") is None


def test_the_charters_items_are_the_form_where_nothing_is_set(tmp_path: Path) -> None:
    path = tmp_path / "callmonitor.toml"
    path.write_text("", encoding="utf-8")
    definition = definition_of(load(path, {}))
    assert [item.key for item in definition.items] == [
        "greeting", "department", "name", "listened", "explained", "closing",
    ]  # fmt: skip
    assert [(mark.value, mark.word("ko"), mark.word("en")) for mark in definition.scale] == [
        (1, "이행", "Met"),
        (0, "미이행", "Not met"),
    ]
    assert (definition.per_agent, definition.second_share, definition.shortest_us) == (5, 0.2, 10_000_000)
