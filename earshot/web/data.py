"""What the pages read: named queries as the database role `web`, kept for half a minute."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from earshot.settings import Settings, load
from sql.connect import connect
from sql.named import queries

KEPT = timedelta(seconds=30)


@st.cache_resource
def settings() -> Settings:
    """The settings of `EARSHOT_SETTINGS`, read once a process."""
    return load()


@st.cache_data(ttl=KEPT, show_spinner=False)
def frame(name: str, **given: Any) -> pd.DataFrame:
    """All rows of a named query `web_<name>`; an empty frame has the columns, too."""
    with connect(settings(), "web", application="earshot web") as conn, conn:
        rows = list(getattr(queries, f"web_{name}")(conn, **given))
    return pd.DataFrame([dict(row) for row in rows])


@st.cache_data(ttl=KEPT, show_spinner=False)
def incident(incident_id: int) -> dict[str, Any] | None:
    """One incident with its evidence and events, or None."""
    with connect(settings(), "web", application="earshot web") as conn, conn:
        row = queries.web_incident(conn, incident_id=incident_id)
    return None if row is None else dict(row)


def correct(feedback_id: int, theme: str | None, value: str, person: str) -> None:
    """Store what a person says of a text; it outranks the model from now on."""
    with connect(settings(), "web", application="earshot web") as conn, conn:
        queries.web_correct(
            conn,
            feedback_id=feedback_id,
            theme=theme,
            value=value,
            person=person,
            moment=datetime.now(UTC),
        )
    st.cache_data.clear()


def end_of(newest: datetime) -> datetime:
    """The moment up to which a page looks: now, or the end of the newest day where the clock is
    the database's.
    """
    if settings().clock.source == "system":
        return datetime.now(UTC)
    return newest + timedelta(days=1)


def plain(value: Any) -> str:
    """A value of a table as text: lists and objects as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
