"""What a metric family is: its name, kind, labels and help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Name:
    """One metric family.

    Attributes:
        name: as Prometheus stores it.
        kind: its Prometheus type.
        labels: in the order in which values are given.
        help: what it counts, in which unit, and from where.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str
