"""Transfers, read one after the other and added up."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import select

from monitor.calls import formulas
from monitor.calls.facts import TransferKind, TransferResult
from monitor.ledger.cells import OF_CALL
from monitor.ledger.rows import TRANSFERS
from monitor.masking import masked_within
from monitor.reports.figures import Quantiles, TargetFigures, TransferFigures
from monitor.reports.reading import ROWS_AT_A_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

    from monitor.calls.facts import Scope


def quantiles(durations_us: Iterable[int]) -> Quantiles:
    """Of durations in microseconds, in any order."""
    ordered = sorted(durations_us)

    def at(share: float) -> int | None:
        return ordered[formulas.nearest_rank(len(ordered), share) - 1] if ordered else None

    return Quantiles(
        count=len(ordered),
        mean_us=formulas.mean_us(sum(ordered), len(ordered)),
        p50_us=at(0.5),
        p90_us=at(0.9),
        p95_us=at(0.95),
    )


class _Target:
    """One number, queue or phone that callers were passed to."""

    def __init__(self) -> None:
        self.transfers = 0
        self.completed = 0
        self.reconnection_us: array[int] = array("q")


class PassedOn:
    """Adds up transfers."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[TransferKind, Scope, TransferResult]] = Counter()
        self._announced = 0
        self._by_people = 0
        self._consent: Counter[bool] = Counter()
        self._reconnection_us: dict[TransferKind, array[int]] = {}
        self._reconnection_rings: Counter[int] = Counter()
        self._targets: dict[tuple[str, Scope], _Target] = {}
        self._chains: Counter[int] = Counter()

    def read(self, connection: Connection, chosen: ColumnElement[bool]) -> None:
        """Take in the transfers of the calls that meet a condition; no call may come twice."""
        stored = TRANSFERS.c
        columns = (
            stored.system, stored.linkedid, stored.kind, stored.scope, stored.result, stored.announced, stored.consent,
            stored.to, stored.reconnect_us, stored.reconnect_rings,
        )  # fmt: skip
        asked = select(*columns).select_from(OF_CALL).where(chosen).execution_options(yield_per=ROWS_AT_A_TIME)
        in_call: Counter[tuple[str, str]] = Counter()
        masked: dict[str, str] = {}
        for row in connection.execute(asked):
            system, linkedid, kind, scope, result, announced, consent, to, reconnect_us, rings = row
            self._counts[kind, scope, result] += 1
            if kind is TransferKind.FORWARD:
                continue
            in_call[system, linkedid] += 1
            self._by_people += 1
            self._announced += bool(announced)
            if consent is not None:
                self._consent[consent] += 1
            if to not in masked:
                masked[to] = masked_within(to)
            target = self._targets.setdefault((masked[to], scope), _Target())
            target.transfers += 1
            target.completed += result is TransferResult.COMPLETED
            if reconnect_us is not None:
                target.reconnection_us.append(reconnect_us)
                self._reconnection_us.setdefault(kind, array("q")).append(reconnect_us)
            if rings is not None:
                self._reconnection_rings[rings] += 1
        self._chains.update(in_call.values())

    def figures(self) -> TransferFigures:
        """All that was read."""
        targets = [
            TargetFigures(
                to=to,
                scope=scope,
                transfers=target.transfers,
                completed=target.completed,
                reconnection=quantiles(target.reconnection_us),
            )
            for (to, scope), target in self._targets.items()
        ]
        return TransferFigures(
            counts=dict(self._counts),
            announced=self._announced,
            by_people=self._by_people,
            consent_yes=self._consent[True],
            consent_no=self._consent[False],
            reconnection=quantiles(us for kind in self._reconnection_us.values() for us in kind),
            reconnection_rings=dict(sorted(self._reconnection_rings.items())),
            reconnection_by_kind={kind: quantiles(us) for kind, us in self._reconnection_us.items()},
            targets=tuple(sorted(targets, key=lambda each: (-each.transfers, each.to, each.scope))),
            chains=dict(sorted(self._chains.items())),
        )
