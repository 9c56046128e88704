"""What time, customers and written rules do to reply drafts that wait."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from alerts.approvals import approve, void_outdated
from alerts.destinations import COPY, destination_of
from alerts.slack.drafts import tell_late
from earshot.settings import Settings
from earshot.settings_publishing import AutoReply
from sql.named import queries


def tend_drafts(conn: Connection, settings: Settings, now: datetime) -> int:
    """What time and customers do to drafts: void the outdated, approve by rule, tell of the late.

    Call it on every timed wake of the reply step. Returns how many became void.
    """
    voided = void_outdated(conn, settings, now)
    auto_approve(conn, settings, now)
    tell_late(conn, settings, now)
    return voided


def auto_approve(conn: Connection, settings: Settings, now: datetime) -> int:
    """Approve what a written `[[auto_reply]]` rule covers, at most so many a day of the brand.

    Only drafts that go through an API, that nobody edited, to which the guard has no objection
    and whose text carries no urgent tag. With four eyes nothing is approved by rule.

    Returns:
        How many were approved; each is an event that names the rule.
    """
    if settings.slack.four_eyes:
        return 0
    return sum(_apply(conn, settings, rule, now) for rule in settings.auto_reply)


def _apply(conn: Connection, settings: Settings, rule: AutoReply, now: datetime) -> int:
    actor = f"rule {rule.name}"
    zone = ZoneInfo(settings.brand_named(rule.brand).time_zone)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    told = int(queries.publishing_auto_count(conn, actor=actor, since=midnight))
    left = max(0, rule.most_a_day - told)
    found = list(
        queries.publishing_auto_candidates(
            conn, brand=rule.brand, least_stars=rule.least_stars, now=now
        )
    )
    covered = [
        row
        for row in found
        if (not rule.sources or row["source_name"] in rule.sources)
        and destination_of(settings, row["source_name"]) != COPY
    ]
    for row in covered[:left]:
        approve(
            conn,
            settings,
            row["id"],
            text_hash=bytes(row["text_hash"]),
            version=row["version"],
            actor=actor,
            now=now,
        )
    return len(covered[:left])
