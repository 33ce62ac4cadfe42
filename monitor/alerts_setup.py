"""What the settings say of those who are told at once: for the service, `check-config` and `doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.alerts import Alerts
    from monitor.config import Settings


def alerts_of(settings: Settings, clock: Callable[[str], datetime] = lambda _: datetime.now(UTC)) -> Alerts | None:
    """The sink that tells them; None where nobody is told.

    Args:
        settings: as loaded.
        clock: what the clock of a system shows now; our own where it is not given.

    Raises:
        ConfigError: an address cannot be used.
    """
    alerts = settings.alerts
    if not (alerts.alertmanager or alerts.apprise):
        return None
    from monitor.alerts import Alerts  # noqa: PLC0415 - its HTTP client takes 0.3 s and 18 MB

    return Alerts(
        settings.ring_rules(),
        clock,
        alertmanager=alerts.alertmanager,
        apprise=[address.get_secret_value() for address in alerts.apprise],
        language=settings.language,
        page_url=alerts.page_url,
        warnings=alerts.warnings,
        repeat_seconds=alerts.repeat_seconds,
    )


def who_is_told(settings: Settings) -> str:
    """Who is told, in words, without a secret.

    Raises:
        ConfigError: an address cannot be used.
    """
    alerts = alerts_of(settings)
    if alerts is None:
        return "nobody"
    apprise = len(settings.alerts.apprise)
    who = [f"Alertmanager at {alertmanager.name}" for alertmanager in alerts.alertmanagers]
    if apprise:
        who.append(f"{apprise} address{'es' if apprise > 1 else ''} of apprise")
    return f"{', '.join(who)}; {'warnings and breaches' if settings.alerts.warnings else 'breaches alone'}"
