"""Notices for those who run Earshot: source health, dead letters; each said once, by key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.slack import text as t
from alerts.slack.blocks import Message, long_section
from alerts.slack.outbox import say
from earshot.settings import Settings
from sql.named import queries


def ops_notice(conn: Connection, settings: Settings, key: str, text: str, now: datetime) -> bool:
    """Say one thing in the ops channel, once per key; a changed text edits what was said.

    Args:
        key: what it is about, `source:trustpilot:2026-11-22`.
        text: mrkdwn of ours; foreign words in it must have passed `text.escape`.
    """
    shown, overflow = long_section(text)
    message = Message(text=t.shorten(text, 2900), blocks=(shown,), overflow=overflow)
    return say(
        conn,
        key=f"ops:{key}",
        subject=f"ops:{key}",
        message=message,
        channel=settings.slack.ops_channel,
        brand_id=None,
        now=now,
    )


def tell_sources(conn: Connection, settings: Settings, now: datetime) -> int:
    """Say once in the ops channel that a source broke, and once that it is well again.

    Safe to call on every wake; returns how many notices were enqueued.
    """
    told = 0
    for row in queries.slack_sources_unhealthy(conn):
        reason = row["health_reason"] or "Its contract is broken."
        told += source_quiet_notice(
            conn,
            settings,
            row["name"],
            now,
            reason=reason,
            since=row["health_since"],
            is_crawled=row["kind"] != "webhook",
        )
    for row in queries.slack_sources_recovered(conn):
        lasted = t.duration((now - row["told_at"]).total_seconds())
        text = f"✅ *{t.label(row['name'])} is healthy again*, {lasted} after it was told."
        told += ops_notice(conn, settings, f"{row['notice'].removeprefix('ops:')}:back", text, now)
    return told


def source_quiet_notice(
    conn: Connection,
    settings: Settings,
    source: str,
    now: datetime,
    *,
    reason: str,
    since: datetime,
    is_crawled: bool = True,
) -> bool:
    """Say once that a source gives nothing or breaks its contract."""
    held = "Alerts for falling or recovered complaints wait; rising ones still come."
    text = (
        f"⚠️ *{t.label(source)} is not healthy since {since:%-d %B %H:%M} UTC.* "
        f"{t.label(reason, 500)} {held} See Operations, “When a source goes quiet”"
    )
    text += f"; `earshot crawl {t.label(source)}` tries again." if is_crawled else "."
    return ops_notice(conn, settings, f"source:{source}:{since:%Y%m%dT%H%M}", text, now)


def dead_letter_notice(
    conn: Connection, settings: Settings, row: Any, reason: str, now: datetime
) -> bool:
    """Say once that a message could not be delivered, and what to do."""
    text = (
        f"⚠️ *A message for {t.escape(row['channel'] or 'no channel')} could not be delivered* "
        f"({t.escape(row['key'])}). {t.escape(reason)} Once the cause is gone, "
        "`earshot deliver --again` sends it."
    )
    return ops_notice(conn, settings, f"dead:{row['id']}", text, now)
