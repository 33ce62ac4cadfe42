"""The settings of Hypothesis, for the properties that stand among these tests."""

from tests.properties import profile

__all__ = ["profile"]
