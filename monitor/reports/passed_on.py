"""Transfers, read one after the other and added up."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, and_, case, select, type_coerce

from monitor.calls import formulas
from monitor.calls.facts import Scope, TransferKind, TransferResult
from monitor.ledger.cells import OF_CALL
from monitor.ledger.rows import ATTEMPTS, CALLS, TRANSFERS
from monitor.masking import masked_within
from monitor.reports.figures import Quantiles, TargetFigures, TransferFigures
from monitor.reports.reading import ROWS_AT_A_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

    from monitor.reports.reading import Phone


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


class _Alike:
    """Transfers that differ in no word, only in how long they took."""

    def __init__(self) -> None:
        self.transfers = 0
        self.reconnection_us: array[int] = array("q")


class PassedOn:
    """Adds up transfers."""

    def __init__(self) -> None:
        self._alike: dict[tuple[Any, ...], _Alike] = {}
        self._reconnection_rings: Counter[int] = Counter()
        self._chains: Counter[int] = Counter()
        self.made_by: Counter[Phone] = Counter()
        """Transfers by people, by the phone, with its member's name where the call tells it."""

    def read(self, connection: Connection, chosen: ColumnElement[bool]) -> None:
        """Take in the transfers of the calls that meet a condition; no call may come twice."""
        stored = TRANSFERS.c
        columns = (
            stored.system, stored.linkedid, stored.by, _member(), stored.reconnect_us, stored.reconnect_rings,
            # Words are looked up once they are counted.
            *(type_coerce(column, Text) for column in (stored.kind, stored.scope, stored.result)),
            stored.announced, stored.consent, stored.to,
        )  # fmt: skip
        asked = select(*columns).select_from(OF_CALL).where(chosen).execution_options(yield_per=ROWS_AT_A_TIME)
        in_call: Counter[tuple[str, str]] = Counter()
        for rows in connection.execute(asked).partitions():
            for system, linkedid, by, member, reconnect_us, rings, *words in rows:
                alike = self._alike.get(tuple(words))
                if alike is None:
                    alike = self._alike[tuple(words)] = _Alike()
                alike.transfers += 1
                if words[0] == TransferKind.FORWARD:
                    continue
                in_call[system, linkedid] += 1
                self.made_by[system, by, member] += 1
                if reconnect_us is not None:
                    alike.reconnection_us.append(reconnect_us)
                if rings is not None:
                    self._reconnection_rings[rings] += 1
        self._chains.update(in_call.values())

    def figures(self) -> TransferFigures:
        """All that was read."""
        counts: Counter[tuple[TransferKind, Scope, TransferResult]] = Counter()
        announced = by_people = 0
        consents: Counter[bool] = Counter()
        by_kind: dict[TransferKind, array[int]] = {}
        targets: dict[tuple[str, Scope], _Target] = {}
        for (kind_word, scope_word, result_word, spoke, consent, to), alike in self._alike.items():
            kind, scope, result = TransferKind(kind_word), Scope(scope_word), TransferResult(result_word)
            counts[kind, scope, result] += alike.transfers
            if kind is TransferKind.FORWARD:
                continue
            by_people += alike.transfers
            announced += alike.transfers if spoke else 0
            if consent is not None:
                consents[bool(consent)] += alike.transfers
            if alike.reconnection_us:
                by_kind.setdefault(kind, array("q")).extend(alike.reconnection_us)
            target = targets.setdefault((masked_within(to), scope), _Target())
            target.transfers += alike.transfers
            target.completed += alike.transfers if result is TransferResult.COMPLETED else 0
            target.reconnection_us.extend(alike.reconnection_us)
        return TransferFigures(
            counts=dict(counts),
            announced=announced,
            by_people=by_people,
            consent_yes=consents[True],
            consent_no=consents[False],
            reconnection=quantiles(us for found in by_kind.values() for us in found),
            reconnection_rings=dict(sorted(self._reconnection_rings.items())),
            reconnection_by_kind={kind: quantiles(found) for kind, found in by_kind.items()},
            targets=tuple(
                sorted(
                    (target.figures(to, scope) for (to, scope), target in targets.items()),
                    key=lambda each: (-each.transfers, each.to, each.scope),
                )
            ),
            chains=dict(sorted(self._chains.items())),
        )


class _Target:
    """One number, queue or phone that callers were passed to."""

    def __init__(self) -> None:
        self.transfers = 0
        self.completed = 0
        self.reconnection_us: array[int] = array("q")

    def figures(self, to: str, scope: Scope) -> TargetFigures:
        return TargetFigures(
            to=to,
            scope=scope,
            transfers=self.transfers,
            completed=self.completed,
            reconnection=quantiles(self.reconnection_us),
        )


def _member() -> ColumnElement[Any]:
    """The name of the member at whose phone a transfer was made: the call itself tells who answered there."""
    rang, passed, call = ATTEMPTS.c, TRANSFERS.c, CALLS.c
    known = (
        select(rang.member)
        .where(rang.system == passed.system, rang.linkedid == passed.linkedid, rang.agent == passed.by)
        .where(rang.member.is_not(None))
        .order_by(rang.ordinal)
        .limit(1)
        .scalar_subquery()
    )
    return case((and_(call.agent == passed.by, call.member.is_not(None)), call.member), else_=known)
