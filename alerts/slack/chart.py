"""The incident's chart as PNG: large type, few ticks, readable on a phone, no reliance on hue."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 6.0, 3.1, 180
TITLE_INCHES, THEME_INCHES = 0.7, 0.62
_LINE, _NOW, _BAND, _TEXT = "#33415c", "#c1121f", "#d8dee9", "#1d1c1d"


def chart_png(chart: dict[str, Any]) -> bytes:
    """Draw a message's chart: `kind` "weeks" for a digest, else an incident's hours."""
    return _weeks_png(chart) if chart.get("kind") == "weeks" else _hours_png(chart)


def _weeks_png(chart: dict[str, Any]) -> bytes:
    """Voices a week as bars, the negative ones hatched, so that colour alone says nothing.

    Args:
        chart: `title`, `weeks` as `[ISO date, voices, negative]`, oldest first, and `themes` as
            `[name, complaints before, complaints now]`, largest change first.
    """
    from matplotlib.figure import Figure

    themes = chart.get("themes") or []
    heights = [HEIGHT_INCHES]
    if themes:
        heights.append(TITLE_INCHES + THEME_INCHES * len(themes))
    size = (WIDTH_INCHES, sum(heights))
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, facecolor="white")
    rows = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)
    axes: Any = rows[0][0]
    if themes:
        _themes(rows[1][0], themes)
    labels = [f"{datetime.fromisoformat(week[0]):%-d %b}" for week in chart["weeks"]]
    places = range(len(labels))
    axes.bar(places, [week[1] for week in chart["weeks"]], color=_BAND, label="all")
    axes.bar(
        places,
        [week[2] for week in chart["weeks"]],
        color=_NOW,
        hatch="//",
        edgecolor="white",
        label="negative",
    )
    axes.set_xticks([p for p in places if (len(labels) - 1 - p) % 2 == 0], labels[::-2][::-1])
    axes.set_ylim(0, max(*(week[1] for week in chart["weeks"]), 3) * 1.28)
    _dress(figure, axes, chart["title"])
    return _as_png(figure)


def _themes(axes: Any, themes: list[list[Any]]) -> None:
    """Complaints by theme, the week before in grey above the week told in red."""
    places = range(len(themes))
    names = [name if len(name) < 24 else f"{name[:23]}…" for name, _, _ in themes]
    axes.barh([p - 0.2 for p in places], [row[1] for row in themes], 0.36, color=_BAND)
    axes.barh([p + 0.2 for p in places], [row[2] for row in themes], 0.36, color=_NOW, hatch="//",
              edgecolor="white")  # fmt: skip
    for place, (_, before, now) in zip(places, themes, strict=True):
        axes.text(before, place - 0.2, f" {before}", va="center", fontsize=12, color=_TEXT)
        axes.text(now, place + 0.2, f" {now}", va="center", fontsize=12, color=_TEXT, weight="bold")
    axes.set_yticks(list(places), names)
    axes.set_ylim(len(themes) - 0.5, -0.5)
    axes.set_xlim(0, max(3, *(max(row[1], row[2]) for row in themes)) * 1.15)
    axes.set_title("Complaints by theme: week before, this week", loc="left", fontsize=14,
                   color=_TEXT)  # fmt: skip
    axes.tick_params(labelsize=12, colors=_TEXT, length=0, labelbottom=False)
    for side in axes.spines.values():
        side.set_visible(False)


def _hours_png(chart: dict[str, Any]) -> bytes:
    """Draw complaints an hour over the expected band, the incident's hours in red.

    Args:
        chart: `title`, `noun`, `zone`, `started_at` and `hours` as
            `[ISO hour, count, low, high]`, oldest first.
    """
    from matplotlib.figure import Figure  # heavy: imported where it is drawn

    zone = ZoneInfo(chart["zone"])
    hours = [datetime.fromisoformat(h[0]).astimezone(zone) for h in chart["hours"]]
    counts = [h[1] for h in chart["hours"]]
    started = datetime.fromisoformat(chart["started_at"]).astimezone(zone)
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH, facecolor="white")
    axes: Any = figure.add_subplot()
    lows, highs = [h[2] for h in chart["hours"]], [h[3] for h in chart["hours"]]
    axes.fill_between(hours, lows, highs, color=_BAND, step="mid", linewidth=0, label="expected")
    axes.plot(hours, counts, color=_LINE, linewidth=1.6, drawstyle="steps-mid")
    _mark_incident(axes, hours, counts, started)
    _mark_days(axes, hours, counts)
    noun = str(chart["noun"])
    _dress(figure, axes, f"{noun[:1].upper()}{noun[1:]} an hour")
    return _as_png(figure)


def _mark_incident(axes: Any, hours: list[datetime], counts: list[int], started: datetime) -> None:
    since = [i for i, hour in enumerate(hours) if hour >= started - timedelta(hours=1)]
    if not since:
        return
    inside = [hours[i] for i in since], [counts[i] for i in since]
    axes.fill_between(*inside, color=_NOW, alpha=0.18, step="mid", linewidth=0)
    axes.plot(*inside, color=_NOW, linewidth=2.8, drawstyle="steps-mid", label="since it began")
    top = max(since, key=lambda i: counts[i])
    axes.annotate(
        str(counts[top]),
        (hours[top], counts[top]),
        textcoords="offset points",
        xytext=(-6, 5),
        ha="right",
        fontsize=17,
        fontweight="bold",
        color=_NOW,
    )


def _mark_days(axes: Any, hours: list[datetime], counts: list[int]) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter

    axes.set_xlim(hours[0], hours[-1])
    axes.set_ylim(0, max(*counts, 3) * 1.22)
    spans_days = hours[-1] - hours[0] > timedelta(days=2)
    axes.xaxis.set_major_locator(AutoDateLocator(tz=hours[0].tzinfo, maxticks=5))
    written = "%a %-d %b" if spans_days else "%H:%M"
    axes.xaxis.set_major_formatter(DateFormatter(written, tz=hours[0].tzinfo))


def _dress(figure: Any, axes: Any, title: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, loc="left", fontsize=15, color=_TEXT)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params(labelsize=13, colors=_TEXT, length=0)
    axes.grid(axis="y", color="#eceff4", linewidth=1)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="upper left", fontsize=12, frameon=False, ncols=2, borderaxespad=0)
    figure.tight_layout()


def _as_png(figure: Any) -> bytes:
    """PNG without creation date or program name: the same data gives the same bytes."""
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
