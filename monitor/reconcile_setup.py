"""What the settings say of comparing with Asterisk's own records, as the room of reconciliation takes it."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.config_sections import one_line
from monitor.errors import ConfigError
from monitor.plan import plan_of
from monitor.reconcile.nightly import Nightly, Table
from monitor.reconcile.reading import Given
from monitor.reconcile.work import Order

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.config import ReconcileSettings, Settings
    from monitor.ledger.store import Store

_PASSWORD = re.compile(r".+")


def given_of(settings: ReconcileSettings) -> Given:
    """Where one Asterisk's own records are.

    Raises:
        ConfigError: the file of the password cannot be read.
    """
    password = None
    if settings.password_file is not None:
        password = one_line(settings.password_file, "password_file of [[reconcile]]", "the password", _PASSWORD)
    return Given(
        queue_log=settings.queue_log,
        cdr=settings.cdr.get_secret_value(),
        cel=settings.cel.get_secret_value(),
        password=password,
        zone=ZoneInfo(settings.timezone) if settings.timezone else None,
    )


def order_of(settings: Settings, system: str, given: Given, since: datetime, until: datetime) -> Order:
    """A period of one system to be compared."""
    return Order(
        system=system,
        given=given,
        plan=plan_of(settings),
        lines=tuple(line.name for line in settings.line),
        zone=settings.zone,
        since=since,
        until=until,
    )


def configured(settings: Settings, system: str | None) -> tuple[ReconcileSettings, ...]:
    """The tables to compare with, of one system or of all.

    Raises:
        ConfigError: there is none.
    """
    found = tuple(one for one in settings.reconcile if system in (None, one.system))
    if found:
        return found
    named = ", ".join(one.system for one in settings.reconcile)
    raise ConfigError(
        f"No [[reconcile]] table is for {system!r}: give --system, one of: {named}."
        if named
        else "Nothing is configured to compare the ledger with: add a [[reconcile]] table to the settings, as "
        "docs/reconcile.md shows, or give --queue-log, --cdr or --cel."
    )


def reconciling_of(
    settings: Settings,
    store: Store,
    store_url: Callable[[], str],
    *,
    clock: Callable[[], datetime],
    leads: Callable[[], bool],
    settled: Callable[[], bool],
) -> Nightly:
    """What is compared each night; nothing where no `[[reconcile]]` table asks for it. See `Nightly`."""
    return Nightly(
        [
            Table(
                system=one.system,
                at=time.fromisoformat(one.nightly_at),
                order=lambda since, until, one=one: order_of(settings, one.system, given_of(one), since, until),  # type: ignore[misc] # mypy infers no lambda with a default
            )
            for one in settings.reconcile
            if one.nightly_at
        ],
        store=store,
        store_url=store_url,
        numbers=settings.privacy.read_numbers(),
        callbacks=settings.callback_terms(),
        zone=settings.zone,
        clock=clock,
        leads=leads,
        settled=settled,
    )
