"""The day's work: what waits, what is late, what was decided; for `/earshot today` and the Home."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from alerts.slack import text as t
from alerts.slack.blocks import Block, context, divider, header, section
from sql.named import queries

SHOWN = 15


def today_blocks(conn: Connection, person: str, now: datetime) -> list[Block]:
    """The overview as blocks; what is assigned to `person` stands first."""
    day = queries.slack_day(conn, now=now)
    incidents = list(queries.slack_open_incidents(conn, now=now))
    drafts = list(queries.slack_waiting_drafts(conn, now=now, most=SHOWN))
    decided = list(queries.slack_decided_today(conn, now=now, most=SHOWN))
    mine = [row for row in incidents if row["assigned_to"] == person]
    others = [row for row in incidents if row["assigned_to"] != person]
    blocks = [header("Today"), section(_counts(day, len(incidents)))]
    blocks += _part("Assigned to you", [_incident(row, now) for row in mine])
    blocks += _part("Open incidents", [_incident(row, now) for row in others])
    blocks += _part("Replies that wait", [_draft(row, now) for row in drafts], day["waiting"])
    blocks += _part("Decided in the last 24 hours", [_decision(row, now) for row in decided])
    return blocks


def home_view(conn: Connection, person: str, now: datetime) -> dict[str, Any]:
    """The App Home of one person."""
    stamp = context(f"As of {now:%-d %B %H:%M} UTC. Opening this page brings it up to date.")
    return {"type": "home", "blocks": [*today_blocks(conn, person, now), divider(), stamp]}


def _counts(day: Mapping[str, Any], incidents: int) -> str:
    parts = [
        f"*{incidents}* open {'incident' if incidents == 1 else 'incidents'}",
        f"*{day['waiting']}* replies wait",
        f"*{day['late']}* late",
        f"{day['decided']} decided in 24 hours",
    ]
    if day["held"]:
        parts.append(f"*{day['held']}* need a person, without a draft")
    if day["dead"]:
        parts.append(f"⚠️ {day['dead']} messages could not be delivered")
    return " · ".join(parts)


def _part(title: str, lines: Sequence[str], total: int | None = None) -> list[Block]:
    """A titled list that fits one section; what is left out is counted."""
    if not lines:
        return []
    shown: list[str] = []
    for line in lines:
        if sum(len(each) + 1 for each in shown) + len(line) > 2600:
            break
        shown.append(line)
    left = max(total or 0, len(lines)) - len(shown)
    more = [f"_… and {left} more_"] if left > 0 else []
    return [divider(), section("\n".join([f"*{title}*", *shown, *more]))]


def _incident(row: Mapping[str, Any], now: datetime) -> str:
    since = t.day_and_time(row["started_at"], now, ZoneInfo(row["time_zone"]))
    count = t.counted(row["items"], row["noun"] or "complaints")
    usual = f", usually {t.number(row['baseline'])}" if row["baseline"] else ""
    state = f"confirmed by {t.person(row['decided_by'])}" if row["verdict"] else "*undecided*"
    owner = f" · {t.person(row['assigned_to'])}" if row["assigned_to"] else ""
    return (
        f"• *{t.label(row['title'])}*: {t.label(count)} since {since}{usual} · "
        f"{t.label(row['brand_name'])} · {row['severity']} · "
        f"{state}{owner}{_open(row)}"
    )


def _draft(row: Mapping[str, Any], now: datetime) -> str:
    due = t.day_and_time(row["due_at"], now, ZoneInfo(row["time_zone"]))
    when = f"*late, was due {due}*" if row["is_late"] else f"due {due}"
    said = t.escape(t.gist(row["title"], row["body"], 70))
    held = " · no draft, needs a person" if row["state"] == "held" else ""
    where = t.label(row["source_name"])
    return f"• {t.stars(row['stars'])} “{said}” · {where} · {when}{held}{_open(row)}"


def _open(row: Mapping[str, Any]) -> str:
    """A link to the message, which Slack opens in its own window."""
    channel, ts = row["remote_channel"], row["remote_id"]
    if not ts or not re.fullmatch(r"\d+\.\d+", ts):
        return ""
    return f" · <https://slack.com/archives/{channel}/p{ts.replace('.', '')}|open →>"


def _decision(row: Mapping[str, Any], now: datetime) -> str:
    at = t.day_and_time(row["at"], now, ZoneInfo("UTC"))
    what = row["what"] or f"reply to “{t.gist(row['title'] or '', row['body'] or '', 50)}”"
    return f"• {at} {row['kind']}: {t.label(what)} · {t.person(row['actor'])}"
