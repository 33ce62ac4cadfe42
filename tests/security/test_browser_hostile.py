"""Names and numbers that a browser would run, through AMI to a real browser: shown as text, and nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.commitments.cases import Actor, NewCase
from monitor.page.render import call_path, case_path
from tests.page.doors import PASSWORD, user
from tests.page.live import Live

from .hostile import NAME, NUMBER, QUEUE, HostileGate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.stage, pytest.mark.xdist_group("browser_hostile")]

PATIENCE_MS = 40_000


class HostileCentre(Live):
    """One whose Asterisk says what a browser would run."""

    leads_to_ami = HostileGate


def test_what_a_caller_is_called_is_never_run(look: Callable[..., Page], tmp_path: Path) -> None:
    """A supervisor, who sees all in full, looks at every page; a script that was blocked would fail it by `look`."""
    with HostileCentre(tmp_path, users=(user("kim"),), speed=20.0) as centre:
        page = look(f"{centre.url}/login?next=/%3Flang=en")
        page.fill("input[name=name]", "kim")
        page.fill("input[name=password]", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector("#ringing", timeout=PATIENCE_MS)
        while not centre.monitor.board.ringing:
            page.wait_for_timeout(20)  # a phone of the simulated centre rings when it does
        key = next(iter(centre.monitor.board.ringing))
        page.wait_for_function("text => document.body.innerText.includes(text)", arg=QUEUE, timeout=PATIENCE_MS)
        texts = {"/": page.inner_text("body")}
        one_call = call_path(key)
        page.goto(f"{centre.url}{one_call}")
        page.wait_for_selector("svg.course .ring-mark", timeout=PATIENCE_MS)
        page.wait_for_selector(".banner.going", state="detached", timeout=PATIENCE_MS)
        desk = centre.monitor.charter.cases
        new = NewCase(
            commitment="accuracy",
            received_at=desk.clock(),
            subject=NAME,
            assignee=QUEUE,
            result=NUMBER,
            system=NAME,
            linkedid=NUMBER,
        )
        one_case = case_path(desk.open(new, Actor(QUEUE, "supervisor")).reference)
        for path in (one_call, "/calls", "/wall", "/?lang=ko", "/cases", one_case):
            page.goto(f"{centre.url}{path}")
            page.wait_for_load_state("networkidle" if path == "/calls" else "load")
            texts[path] = page.inner_text("body")
            assert page.evaluate("window.hacked") is None, path
            assert page.locator("img[src=x], svg[onload], [onerror]").count() == 0, path
        listed = page.request.get(f"{centre.url}/calls.csv").text()
    # All of it arrived, and is shown as what it is.
    assert QUEUE in texts["/"]
    assert NAME in texts["/"]
    assert "<img" in texts[one_call]
    assert QUEUE in texts["/calls"]
    assert "<img" in listed
    assert NAME in texts["/cases"]
    assert QUEUE in texts["/cases"]
    assert texts[one_case].count(QUEUE) > 1  # assigned to, and who wrote it down
    assert "<img" in texts[one_case]
