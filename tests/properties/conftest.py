"""The settings of Hypothesis."""

from . import profile

__all__ = ["profile"]
