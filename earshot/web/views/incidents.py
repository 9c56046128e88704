"""The list of incidents, and the page of one, which the Slack message opens."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from earshot.web import data
from earshot.web.choice import choose
from earshot.web.show import band_chart, marked, moment, nothing, table


def draw_all() -> None:
    """Draw the list."""
    st.title("Incidents")
    choice = choose(with_source=False)
    if choice is None:
        return
    rows = data.frame("incidents", brand=choice.brand)
    if rows.empty:
        nothing("No incident so far.", "`earshot replay` shows what the rules would have opened.")
        return
    rows.insert(0, "page", [f"/incident?id={id_}" for id_ in rows["incident_id"]])
    link = st.column_config.LinkColumn("page", display_text="open")
    table(rows, "incidents", page=link)


def draw_one() -> None:
    """Draw one incident, named by `id` in the address."""
    asked = st.query_params.get("id", "")
    incident = data.incident(int(asked)) if asked.isdecimal() and len(asked) < 16 else None
    if incident is None:
        st.title("Incident")
        nothing("There is no such incident.", "Open one from the list of incidents or from Slack.")
        return
    evidence = incident["evidence"]
    st.title(incident["title"] or "Incident")
    _figures(incident)
    if evidence.get("hours"):
        band_chart(evidence["hours"], evidence.get("noun", "complaints"))
    _differences(evidence)
    _quotes(evidence)
    _story(incident)
    _replies(int(incident["incident_id"]))


def _figures(incident: dict[str, Any]) -> None:
    columns = st.columns(4)
    columns[0].metric("Severity", incident["severity"])
    columns[1].metric("State", incident["state"])
    columns[2].metric("Counted", f"{incident['items']:,}")
    columns[3].metric("Usual", f"{incident['baseline']:.1f}")
    chance = incident["odds"]
    odds = f" · by chance 1 in {1 / chance:,.0f}" if chance and chance < 1 else ""
    over = f", over {moment(incident['resolved_at'])}" if incident["resolved_at"] else ""
    st.text(f"Since {moment(incident['started_at'])}{over} (UTC){odds}")
    st.text(f"Why: {incident['reason']}")


def _differences(evidence: dict[str, Any]) -> None:
    rows = evidence.get("differences") or []
    parts = [{"what": "theme", "value": t["name"], "share": t["share"]} for t in evidence["themes"]]
    parts += [
        {"what": d["attribute"], "value": d["value"], "share": d["share"], "usual": d["usual"]}
        for d in rows
    ]
    if parts:
        st.subheader("What it is about")
        table(pd.DataFrame(parts), "incident-parts")


def _quotes(evidence: dict[str, Any]) -> None:
    if not evidence.get("quotes"):
        return
    st.subheader("What they say")
    for quote in evidence["quotes"]:
        with st.container(border=True):
            stars = "" if quote["stars"] is None else f" · {quote['stars']:.0f} of 5 stars"
            st.text(f"{quote['source']}{stars}")
            st.html(marked(quote["text"], []))


def _story(incident: dict[str, Any]) -> None:
    st.subheader("What happened when")
    events = pd.DataFrame(incident["events"], columns=["at", "kind", "actor"])
    table(events, "incident-events")


def _replies(incident_id: int) -> None:
    st.subheader("Replies")
    rows = data.frame("incident_replies", incident_id=incident_id)
    if rows.empty:
        st.write("No reply was drafted for its texts.")
        return
    table(rows, "incident-replies")
