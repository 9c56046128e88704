"""How things are shown: texts never as Markdown or HTML, charts never without their table."""

from __future__ import annotations

import csv
import html
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st
from scipy.stats import beta

COLOURS = {"negative": "#c2410c", "neutral": "#78716c", "positive": "#15803d"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
Span = tuple[int, int, str]
"""First character, character after the last one, sentiment."""


def marked(text: str, spans: Sequence[Span]) -> str:
    """HTML of a text whose spans are underlined by sentiment; every word of it is escaped."""
    parts: list[str] = []
    at = 0
    for begins, ends, sentiment in sorted(spans):
        if begins < at or ends > len(text):
            continue
        parts.append(html.escape(text[at:begins]))
        colour = COLOURS.get(sentiment, COLOURS["neutral"])
        style = f"border-bottom:2px solid {colour}"
        said = html.escape(text[begins:ends])
        parts.append(f'<span style="{style}" title="{html.escape(sentiment)}">{said}</span>')
        at = ends
    parts.append(html.escape(text[at:]))
    return f'<p style="white-space:pre-wrap;overflow-wrap:anywhere">{"".join(parts)}</p>'


def safe_cell(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def as_csv(table: pd.DataFrame) -> bytes:
    """The table as UTF-8 CSV with a mark for Excel; formulas are made harmless."""
    escaped = table.rename(columns=lambda name: safe_cell(str(name))).map(safe_cell)
    return bytes(escaped.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC).encode("utf-8-sig"))


def table(rows: pd.DataFrame, name: str, **columns: object) -> None:
    """A table and its download."""
    st.dataframe(rows, hide_index=True, width="stretch", column_config=columns)
    st.download_button(
        "Download as CSV",
        as_csv(rows),
        file_name=f"earshot-{name}.csv",
        mime="text/csv",
        key=f"csv-{name}",
    )


def days_chart(days: pd.DataFrame, title: str) -> None:
    """Voices a day by sentiment, and the same as a table."""
    long = days.melt("day", list(COLOURS), "sentiment", "voices")
    long["voices"] = long["voices"].astype(float)
    chart = (
        alt.Chart(long, title=title)
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(day):T", title=None),
            y=alt.Y("voices:Q", title="voices"),
            color=alt.Color(
                "sentiment:N",
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                title=None,
            ),
            tooltip=["day:T", "sentiment:N", "voices:Q"],
        )
    )
    st.altair_chart(chart, width="stretch")
    with st.expander("The same as a table"):
        table(days, f"days-{title}".lower().replace(" ", "-"))


def band_chart(hours: Sequence[Sequence[object]], noun: str) -> None:
    """Counts an hour over the band that usual hours stay in."""
    rows = pd.DataFrame(hours, columns=["hour", noun, "usual from", "usual to"])
    rows["hour"] = pd.to_datetime(rows["hour"])
    base = alt.Chart(rows).encode(x=alt.X("hour:T", title=None))
    band = base.mark_area(color="#a8a29e", opacity=0.4).encode(
        y=alt.Y("usual from:Q", title=f"{noun} an hour"), y2="usual to:Q"
    )
    line = base.mark_line(color=COLOURS["negative"]).encode(y=f"{noun}:Q")
    st.altair_chart(band + line, width="stretch")
    st.caption("Grey: what usual hours bring.")
    with st.expander("The same as a table"):
        table(rows, "incident-hours")


def interval(part: float, whole: float) -> tuple[float, float]:
    """95 % interval of a share (Jeffreys; Brown, Cai and DasGupta 2001)."""
    low, high = beta.ppf([0.025, 0.975], part + 0.5, whole - part + 0.5)
    return (0.0 if part <= 0 else float(low), 1.0 if part >= whole else float(high))


def share(part: float, whole: float) -> str:
    """A share with its interval, such as "31 % (26 to 37)"; a dash where there is nothing."""
    if whole <= 0:
        return "–"
    low, high = interval(part, whole)
    return f"{part / whole:.0%} ({low:.0%} to {high:.0%})"


def negative_share(place: Any, negative: float, items: float) -> None:
    """The share of complaints with its interval, where `place` is."""
    if items <= 0:
        place.metric("Negative share", "–")
        return
    low, high = interval(negative, items)
    told = f"{low:.0%} to {high:.0%}"
    place.metric(
        "Negative share",
        f"{negative / items:.0%}",
        told,
        delta_color="off",
        delta_arrow="off",
        delta_description="(95 % interval)",
    )


def moment(at: datetime | None) -> str:
    """A time as people read it, in UTC."""
    return "–" if at is None or pd.isna(at) else f"{at:%d %b %Y %H:%M}"


def nothing(what: str, remedy: str) -> None:
    """An empty state that says what to do."""
    st.info(f"{what} {remedy}", icon=":material/info:")
