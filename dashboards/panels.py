"""Panels that look alike on every board: a figure, a chart, bars, levels, a heat map, a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, stat, table, timeseries
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grafana_foundation_sdk.builders.prometheus import Dataquery

    from dashboards.sources import SqlQuery
    from dashboards.words import Words

PERCENT, SECONDS, COUNT, NONE = "percentunit", "s", "short", "none"

GOOD, WATCH, BAD, CALM = "#56B4E9", "#E69F00", "#D55E00", "#8C8C8C"
"""Told apart by colour-blind people too; and beside each colour stands the figure."""
HUES = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442", "#8C8C8C", "#B79F6B")

RING_SECONDS = ((None, GOOD), (6.0, WATCH), (9.0, BAD))
"""Korea's third ring begins at 6 s, the fourth at 9 s."""
ANY_IS_BAD = ((None, GOOD), (1.0, BAD))
COMPLIANCE = ((None, BAD), (0.90, WATCH), (0.95, GOOD))
PLAIN = ((None, CALM),)

Steps = tuple[tuple[float | None, str], ...]


def thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    """From which value which colour holds."""
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=value, color=color) for value, color in steps])
    )


def one(
    title: str,
    description: str,
    unit: str,
    *targets: Dataquery | SqlQuery,
    steps: Steps = PLAIN,
    period: str | None = None,
    decimals: int | None = None,
    mapping: Mapping[str, tuple[str, str]] | None = None,
) -> stat.Panel:
    """One figure, large; several where there are several targets.

    Args:
        title: shown above.
        description: what it counts, for the reader.
        unit: Grafana's name of it.
        targets: what is asked.
        steps: from which value which colour holds.
        period: the panel's own; None for the board's.
        decimals: shown; None for Grafana's choice.
        mapping: value → (text, colour), shown in place of the value.
    """
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .targets(list(targets))
        .thresholds(thresholds(steps))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(shapes.BigValueColorMode.VALUE)
        .graph_mode(shapes.BigValueGraphMode.NONE)
        .text_mode(shapes.BigValueTextMode.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("-")
    )
    if period is not None:
        # The title says it.
        panel.time_from(period).hide_time_override(True)
    if decimals is not None:
        panel.decimals(decimals)
    if mapping is not None:
        panel.mappings([mapped(mapping)])
    return panel


def mapped(texts: Mapping[str, tuple[str, str]]) -> ValueMap:
    """Values by what is shown for them: text and colour."""
    return ValueMap(
        options={
            value: ValueMappingResult(text=text, color=color, index=index)
            for index, (value, (text, color)) in enumerate(texts.items())
        }
    )


def chart(
    title: str,
    description: str,
    unit: str,
    *targets: Dataquery,
    names: Mapping[str, str] | None = None,
    hues: Sequence[str] = HUES,
) -> timeseries.Panel:
    """Lines over time.

    Args:
        title: shown above.
        description: what it counts, for the reader.
        unit: Grafana's name of it.
        targets: what is asked.
        names: value of the legend's label → word shown for it, each with a colour that stays its own.
        hues: the colours, in the order of `names`.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .targets(list(targets))
        .min(0)
        .line_width(2)
        .fill_opacity(10)
        .show_points(shapes.VisibilityMode.AUTO)
        .legend(
            common.VizLegendOptions()
            .display_mode(shapes.LegendDisplayMode.LIST)
            .placement(shapes.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING))
    )
    for position, (value, text) in enumerate((names or {}).items()):
        panel.override_by_name(value, named(text, hues[position % len(hues)]))
    return panel


def named(text: str, hue: str) -> list[DynamicConfigValue]:
    """A series' word and colour."""
    return [
        DynamicConfigValue(id_val="displayName", value=text),
        DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": hue}),
    ]


def dashed() -> common.GraphThresholdsStyleConfig:
    """A dashed line where a threshold lies."""
    return common.GraphThresholdsStyleConfig().mode(shapes.GraphThresholdsStyleMode.DASHED)


def stacked() -> common.StackingConfig:
    """One series on top of the other."""
    return common.StackingConfig().mode(shapes.StackingMode.NORMAL)


def bars(
    title: str,
    description: str,
    unit: str,
    *targets: Dataquery,
    every: str,
    names: Mapping[str, str] | None = None,
    hues: Sequence[str] = HUES,
) -> timeseries.Panel:
    """Stacked bars over time, one for each step of `every` (as in `30m`)."""
    return (
        chart(title, description, unit, *targets, names=names, hues=hues)
        .interval(every)
        .draw_style(shapes.GraphDrawStyle.BARS)
        .fill_opacity(70)
        .line_width(0)
        .stacking(stacked())
        .decimals(0)
    )


def levels(
    title: str,
    description: str,
    unit: str,
    *targets: Dataquery,
    names: Mapping[str, str] | None = None,
    hues: Sequence[str] = HUES,
    steps: Steps = PLAIN,
) -> bargauge.Panel:
    """One bar for each series, now or over the period."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .targets(list(targets))
        .min(0)
        .thresholds(thresholds(steps))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .orientation(shapes.VizOrientation.HORIZONTAL)
        .display_mode(shapes.BarGaugeDisplayMode.BASIC)
        .value_mode(shapes.BarGaugeValueMode.TEXT)
        .show_unfilled(True)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("-")
    )
    for position, (value, text) in enumerate((names or {}).items()):
        panel.override_by_name(value, named(text, hues[position % len(hues)]))
    return panel


def heat(title: str, description: str, unit: str, *targets: Dataquery, every: str, axis: str) -> heatmap.Panel:
    """How often which value occurred when; one column for each step of `every`."""
    return (
        heatmap.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .targets(list(targets))
        .interval(every)
        .calculate(False)
        .color(heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").fill("blue").steps(64))
        .y_axis(heatmap.YAxisConfig().axis_label(axis).unit(NONE))
        .cell_values(heatmap.CellValues().unit(COUNT).decimals(0))
        .show_legend()
        .show_color_scale(True)
    )


def rows_of(title: str, description: str, query: SqlQuery, columns: Sequence[Column]) -> table.Panel:
    """A table from the ledger.

    Args:
        title: shown above.
        description: what a row is, for the reader.
        query: whose columns bear the names of `columns`.
        columns: how each is shown.
    """
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .unit(NONE)
        .targets([query])
        .show_header(True)
        .cell_height(shapes.TableCellHeight.SM)
        .no_value("-")
    )
    for column in columns:
        panel.override_by_name(column.name, column.properties())
    return panel


class Column:
    """How a table shows one column of a query.

    Args:
        name: the query's.
        title: shown; None hides the column, whose values links may still use.
        unit: Grafana's name of it.
        words: value → word shown for it.
        link: (title, address) that a click on the value leads to.
        width: in pixels; None for what there is.
        decimals: shown; None for Grafana's choice.
    """

    def __init__(
        self,
        name: str,
        title: str | None,
        *,
        unit: str | None = None,
        words: Mapping[str, str] | None = None,
        link: tuple[str, str] | None = None,
        width: int | None = None,
        decimals: int | None = None,
    ) -> None:
        self.name = name
        self._given: dict[str, object | None] = {
            "displayName": title,
            "custom.hidden": None if title is not None else True,
            "unit": unit,
            "custom.width": width,
            "decimals": decimals,
            "mappings": None
            if words is None
            else [ValueMap(options={value: ValueMappingResult(text=text) for value, text in words.items()})],
            "links": None if link is None else [{"title": link[0], "url": link[1], "targetBlank": True}],
        }

    def properties(self) -> list[DynamicConfigValue]:
        """As Grafana's overrides have them."""
        return [
            DynamicConfigValue(id_val=name, value=value) for name, value in self._given.items() if value is not None
        ]


def call_columns(words: Words) -> list[Column]:
    """The last columns of a row that is about one call: the way to the call's page."""
    address = "${page}/calls/${__data.fields.system}/${__data.fields.linkedid}"
    return [
        Column("system", None),
        Column("linkedid", words.say("Call"), link=(words.say("Open the call's page"), address), width=170),
    ]
