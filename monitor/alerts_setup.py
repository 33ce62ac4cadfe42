"""What the settings say of those who are told at once: for the service, `check-config` and `doctor`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from monitor.alerts import Alerts, Figures
    from monitor.calls.facts import Fact
    from monitor.config import Settings
    from monitor.texts import Language


class _Wanted(TypedDict):
    """Who is to be told, as `Alerts` takes it."""

    alertmanager: Sequence[str]
    apprise: Sequence[str]
    language: Language
    page_url: str
    warnings: bool
    repeat_seconds: float


class AlertDesk:
    """Sink: hands facts to those who are told at once, who may be others later. Enter it to begin to tell.

    Args:
        settings: as loaded.
        clock: what the clock of a system shows now.

    Raises:
        ConfigError: an address cannot be used.

    Attributes:
        figures: by kind of target, what was told; grows when a kind is first configured.
    """

    def __init__(self, settings: Settings, clock: Callable[[str], datetime]) -> None:
        self._clock = clock
        self._telling = False
        self._silent = False
        self.figures: dict[str, Figures] = {}
        self._alerts = alerts_of(settings, clock)
        self._take_figures()

    def record(self, fact: Fact) -> None:
        """Take a fact. Returns at once."""
        if self._alerts is not None:
            self._alerts.record(fact)

    def recall(self, facts: Iterable[Fact], told_until: datetime) -> None:
        """Know of the calls in progress what the run of this program before told of them; see `Alerts.recall`."""
        if self._alerts is not None:
            self._alerts.recall(facts, told_until)

    def prepare(self, settings: Settings) -> Callable[[], None]:
        """Make ready to tell whom other settings name; returns what changes over, at once.

        Raises:
            ConfigError: an address cannot be used.
        """
        if self._alerts is None:
            made = alerts_of(settings, self._clock)
        else:
            made, change_over = self._alerts, self._alerts.prepare(**_wanted(settings))

        def begin() -> None:
            if self._alerts is not None:
                change_over()
            elif made is not None:
                self._alerts = made
                if self._silent:
                    made.stand_by()
                if self._telling:
                    made.begin()
            self._take_figures()

        return begin

    def stand_by(self) -> None:
        """Another monitor tells from now on."""
        self._silent = True
        if self._alerts is not None:
            self._alerts.stand_by()

    def take_over(self, since: Mapping[str, datetime]) -> None:
        """Tell from now on; `since` is when the one before did last, by system and on its clock."""
        self._silent = False
        if self._alerts is not None:
            self._alerts.take_over(since)

    def _take_figures(self) -> None:
        if self._alerts is not None:
            self.figures.update(self._alerts.figures)

    async def __aenter__(self) -> Self:
        """Begin to tell."""
        self._telling = True
        if self._alerts is not None:
            self._alerts.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tell no more."""
        if self._alerts is not None:
            await self._alerts.end()


def alerts_of(settings: Settings, clock: Callable[[str], datetime] = lambda _: datetime.now(UTC)) -> Alerts | None:
    """The sink that tells them; None where nobody is told.

    Args:
        settings: as loaded.
        clock: what the clock of a system shows now; our own where it is not given.

    Raises:
        ConfigError: an address cannot be used.
    """
    if not (settings.alerts.alertmanager or settings.alerts.apprise):
        return None
    from monitor.alerts import Alerts  # noqa: PLC0415 - its HTTP client takes 0.3 s and 18 MB

    return Alerts(settings.ring_rules(), clock, **_wanted(settings))


def _wanted(settings: Settings) -> _Wanted:
    alerts = settings.alerts
    return {
        "alertmanager": alerts.alertmanager,
        "apprise": [address.get_secret_value() for address in alerts.apprise],
        "language": settings.language,
        "page_url": alerts.page_url,
        "warnings": alerts.warnings,
        "repeat_seconds": alerts.repeat_seconds,
    }


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
