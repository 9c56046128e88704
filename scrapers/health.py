"""Whether a source is healthy, and saying so once in the ops channel."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.errors import EarshotError, RetryLater
from earshot.platforms.base import Contract
from earshot.settings import Settings, Source, zone
from earshot.text.masking import mask
from scrapers.contracts import breaches, missed_share
from scrapers.crawl_log import Crawl
from scrapers.pipeline import Tally
from sql.clock import now
from sql.named import queries

LEARNED_FROM = timedelta(days=60)
FAILURES_IN_A_ROW = 3
"""A host that is briefly down is no news; one that stays down is."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a finished crawl says of its source."""

    breaches: tuple[str, ...] = ()
    overlap_seen: int | None = None
    missed_share: float | None = None


def record_success(
    conn: Connection,
    settings: Settings,
    source: Source,
    crawl: Crawl,
    contract: Contract,
    tally: Tally,
    *,
    unchanged_pages: int = 0,
) -> Verdict:
    """Judge a crawl that came to its end, and write down the source's health."""
    with conn:
        moment = now(conn, settings)
        row = queries.source_row(conn, name=source.name)
        newest = queries.crawl_newest(conn, source_id=row["id"])
        found = breaches(
            contract,
            tally,
            now=moment,
            newest=newest,
            history=_history(conn, source, row["id"], moment),
            has_unchanged_pages=unchanged_pages > 0,
        )
        again, missed = _overlap(conn, crawl, contract)
        if found:
            _mark_unhealthy(conn, settings, source, row, "; ".join(found), moment)
        else:
            _mark_healthy(conn, settings, source, row, moment)
    return Verdict(breaches=tuple(found), overlap_seen=again, missed_share=missed)


def record_failure(
    conn: Connection, settings: Settings, source: Source, error: EarshotError
) -> None:
    """A crawl failed: what only a person can mend is said at once, the rest once it stays.

    The answer itself is in quarantine, masked, until the sample expires.
    """
    with conn:
        row = queries.source_row(conn, name=source.name)
        if isinstance(error, RetryLater):
            recent = [r["status"] for r in queries.crawl_latest(conn, source_id=row["id"])]
            recent = recent[:FAILURES_IN_A_ROW]
            if len(recent) < FAILURES_IN_A_ROW or "ok" in recent:
                return
        _mark_unhealthy(conn, settings, source, row, str(error), now(conn, settings))


def _history(conn: Connection, source: Source, source_id: int, moment: datetime) -> list[int]:
    local = moment.astimezone(zone(source.timezone))
    rows = queries.crawl_history(
        conn,
        source_id=source_id,
        weekday=local.isoweekday(),
        hour=local.hour,
        time_zone=source.timezone,
        since=moment - LEARNED_FROM,
    )
    return [row["seen"] for row in rows]


def _overlap(conn: Connection, crawl: Crawl, contract: Contract) -> tuple[int | None, float | None]:
    """How much of the window before the last crawl was met again, and the share still missing."""
    until = queries.crawl_previous(conn, source_id=crawl.source_id, crawl_id=crawl.id)
    if until is None:
        return None, None
    since = until - contract.overlap
    seen = queries.crawl_overlap(
        conn,
        source_id=crawl.source_id,
        since=since,
        until=until,
        crawl_start=queries.crawl_started_at(conn, crawl_id=crawl.id),
    )
    share = missed_share(known=seen["known"], met=seen["met"], again=seen["again"])
    return seen["again"], share


def _mark_unhealthy(
    conn: Connection, settings: Settings, source: Source, row: Any, reason: str, moment: datetime
) -> None:
    since = queries.source_mark_unhealthy(
        conn, source_id=row["id"], reason=reason[:1000], now=moment
    )
    if since is None:
        return
    text = (
        f"⚠️ *{source.name} is not healthy since {since:%-d %B %H:%M} UTC.* "
        f"{_escaped(mask(reason))[:1500]} Alerts for falling or recovered complaints wait; rising "
        "ones still come."
    )
    _tell(conn, settings, source, "source_unhealthy", text, since, moment)


def _mark_healthy(
    conn: Connection, settings: Settings, source: Source, row: Any, moment: datetime
) -> None:
    since = queries.source_mark_healthy(conn, source_id=row["id"], now=moment)
    if since is None:
        return
    text = f"✅ *{source.name} is healthy again*, after trouble since {since:%-d %B %H:%M} UTC."
    _tell(conn, settings, source, "source_recovered", text, since, moment)


def _tell(
    conn: Connection,
    settings: Settings,
    source: Source,
    kind: str,
    text: str,
    since: datetime,
    moment: datetime,
) -> None:
    """One row for the ops channel, ready to post; its key makes it once."""
    key = f"ops:source:{source.name}:{since:%Y%m%dT%H%M}"
    payload = {
        "kind": kind,
        "source": source.name,
        "text": text,
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
        "chart": None,
        "feedback_ids": [],
    }
    queries.outbox_enqueue(
        conn,
        key=key if kind == "source_unhealthy" else f"{key}:back",
        brand_id=None,
        subject=key,
        destination="slack",
        channel=settings.slack.ops_channel,
        action="post",
        payload=json.dumps(payload),
        not_before=moment,
        created_at=moment,
    )


def _escaped(text: str) -> str:
    """Slack reads &, < and > as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
