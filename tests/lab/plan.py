"""Every scenario of the laboratory, by name."""

from __future__ import annotations

from tests.lab.plan_answers import ANSWERED, NOT_ANSWERED
from tests.lab.plan_crowd import HUNDRED
from tests.lab.plan_transfers import ATTENDED, BLIND, ELSEWHERE
from tests.lab.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for scenario in (*ANSWERED, *NOT_ANSWERED, *BLIND, *ATTENDED, *ELSEWHERE, HUNDRED)
}
