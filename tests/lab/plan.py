"""Every scenario of the laboratory, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .plan_answers import ANSWERED, NOT_ANSWERED
from .plan_crowd import HUNDRED
from .plan_elsewhere import ELSEWHERE
from .plan_menus import MENUS
from .plan_outgoing import OUTGOING
from .plan_transfers import ATTENDED, BLIND

if TYPE_CHECKING:
    from .scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (HUNDRED, *ATTENDED, *ELSEWHERE, *MENUS, *OUTGOING, *BLIND, *ANSWERED, *NOT_ANSWERED)
}
