"""What is looked at: brand, span, source, theme; all in the address, so that a view is a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from earshot.web import data
from earshot.web.show import nothing

SPANS = {"7 days": 7, "28 days": 28, "90 days": 90, "365 days": 365}
EVERY = "All"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The filters of a page."""

    brand: str
    since: datetime
    until: datetime
    source: str = ""

    @property
    def before(self) -> datetime:
        """Start of the equally long span before."""
        return self.since - (self.until - self.since)

    @property
    def span(self) -> dict[str, Any]:
        """Parameters of a query over the span."""
        return {"brand": self.brand, "since": self.since, "until": self.until}


def pick(
    name: str,
    label: str,
    options: list[str],
    *,
    default: int = 0,
    words: Mapping[str, str] | None = None,
) -> str:
    """A choice that stands in the address under `name`; what is not on the list is the default.

    `words` says what people read instead of an option.
    """
    read = words or {}
    asked = st.query_params.get(name)
    place = options.index(asked) if asked in options else default
    chosen = st.selectbox(
        label,
        options,
        index=place,
        key=f"pick-{name}",
        format_func=lambda option: read.get(option, option),
    )
    if chosen == options[default]:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = chosen
    return str(chosen)


def choose(*, with_source: bool = True) -> Choice | None:
    """Brand, span and source of a page; None, with a word, where nothing is stored."""
    brands = data.frame("brands")
    if brands.empty:
        nothing(
            "Nothing is stored and counted yet.",
            "Import a file with `earshot import`, crawl a source, then run `earshot tag` and "
            "`earshot watch`; `make demo` shows it all on a sample shop.",
        )
        return None
    columns = st.columns(3)
    with columns[0]:
        brand = pick("brand", "Brand", list(brands["brand"]))
    with columns[1]:
        span = pick("span", "Span", list(SPANS), default=1)
    source = EVERY
    if with_source:
        with columns[2]:
            sources = list(data.frame("sources", brand=brand)["source"])
            source = pick("source", "Source", [EVERY, *sources])
    newest = brands.set_index("brand").loc[brand, "newest"].to_pydatetime()
    until = data.end_of(newest)
    return Choice(
        brand=brand,
        since=until - timedelta(days=SPANS[span]),
        until=until,
        source="" if source == EVERY else source,
    )
