"""A call centre in a box that speaks AMI: for the demonstration, for load tests, and as a source of recordings.

What it writes is what a real Asterisk 22 wrote in the laboratory, flow by flow; what its people do is planned
beforehand, so that the truth is known without listening.
"""

from monitor.simulator.actions import Account
from monitor.simulator.arrivals import Arrivals
from monitor.simulator.capture import capture
from monitor.simulator.centre import Centre
from monitor.simulator.plans import CallPlan
from monitor.simulator.server import LOOPBACK, SECRET, SYSTEM, USERNAME, Simulator
from monitor.simulator.truth import TrueAttempt, TrueTransfer, Truth

__all__ = [
    "LOOPBACK",
    "SECRET",
    "SYSTEM",
    "USERNAME",
    "Account",
    "Arrivals",
    "CallPlan",
    "Centre",
    "Simulator",
    "TrueAttempt",
    "TrueTransfer",
    "Truth",
    "capture",
]
