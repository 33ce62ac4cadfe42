"""The settings of Hypothesis, and the simulated hour of the tests that rebuild a ledger."""

from tests.properties import profile

from .hour import hour

__all__ = ["hour", "profile"]
