"""Overview: how much was said, how it sounded, and about what."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from earshot.web import data
from earshot.web.choice import Choice, choose
from earshot.web.show import days_chart, negative_share, nothing, share, table

TOP = 12


def draw() -> None:
    """Draw the page."""
    st.title("Overview")
    choice = choose()
    if choice is None:
        return
    themes = data.frame("themes", **choice.span, before=choice.before, source=choice.source)
    whole = themes[themes["theme"] == "all"] if not themes.empty else themes
    if whole.empty or not float(whole["items"].iloc[0]):
        nothing("Nobody said anything in this span.", "Choose a longer one or another source.")
        return
    _figures(whole.iloc[0])
    days = data.frame("days", **choice.span, theme="all", source=choice.source)
    days_chart(days, "Voices a day")
    st.subheader("What they complain about")
    _themes(themes[themes["theme"] != "all"], whole.iloc[0])
    _open_incidents(choice)


def _figures(row: pd.Series) -> None:
    items, before = int(row["items"]), int(row["items_before"])
    negative, negative_before = int(row["negative"]), int(row["negative_before"])
    columns = st.columns(3)
    columns[0].metric(
        "Voices", f"{items:,}", f"{items - before:+,} on the span before", delta_color="off"
    )
    columns[1].metric(
        "Complaints",
        f"{negative:,}",
        f"{negative - negative_before:+,} on the span before",
        delta_color="inverse",
    )
    negative_share(columns[2], negative, items)


def _themes(themes: pd.DataFrame, whole: pd.Series) -> None:
    told = themes[themes["negative"] > 0].head(TOP)
    if told.empty:
        nothing("No theme was complained about.", "Texts get themes by `earshot tag`.")
        return
    complaints, before = float(whole["negative"]), float(whole["negative_before"])
    rows = pd.DataFrame(
        {
            "theme": told["name"],
            "complaints": told["negative"].astype(int),
            "share of complaints (95 % interval)": [
                share(float(n), max(complaints, float(n))) for n in told["negative"]
            ],
            "span before": [
                share(float(n), max(before, float(n))) for n in told["negative_before"]
            ],
            "change": (told["negative"] - told["negative_before"]).astype(int),
        }
    )
    table(rows, "themes")


def _open_incidents(choice: Choice) -> None:
    incidents = data.frame("incidents", brand=choice.brand)
    if incidents.empty:
        return
    running = incidents[incidents["state"] != "resolved"]
    st.subheader("Open incidents")
    if running.empty:
        st.write("None.")
    for row in running.itertuples():
        st.link_button(
            f"{row.title}: {row.items} since {row.started_at:%d %b %H:%M} UTC ({row.severity})",
            f"/incident?id={row.incident_id}",
        )
