"""The frame of every board: its address, links, variables, annotations, and where its panels stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import bargauge, dashboard, heatmap, stat, table, timeseries
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.panels import BAD, WATCH
from dashboards.sources import LEDGER, METRICS, SqlAnnotation
from dashboards.words import gap_causes

if TYPE_CHECKING:
    from dashboards.words import Words

GRID_WIDTH = 24
Placeable = bargauge.Panel | heatmap.Panel | stat.Panel | table.Panel | timeseries.Panel
"""A panel that has no place yet."""


def board(words: Words, name: str, title: str, description: str, *, span: str, refresh: str) -> dashboard.Dashboard:
    """An empty board with the links every board has.

    Args:
        words: its language.
        name: the same in every language; makes the address.
        title: shown.
        description: shown on the board's information.
        span: from when it shows, up to now.
        refresh: how often it asks anew.
    """
    say = words.say
    return (
        dashboard.Dashboard(title)
        .uid(f"callmonitor-{words.language}-{name}")
        .description(description)
        .tags(["callmonitor", f"callmonitor-{words.language}", f"callmonitor-{name}"])
        .time(span, "now")
        .timezone("")
        .week_start("monday")
        .refresh(refresh)
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink(say("Boards"))
            .type(DashboardLinkType.DASHBOARDS)
            .tags([f"callmonitor-{words.language}"])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
        )
        .link(
            dashboard.DashboardLink("한국어 / English")
            .type(DashboardLinkType.DASHBOARDS)
            .tags([f"callmonitor-{name}"])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
        )
    )


def with_variables(made: dashboard.Dashboard, words: Words, *names: str) -> dashboard.Dashboard:
    """A board with the variables of these names, in the order in which they depend on each other."""
    makers = {
        "prometheus": _prometheus,
        "ledger": _ledger,
        "system": _system,
        "line": _line,
        "queue": _queue,
        "page": _page,
        "target": _target,
        "zone": _zone,
    }
    for name, maker in makers.items():
        if name in names:
            made.with_variable(maker(words))
    return made


def _source(name: str, label: str, kind: str) -> dashboard.DatasourceVariable:
    chosen = VariableOption(selected=True, text=name, value=name)
    return dashboard.DatasourceVariable(name).label(label).type(kind).multi(False).current(chosen)


def _prometheus(words: Words) -> dashboard.DatasourceVariable:
    return _source("prometheus", words.say("Metrics"), "prometheus")


def _ledger(words: Words) -> dashboard.DatasourceVariable:
    return _source("ledger", words.say("Ledger"), "grafana-postgresql-datasource")


def _values(name: str, label: str, metric: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(METRICS)
        .query(_label_values(metric, name))
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def _label_values(metric: str, label: str) -> dict[str, object]:
    """What Grafana's own editor saves of a query for a label's values."""
    query = f"label_values({metric},{label})"
    return {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}


def _system(words: Words) -> dashboard.QueryVariable:
    return _values("system", words.say("System"), "callcenter_ami_up")


def _line(words: Words) -> dashboard.QueryVariable:
    return _values("line", words.say("Line"), 'callcenter_calls_in_progress{system=~"$system"}')


def _queue(words: Words) -> dashboard.QueryVariable:
    return _values("queue", words.say("Queue"), 'callcenter_queue_callers{system=~"$system"}')


def _page(words: Words) -> dashboard.QueryVariable:
    """Where the page is, as the monitor tells it; nobody has to write it down a second time."""
    return (
        dashboard.QueryVariable("page")
        .label(words.say("Page"))
        .description(words.say("Where callmonitor's page is, from its setting page_url; used in links to a call."))
        .datasource(METRICS)
        .query(_label_values("callcenter_page_info", "url"))
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .current(VariableOption(selected=True, text="", value=""))
    )


def _target(words: Words) -> dashboard.CustomVariable:
    return (
        dashboard.CustomVariable("target")
        .label(words.say("Target"))
        .values("90 % : 0.9,95 % : 0.95,98 % : 0.98,99 % : 0.99")
        .current(VariableOption(selected=True, text="95 %", value="0.95"))
    )


def _zone(words: Words) -> dashboard.TextBoxVariable:
    return dashboard.TextBoxVariable("zone").label(words.say("Time zone")).default_value("Asia/Seoul")


def with_marks(made: dashboard.Dashboard, words: Words, *, breaches: bool = True) -> dashboard.Dashboard:
    """A board whose charts show what was not observed, and breaches where it is about lines."""
    if breaches:
        made.annotation(
            dashboard.AnnotationQuery()
            .name(words.term("mark", "Breaches"))
            .datasource(LEDGER)
            .enable(True)
            .icon_color(BAD)
            .target(SqlAnnotation("mark_breaches", rings=_quoted(words.say("rings"))))
        )
    cases = " ".join(f"WHEN {_quoted(cause)} THEN {_quoted(text)}" for cause, text in gap_causes(words).items())
    return made.annotation(
        dashboard.AnnotationQuery()
        .name(words.say("Not observed"))
        .datasource(LEDGER)
        .enable(True)
        .icon_color(WATCH)
        .target(SqlAnnotation("mark_gaps", causes=cases))
    )


def _quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


# -- where panels stand ------------------------------------------------------------------------------------------------


def heading(made: dashboard.Dashboard, title: str) -> None:
    """A line with a title, under which the next panels stand."""
    made.with_row(dashboard.Row(title))


def beside(made: dashboard.Dashboard, height: int, *panels: tuple[int, Placeable]) -> None:
    """Panels beside each other, across the whole board: (columns, panel).

    Raises:
        ValueError: they do not fill the width.
    """
    if sum(width for width, _ in panels) != GRID_WIDTH:
        raise ValueError(f"panels beside each other must fill {GRID_WIDTH} columns")
    for width, panel in panels:
        made.with_panel(panel.height(height).span(width))
