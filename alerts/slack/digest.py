"""The weekly digest: one message per brand, on Monday morning of the brand's own zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from alerts.slack import text as t
from alerts.slack.blocks import (
    Block,
    Message,
    anchor,
    bullets,
    header,
    long_section,
    picture,
    section,
    spaced,
    words,
)
from alerts.slack.outbox import say
from alerts.slack.praise import write_praise
from alerts.slack.routing import brand_channel
from earshot.settings import Brand, Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

DIGEST_HOUR = 8
WEEKS = 9
"""The week told and eight before it, whose range is called usual."""
THEMES_SHOWN = 3
THEMES_DRAWN = 4
LEAST_CHANGE = 5
"""Complaints by which a theme must have moved to be worth a line."""
PRAISE_SHOWN = 2


def digest(settings: Settings) -> int:
    """What the digest DAG runs: the week's digests and the day's praise."""
    with connect(settings) as conn, conn:
        moment = clock_now(conn, settings)
        return write_digests(conn, settings, moment) + write_praise(conn, settings, moment)


def write_digests(conn: Connection, settings: Settings, now: datetime) -> int:
    """Enqueue the digest of the week that ended, for every own brand where Monday has come.

    Safe to call at any time and often: a week is told once. A digest more than a day late, as
    after a first import, is not told at all.

    Returns:
        How many were enqueued.
    """
    return sum(
        _write(conn, settings, brand, now) for brand in settings.brand if brand.role == "own"
    )


def _write(conn: Connection, settings: Settings, brand: Brand, now: datetime) -> bool:
    zone = ZoneInfo(brand.time_zone)
    monday = week_end(now, zone)
    since_due = now - (monday + timedelta(hours=DIGEST_HOUR))
    brand_id = queries.slack_brand_id(conn, key=brand.key)
    if brand_id is None or not timedelta(0) <= since_due < timedelta(days=1):
        return False
    message = _message(conn, brand_id, brand.name, monday, now, zone)
    if message is None:
        return False
    year, week, _ = (monday - timedelta(days=1)).astimezone(zone).isocalendar()
    key = f"digest:{brand.key}:{year}-W{week:02d}"
    if queries.outbox_row(conn, key=key) is not None:
        return False
    return say(
        conn,
        key=key,
        subject=key,
        message=message,
        channel=brand_channel(settings, brand.key),
        brand_id=brand_id,
        now=now,
    )


def week_end(now: datetime, zone: ZoneInfo) -> datetime:
    """Midnight of the present week's Monday in the zone: where the last whole week ended."""
    local = now.astimezone(zone)
    monday = (local - timedelta(days=local.weekday())).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return monday.astimezone(now.tzinfo)


def _message(
    conn: Connection, brand_id: int, brand: str, until: datetime, now: datetime, zone: ZoneInfo
) -> Message | None:
    weeks = list(queries.slack_digest_weeks(conn, brand_id=brand_id, until=until, weeks=WEEKS))
    if not weeks[-1]["voices"]:
        return None
    replies = queries.slack_digest_replies(conn, brand_id=brand_id, until=until)
    praise = list(
        queries.slack_digest_praise(conn, brand_id=brand_id, until=until, most=PRAISE_SHOWN)
    )
    themes = _moved(list(queries.slack_digest_themes(conn, brand_id=brand_id, until=until)))
    lines = [
        *_moves(themes),
        *_new(list(queries.slack_digest_new_themes(conn, brand_id=brand_id, until=until))),
        *_incidents(
            list(queries.slack_digest_incidents(conn, brand_id=brand_id, until=until)), now, zone
        ),
    ]
    week = (until - timedelta(days=1)).astimezone(zone).isocalendar().week
    summary = _summary(weeks, replies)
    told, overflow = long_section("\n".join(lines) or "No theme stands out this week.")
    return Message(
        text=f"{t.label(brand)}, week {week}: {summary}",
        blocks=(
            header(f"📊 {brand}, week {week}"),
            section(summary),
            picture(_alt_text(weeks, themes, zone)),
            told,
            *_praise(praise),
        ),
        chart=_chart(weeks, themes, zone),
        feedback_ids=tuple(row["id"] for row in praise),
        overflow=overflow,
    )


def _summary(weeks: Sequence[Mapping[str, Any]], replies: Mapping[str, Any]) -> str:
    this, before = weeks[-1], weeks[-2]
    parts = [f"*{this['voices']:,} voices*{_change(this['voices'], before['voices'])}"]
    share = _share(this)
    earlier = [_share(week) for week in weeks[:-1] if week["voices"]]
    if earlier:
        points = round(100 * (share - earlier[-1]))
        moved = f" ({'▲' if points > 0 else '▼'} {abs(points)} points)" if points else ""
        inside = min(earlier) <= share <= max(earlier)
        range_told = "inside" if inside else "*outside*"
        parts.append(f"negative {t.percent(share)}{moved}, {range_told} the usual range")
    else:
        parts.append(f"negative {t.percent(share)}")
    if replies["due"]:
        parts.append(f"answered {t.percent(replies['in_time'] / replies['due'])} within target")
    if replies["median_seconds"] is not None:
        parts.append(f"median {t.duration(replies['median_seconds'])}")
    return " · ".join(parts)


def _change(now: int, before: int) -> str:
    if not before or now == before:
        return ""
    return f" ({'▲' if now > before else '▼'} {abs(now - before) / before:.0%})".replace("%", " %")


def _share(week: Mapping[str, Any]) -> float:
    return float(week["negative"] / week["voices"]) if week["voices"] else 0.0


Moved = tuple[str, int, int]
"""A theme's name, its complaints in the week before and in the week told."""


def _moved(themes: Sequence[Mapping[str, Any]]) -> list[Moved]:
    """Themes whose complaints moved, the largest change first."""
    counts = [(row["name"], row["before_count"] or 0, row["now_count"] or 0) for row in themes]
    moved = [row for row in counts if abs(row[2] - row[1]) >= LEAST_CHANGE]
    return sorted(moved, key=lambda row: -abs(row[2] - row[1]))


def _moves(moved: Sequence[Moved]) -> list[str]:
    """What went up and what went down."""
    up = [row for row in moved if row[2] > row[1]][:THEMES_SHOWN]
    down = [row for row in moved if row[2] < row[1]][:THEMES_SHOWN]
    told = []
    for title, rows in (("Went up", up), ("Went down", down)):
        if rows:
            shown = ", ".join(f"_{t.label(n)}_ {b} → {a}" for n, b, a in rows)
            told.append(f"*{title}:* {shown}")
    return told


def _new(themes: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"*New:* “{t.label(row['name'])}” ({row['items']} voices, {row['products']} products, "
        f"first seen {row['since']:%A})"
        for row in themes
    ]


def _incidents(rows: Sequence[Mapping[str, Any]], now: datetime, zone: ZoneInfo) -> list[str]:
    """The week's incidents, and what dismissals taught."""
    told = []
    for row in rows:
        since = t.day_and_time(row["started_at"], now, zone)
        state = "over" if row["resolved_at"] else "still open"
        why = f", {row['verdict']}" if row["verdict"] else ""
        why += f" ({t.label(row['dismissal'])})" if row["dismissal"] else ""
        told.append(
            f"*Incident:* {t.label(row['title'])}, "
            f"{t.label(t.counted(row['items'], row['noun']))} since {since}, {state}{why}"
        )
    return told


def _praise(rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not rows:
        return []
    lines = [
        [
            words(f"“{t.shorten(t.clean(row['body']), 280)}”"),
            spaced(f"  {t.stars(row['stars'])}  {t.shorten(t.clean(row['source_name']), 60)}"),
            *([spaced("  "), anchor(row["url"], "open →")] if t.safe_url(row["url"]) else []),
        ]
        for row in rows
    ]
    return [section("*Worth passing on:*"), bullets(lines)]


def _chart(
    weeks: Sequence[Mapping[str, Any]], moved: Sequence[Moved], zone: ZoneInfo
) -> dict[str, Any]:
    return {
        "kind": "weeks",
        "title": "Voices a week",
        "themes": [list(row) for row in moved[:THEMES_DRAWN]],
        "weeks": [
            [
                week["starts_at"].astimezone(zone).date().isoformat(),
                week["voices"],
                week["negative"],
            ]
            for week in weeks
        ],
    }


def _alt_text(weeks: Sequence[Mapping[str, Any]], moved: Sequence[Moved], zone: ZoneInfo) -> str:
    weeks_told = ", ".join(
        f"{week['starts_at'].astimezone(zone):%-d %b}: {week['voices']} ({week['negative']})"
        for week in weeks
    )
    told = f"Chart of voices a week, the negative ones in brackets. Weeks from {weeks_told}."
    themes = ", ".join(f"{name} {before} to {now}" for name, before, now in moved[:THEMES_DRAWN])
    return f"{told} Complaints by theme, from last week to this one: {themes}." if themes else told
