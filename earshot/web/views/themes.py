"""Theme explorer: one theme over time, and the texts behind it."""

from __future__ import annotations

import streamlit as st

from earshot.web import data
from earshot.web.choice import choose, pick
from earshot.web.show import days_chart, negative_share, nothing
from earshot.web.views.reviews import listed


def draw() -> None:
    """Draw the page."""
    st.title("Themes")
    choice = choose()
    if choice is None:
        return
    themes = data.frame("themes", **choice.span, before=choice.before, source=choice.source)
    names = [name for name in themes.get("theme", []) if name != "all"]
    if not names:
        nothing("No text of this span has a theme.", "Choose a longer span, or run `earshot tag`.")
        return
    by_key = themes.set_index("theme")
    theme = pick("theme", "Theme", names, words=by_key["name"].to_dict())
    row = by_key.loc[theme]
    columns = st.columns(3)
    columns[0].metric("Mentions", f"{int(row['items']):,}")
    columns[1].metric(
        "Complaints",
        f"{int(row['negative']):,}",
        f"{int(row['negative'] - row['negative_before']):+,} on the span before",
        delta_color="inverse",
    )
    negative_share(columns[2], float(row["negative"]), float(row["items"]))
    days = data.frame("days", **choice.span, theme=theme, source=choice.source)
    days_chart(days, f"{row['name']}: mentions a day")
    st.subheader("The newest texts")
    listed(choice, theme=theme, size=10)
