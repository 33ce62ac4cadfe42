"""Fixtures that more than one folder of tests asks for."""

from .day.fixtures import replayed_day

__all__ = ["replayed_day"]
