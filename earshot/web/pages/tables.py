"""Pages that are one table: products, sources, replies, and how often people agree."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from earshot.web import data
from earshot.web.choice import choose
from earshot.web.show import nothing, table


def draw_products() -> None:
    """Recurring complaints by product, supplier, courier and version."""
    st.title("Products")
    choice = choose(with_source=False)
    if choice is None:
        return
    rows = data.frame("products", brand=choice.brand)
    _table(
        rows,
        "products",
        "No complaint names a product.",
        "Sources bring products where they have any; texts get themes by `earshot tag`.",
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
