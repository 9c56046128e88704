"""Reviews: each text with its sentences marked by sentiment, its themes, and a way to correct."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from earshot.text.cleaning import whole_text
from earshot.web import data
from earshot.web.choice import EVERY, Choice, choose, pick
from earshot.web.people import reader
from earshot.web.show import COLOURS, Span, marked, moment, nothing, table

SIZES = 50
SHOWN = ["published_at", "source", "product", "stars", "sentiment", "title", "body", "url"]


def draw() -> None:
    """Draw the page."""
    st.title("Reviews")
    choice = choose()
    if choice is None:
        return
    columns = st.columns(3)
    with columns[0]:
        sentiment = pick("sentiment", "Sentiment", [EVERY, *COLOURS])
    with columns[1]:
        themes = data.frame("themes", **choice.span, before=choice.before, source=choice.source)
        words = {row.theme: row.name for row in themes.itertuples() if row.theme != "all"}
        theme = pick("theme", "Theme", [EVERY, *words], words=words)
    with columns[2]:
        products = data.frame("products", **choice.span)
        found = sorted(set(products.get("product", [])))
        product = pick("product", "Product", [EVERY, *found])
    listed(
        choice,
        theme="all" if theme == EVERY else theme,
        sentiment="" if sentiment == EVERY else sentiment,
        product="" if product == EVERY else product,
    )


def listed(
    choice: Choice, *, theme: str, sentiment: str = "", product: str = "", size: int = SIZES
) -> None:
    """The newest texts of a choice, and all that are shown as a download."""
    rows = data.frame(
        "reviews",
        **choice.span,
        theme=theme,
        source=choice.source,
        sentiment=sentiment,
        product=product,
        size=size,
    )
    if rows.empty:
        nothing("No text fits.", "Take a filter away or choose a longer span.")
        return
    ids = [int(id_) for id_ in rows["feedback_id"]]
    tags = data.frame("tags", brand=choice.brand, feedback_ids=ids)
    sentences = data.frame("sentences", brand=choice.brand, feedback_ids=ids)
    for row in rows.to_dict("records"):
        _text(row, _of(tags, row), _of(sentences, row))
    with st.expander("The same as a table"):
        table(rows[SHOWN], "reviews")


def _of(rows: pd.DataFrame, row: dict[str, Any]) -> list[dict[str, Any]]:
    if rows.empty:
        return []
    return list(rows[rows["feedback_id"] == row["feedback_id"]].to_dict("records"))


def _text(row: dict[str, Any], tags: list[dict[str, Any]], sentences: list[dict[str, Any]]) -> None:
    with st.container(border=True):
        stars = "" if pd.isna(row["stars"]) else f" · {row['stars']:.0f} of 5 stars"
        product = f" · {row['product']}" if row["product"] else ""
        st.text(f"{moment(row['published_at'])} · {row['source']}{product}{stars}")
        st.html(marked(whole_text(row["title"], row["body"]), [_span(s) for s in sentences]))
        told = ", ".join(
            f"{t['theme_name']} ({t['sentiment']}, {t['probability']:.0%})" for t in tags
        )
        why = {"person": "said by a person", "rating": "by its stars", "text": "by its words"}
        from_where = why.get(row["sentiment_from"], "not yet read")
        st.text(f"{row['sentiment'] or 'no sentiment'}, {from_where} · {told or 'no theme'}")
        _correction(row, tags)


def _span(sentence: dict[str, Any]) -> Span:
    values = {name: sentence[f"p_{name}"] for name in COLOURS}
    return sentence["begins"], sentence["ends"], max(values, key=lambda name: values[name])


def _correction(row: dict[str, Any], tags: list[dict[str, Any]]) -> None:
    """A person's word outranks the model everywhere, and stays through re-tagging."""
    id_ = row["feedback_id"]
    with st.popover("Correct", help="What you say outranks the model, in every table."):
        about = _about(tags)
        with st.form(f"correct-{id_}", border=False):
            what = st.selectbox("What is wrong?", list(about), key=f"what-{id_}")
            values = [*COLOURS, "absent"]
            value = st.selectbox(
                "It is", values, key=f"value-{id_}", help="Absent: the text is not about it."
            )
            if st.form_submit_button("Store"):
                _store(id_, about[what], value)


def _about(tags: list[dict[str, Any]]) -> dict[str, str | None]:
    """What a person may judge: the whole text, its themes, and those that the model missed."""
    found: dict[str, str | None] = {t["theme_name"]: t["theme"] for t in tags}
    others = data.frame("all_themes")
    missed = {
        f"A missing theme: {row.name}": row.theme
        for row in others.itertuples(index=False)
        if row.theme not in found.values()
    }
    return {"The whole text": None, **found, **missed}


def _store(feedback_id: int, theme: str | None, value: str) -> None:
    if theme is None and value == "absent":
        st.error("A whole text cannot be absent: choose a theme, or another value.")
        return
    data.correct(feedback_id, theme, value, reader())
    st.success("Stored.")
