"""Pages that are tables: products, service, sources, replies, and how often people agree."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from earshot.web import data
from earshot.web.choice import choose
from earshot.web.show import nothing, table


def draw_products() -> None:
    """Recurring complaints by product, supplier, courier and version, and who stands out."""
    st.title("Products")
    choice = choose(with_source=False)
    if choice is None:
        return
    parts = data.frame("issue_parts", **choice.span)
    if not parts.empty:
        st.subheader("Who stands out")
        st.text("Complained about more often than all others of its kind: a lead, not a proof.")
        table(parts, "issue-parts")
    st.subheader("What comes back")
    rows = data.frame("products", **choice.span)
    _table(
        rows,
        "products",
        "No complaint of this span names a product.",
        "Choose a longer span; `earshot watch` counts what is new.",
    )


def draw_service() -> None:
    """Tickets and surveys by channel and week."""
    st.title("Service")
    choice = choose(with_source=False)
    if choice is None:
        return
    rows = data.frame("service", brand=choice.brand)
    _table(
        rows,
        "service",
        "No ticket and no survey answer is stored yet.",
        "Add a help desk or a survey as a [[source]] of earshot.toml.",
    )


def draw_sources() -> None:
    """Which sources are healthy, and what their last crawl brought."""
    st.title("Sources")
    choice = choose(with_source=False)
    if choice is None:
        return
    rows = data.frame("source_health", brand=choice.brand)
    sick = rows[rows["health"] == "unhealthy"] if not rows.empty else rows
    for row in sick.itertuples():
        st.warning(f"{row.source} is unhealthy; see its reason in the table.")
    _table(rows, "sources", "No source was crawled yet.", "Add a [[source]] to earshot.toml.")


def draw_replies() -> None:
    """How fast and how often reviews were answered."""
    st.title("Replies")
    choice = choose(with_source=False)
    if choice is None:
        return
    rows = data.frame("reply_performance", brand=choice.brand)
    _table(rows, "replies", "No reply was drafted yet.", "`earshot replies` drafts them.")
    st.subheader("How often people agree with the tagger")
    agreed = data.frame("agreement")
    _table(agreed, "agreement", "Nobody corrected a tag yet.", "Correct one under Reviews.")


def _table(rows: pd.DataFrame, name: str, empty: str, remedy: str) -> None:
    if rows.empty:
        nothing(empty, remedy)
        return
    table(rows, name)
