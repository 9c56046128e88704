"""How well each rule does: sensitivity learned from people's verdicts, and a note each month."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.detection.learning import learned_factor
from alerts.slack import text as t
from alerts.slack.blocks import Message, header, long_section
from alerts.slack.outbox import say
from earshot.settings import Brand, Settings, zone
from sql.named import queries

LEARNED_OVER = timedelta(days=182)


def learned_factors(conn: Connection, settings: Settings, now: datetime) -> dict[str, float]:
    """The factor of each rule's sensitivity; empty where learning is switched off."""
    if not settings.detection.learn:
        return {}
    return {
        row["rule"]: learned_factor(
            row["confirmed"],
            row["dismissed"],
            false_share=settings.detection.false_share,
            least=settings.detection.learn_least,
            most=settings.detection.learn_most,
        )
        for row in queries.incident_decided(conn, since=now - LEARNED_OVER)
    }


def tell_report_cards(conn: Connection, settings: Settings, now: datetime) -> int:
    """Tell each brand's channel once a month how its rules did in the month before.

    Safe to call on every wake: the outbox knows what was said. A month without incidents is
    passed over.

    Returns:
        How many notes were enqueued.
    """
    if not settings.detection.monthly_note:
        return 0
    factors = learned_factors(conn, settings, now)
    own = [brand for brand in settings.brand if brand.role == "own"]
    return sum(_tell(conn, settings, brand, factors, now) for brand in own)


def _tell(
    conn: Connection, settings: Settings, brand: Brand, factors: dict[str, float], now: datetime
) -> bool:
    this_month = now.astimezone(zone(brand.time_zone)).date().replace(day=1)
    month = (this_month - timedelta(days=1)).replace(day=1)
    key = f"report-card:{brand.key}:{month:%Y-%m}"
    if queries.outbox_row(conn, key=key) is not None:
        return False
    rows = list(queries.incident_report_card(conn, brand=brand.key, month=month))
    if not rows:
        return False
    title = f"{brand.name}: how the alerts did in {month:%B %Y}"
    lines = "\n".join(_line(row, factors.get(row["rule"])) for row in rows)
    shown, overflow = long_section(lines)
    return say(
        conn,
        key=key,
        subject=key,
        message=Message(text=title, blocks=(header(title), shown), overflow=overflow),
        channel=brand.channel or settings.slack.channel,
        brand_id=None,
        now=now,
    )


def _line(row: Any, factor: float | None) -> str:
    judged = row["confirmed"] + row["dismissed"]
    parts = [f"*{t.escape(row['rule'])}*: {t.counted(row['incidents'], 'incidents')}"]
    if judged:
        parts.append(f"{row['confirmed']} of {judged} judged were real")
    if row["undecided"]:
        parts.append(f"{row['undecided']} not judged yet")
    parts.append(f"told {t.duration(60 * row['median_delay_minutes'])} after the first complaint")
    if row["median_acknowledge_minutes"] is not None:
        parts.append(f"answered after {t.duration(60 * row['median_acknowledge_minutes'])}")
    if factor is not None and factor != 1.0:
        parts.append(f"sensitivity now times {factor:.2f}, learned from your verdicts")
    return " · ".join(parts)
