"""What panels ask, and of whom: Prometheus by PromQL, the ledger by SQL."""

from __future__ import annotations

from pathlib import Path

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import AnnotationTarget, DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

METRICS = DataSourceRef(type_val="prometheus", uid="${prometheus}")
LEDGER = DataSourceRef(type_val="grafana-postgresql-datasource", uid="${ledger}")
SQL = Path(__file__).parent / "sql"

# Selectors: what the variables at the top of a board choose.
LINE = 'system=~"$system",line=~"$line"'
QUEUE = 'system=~"$system",queue=~"$queue"'
SYSTEM = 'system=~"$system"'

TODAY, WEEK, MONTH = "now/d", "now/w", "now/M"
"""Periods of a panel's own: since midnight, since Monday, since the first of the month."""


class SqlQuery(Dataquery, Builder["SqlQuery"]):
    """A query of Grafana's PostgreSQL data source, for which the SDK has no type.

    Args:
        name: of a file in `sql/`, without its ending.
        given: what stands in the file's `{…}`, as SQL.

    **Source:** what Grafana's own editor saves of a query written in its code mode.
    """

    def __init__(self, name: str, **given: str) -> None:
        self.datasource = LEDGER
        self.ref_id = "A"
        self.sql = (SQL / f"{name}.sql").read_text(encoding="utf-8").strip()
        for key, text in given.items():
            self.sql = self.sql.replace("{" + key + "}", text)

    def build(self) -> SqlQuery:
        """Itself; it is complete from the start."""
        return self

    def to_json(self) -> dict[str, object]:
        """As it stands among a panel's targets."""
        return {
            "datasource": self.datasource,
            "editorMode": "code",
            "format": "table",
            "rawQuery": True,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }


class SqlAnnotation(AnnotationTarget, Builder[AnnotationTarget]):
    """The same, as the target of an annotation."""

    def __init__(self, name: str, **given: str) -> None:
        super().__init__()
        self._query = SqlQuery(name, **given)

    def build(self) -> AnnotationTarget:
        """Itself."""
        return self

    def to_json(self) -> dict[str, object]:
        """As it stands in an annotation."""
        return self._query.to_json()


def instant(expression: str, legend: str = "") -> prometheus.Dataquery:
    """The value at the end of the panel's period."""
    return _query(expression, legend).instant()


def over_time(expression: str, legend: str) -> prometheus.Dataquery:
    """The values over the panel's period."""
    return _query(expression, legend).range()


def buckets(expression: str) -> prometheus.Dataquery:
    """A histogram over time; Grafana takes each bucket off the next one."""
    return _query(expression, "{{le}}").range().format(PromQueryFormat.HEATMAP)


def buckets_now(expression: str) -> prometheus.Dataquery:
    """A histogram at the end of the panel's period."""
    return _query(expression, "{{le}}").instant().format(PromQueryFormat.HEATMAP)


def _query(expression: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expression).legend_format(legend or "__auto").datasource(METRICS)


# Formulas, each as monitor.calls.formulas has it; a quotient with nothing below it is no data.


def increase(metric: str, labels: str, window: str = "$__range") -> str:
    """What a counter has risen by in a window, over all its series."""
    return f"sum(increase({metric}{{{labels}}}[{window}]))"


def ratio(part: str, whole: str) -> str:
    """A share; no data where the whole is 0."""
    return f"{part}\n  / ({whole} > 0)"


def compliance(reading: str, window: str = "$__range") -> str:
    """Kept / (kept + broken) under a reading."""
    verdicts = f'{LINE},reading="{reading}",verdict='
    return ratio(
        increase("callcenter_ring_verdicts_total", f'{verdicts}"kept"', window),
        increase("callcenter_ring_verdicts_total", f'{verdicts}~"kept|broken"', window),
    )


def compliance_by_team(reading: str, window: str) -> str:
    """The same of each team that had calls judged in the window."""
    verdicts = f'{LINE},reading="{reading}",verdict='
    kept, judged = (
        f"sum by (team) (increase(callcenter_team_verdicts_total{{{verdicts}{which}}}[{window}]))"
        for which in ('"kept"', '~"kept|broken"')
    )
    return ratio(kept, judged)


def team_named(expression: str) -> str:
    """With a dash for the calls that no team has, as the ledger's tables show them."""
    return f'label_replace({expression}, "team", "-", "team", "none")'


def budget_burn(reading: str, window: str) -> str:
    """How fast the allowed share of broken calls is used up; 1 uses up exactly what is allowed."""
    return f"(1 - {compliance(reading, window)})\n  / (1 - $target)"


def answer_rate(window: str = "$__range") -> str:
    """Answered / offered."""
    return ratio(
        increase("callcenter_calls_total", f'{LINE},outcome="answered"', window),
        increase("callcenter_calls_total", LINE, window),
    )


def abandon_rate(window: str = "$__range") -> str:
    """Abandoned / offered, short ones included."""
    return ratio(
        increase("callcenter_calls_total", f'{LINE},outcome=~"abandoned_.+"', window),
        increase("callcenter_calls_total", LINE, window),
    )


def speed_of_answer(window: str = "$__range") -> str:
    """ASA: mean waiting of answered calls, in seconds."""
    answered = f'{LINE},outcome="answered"'
    return ratio(
        increase("callcenter_waiting_seconds_sum", answered, window),
        increase("callcenter_waiting_seconds_count", answered, window),
    )


def service_level(window: str = "$__range") -> str:
    """SL, 20 s: answered within 20 s of waiting / answered calls whose waiting is known."""
    answered = f'{LINE},outcome="answered"'
    return ratio(
        increase("callcenter_waiting_seconds_bucket", f'{answered},le="20.0"', window),
        increase("callcenter_waiting_seconds_count", answered, window),
    )


def direct_handling(window: str = "$__range") -> str:
    """Answered with no transfer out of the centre / answered."""
    left = increase("callcenter_calls_left_centre_total", LINE, window)
    answered = increase("callcenter_calls_total", f'{LINE},outcome="answered"', window)
    return f"1 - {ratio(left, answered)}"


def quantile(share: float, metric: str, labels: str, window: str, by: str = "") -> str:
    """A quantile as Prometheus estimates it from a histogram's buckets."""
    kept = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({kept}) (increase({metric}_bucket{{{labels}}}[{window}])))"
