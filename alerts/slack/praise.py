"""Praise routed: each day one message per brand with good reviews worth thanking or sharing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from alerts.slack import text as t
from alerts.slack.blocks import Block, Message, anchor, bullets, context, header, spaced, words
from alerts.slack.outbox import say
from alerts.slack.routing import not_before
from earshot.settings import Brand, Settings
from earshot.settings_publishing import Praise
from sql.named import queries

MOST_QUOTE = 280


def write_praise(conn: Connection, settings: Settings, now: datetime) -> int:
    """Enqueue yesterday's praise for every own brand whose hour has come; each day is told once.

    Safe to call at any time and often. Silent where nothing is worth passing on.

    Returns:
        How many messages were enqueued.
    """
    praise = settings.praise
    if praise is None:
        return 0
    own = [brand for brand in settings.brand if brand.role == "own"]
    return sum(_write(conn, settings, praise, brand, now) for brand in own)


def _write(
    conn: Connection, settings: Settings, praise: Praise, brand: Brand, now: datetime
) -> bool:
    zone = ZoneInfo(brand.time_zone)
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    brand_id = queries.slack_brand_id(conn, key=brand.key)
    key = f"praise:{brand.key}:{local:%Y-%m-%d}"
    if brand_id is None or local.hour < praise.hour:
        return False
    if queries.outbox_row(conn, key=key) is not None:
        return False
    rows = list(
        queries.slack_praise(
            conn,
            brand_id=brand_id,
            since=midnight - timedelta(days=1),
            until=midnight,
            most=praise.most_a_day,
        )
    )
    if not rows:
        return False
    return say(
        conn,
        key=key,
        subject=key,
        message=praise_message(brand.name, rows, now, zone),
        channel=praise.channel,
        brand_id=brand_id,
        now=now,
        not_before=not_before(settings, severity="low", zone=zone, now=now),
    )


def praise_message(
    brand: str, rows: Sequence[Mapping[str, Any]], now: datetime, zone: ZoneInfo
) -> Message:
    """The kind words, each with what it is good for."""
    count = t.counted(len(rows), "kind voices")
    return Message(
        text=f"{t.label(brand)}: {count} worth passing on",
        blocks=(
            header(f"💛 {brand}: {count} worth passing on"),
            bullets(_line(row, now, zone) for row in rows),
            context(
                "Thank: nobody has answered yet. Share: verified and not invited; "
                "ask the author before you quote it elsewhere."
            ),
        ),
        feedback_ids=tuple(row["id"] for row in rows),
    )


def _line(row: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> list[Block]:
    source = t.shorten(t.clean(row["source_name"]), 60)
    at = t.day_and_time(row["published_at"], now, zone)
    about = f", about {t.shorten(t.clean(row['theme']), 60)}" if row["theme"] else ""
    uses = ["thank"] if not row["is_answered"] else []
    uses += ["share"] if row["is_verified"] else []
    use = f" · {' and '.join(uses)}" if uses else ""
    line = [
        words(f"“{t.shorten(t.clean(row['body']), MOST_QUOTE)}”"),
        spaced(f"  {t.stars(row['stars'])}  {source}, {at}{about}{use}"),
    ]
    if t.safe_url(row["url"]):
        line += [spaced("  "), anchor(row["url"], "open\u00a0→")]
    return line
