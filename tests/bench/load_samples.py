"""What is looked at during the load test, and the facts at its end."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import psutil

from earshot.local import postgres
from earshot.settings import Settings
from sql.connect import connect
from sql.doctor import examine
from tests.bench import load_history
from tests.bench.load_stages import Stage, cpu_seconds, resident_mb
from tests.bench.load_world import Reviews
from tests.slack_standin import SlackStandIn

LOOK = """
with shop as (select id from earshot.source where name = 'shop'),
waiting as (
    select extract(epoch from now() - min(feedback.published_at))::float as oldest, count(*) as n
    from earshot.feedback
    join earshot.feedback_version on feedback_version.feedback_id = feedback.id
        and feedback_version.version = feedback.version
    where source_id = (select id from shop) and not exists (
        select from earshot.tagging where tagging.feedback_version_id = feedback_version.id)
),
fresh as (
    select extract(epoch from first_seen_at - published_at)::float as lag
    from earshot.feedback
    where source_id = (select id from shop) and first_seen_at > now() - interval '60 seconds'
),
done as (
    select extract(epoch from tagged_at - published_at)::float as lag
    from earshot.tagging join earshot.feedback on feedback.id = tagging.feedback_id
    where source_id = (select id from shop) and tagged_at > now() - interval '60 seconds'
)
select
    (select count(*) from earshot.feedback where source_id = (select id from shop)) as stored,
    (select n from waiting) as untagged,
    coalesce((select oldest from waiting), 0) as oldest_untagged_seconds,
    coalesce((select percentile_cont(0.5) within group (order by lag) from fresh), 0)
        as lag_stored_p50,
    coalesce((select percentile_cont(0.95) within group (order by lag) from fresh), 0)
        as lag_stored_p95,
    coalesce((select percentile_cont(0.5) within group (order by lag) from done), 0)
        as lag_tagged_p50,
    coalesce((select percentile_cont(0.95) within group (order by lag) from done), 0)
        as lag_tagged_p95,
    (select count(*) from done) / 60.0 as tagged_a_second,
    (select count(*) from earshot.outbox where state in ('waiting', 'sending', 'uncertain'))
        as outbox,
    (select count(*) from earshot.outbox where state = 'sent') as sent,
    (select count(*) from earshot.incident) as incidents,
    (select sum(n_dead_tup) from pg_stat_user_tables) as dead_rows,
    (select sum(n_live_tup) from pg_stat_user_tables) as live_rows,
    pg_database_size(current_database()) as database_bytes
"""


def take(
    settings: Settings, at_work: dict[str, Stage], reviews: Reviews, slack: SlackStandIn
) -> dict[str, Any]:
    """One sample."""
    with (
        connect(settings, "owner", application="load sampler") as conn,
        conn,
        conn.cursor() as cursor,
    ):
        seen = _rows(cursor, LOOK)[0]
    taken = {name: float(value) for name, value in seen.items()}
    for name, stage in at_work.items():
        process = stage.process
        taken[f"mb_{name}"] = round(resident_mb(process.pid)) if process else 0.0
        taken[f"runs_{name}"] = len(stage.runs)
    server = postgres.running(settings.home_folder)
    taken["mb_postgres"] = round(resident_mb(server.pid)) if server else 0.0
    taken["cpu_postgres"] = round(cpu_seconds(server.pid), 1) if server else 0.0
    taken["published"] = reviews.published
    taken["slack_messages"] = sum(len(channel.messages) for channel in slack.channels.values())
    taken["machine_busy_percent"] = psutil.cpu_percent()
    return taken


def facts(
    settings: Settings, reviews: Reviews, slack: SlackStandIn, at_work: dict[str, Stage]
) -> dict[str, Any]:
    """What stands at the end: doctor, incidents, messages, failures, sizes."""
    with connect(settings, "owner") as conn:
        load_history.take_back(conn)
        with conn, conn.cursor() as cursor:
            sizes = _rows(cursor, SIZES)
            incidents = _rows(cursor, INCIDENTS)
    first = reviews.first_crisis
    for incident in incidents:
        since = first or incident["opened_at"]
        incident["after_crisis_seconds"] = (incident["opened_at"] - since).total_seconds()
        if incident["posted"]:
            posted = datetime.fromtimestamp(float(incident["posted"]), UTC)
            incident["posted_after_seconds"] = (posted - since).total_seconds()
    return {
        "sizes": sizes,
        "incidents": incidents,
        "doubles": sum(count - 1 for count in slack.keys().values() if count > 1),
        "messages": sum(len(channel.messages) for channel in slack.channels.values()),
        "published": reviews.published,
        "doctor": {each.invariant: each.violations for each in examine(settings)},
        "runs": {name: _runs(stage) for name, stage in at_work.items()},
        "ended": time.time(),
    }


SIZES = """
select relname as table, n_live_tup as rows, n_dead_tup as dead,
    pg_total_relation_size(relid) as bytes
from pg_stat_user_tables where schemaname = 'earshot'
order by pg_total_relation_size(relid) desc limit 8
"""
INCIDENTS = """
select incident.id, theme_key as theme, direction, severity, kind, opened_at, items, baseline,
    (select min(remote_id) from earshot.outbox
        where subject = 'incident:' || incident.id and action = 'post') as posted
from earshot.incident order by opened_at
"""


def _rows(cursor: Any, query: str) -> list[dict[str, Any]]:
    cursor.execute(query)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _runs(stage: Stage) -> dict[str, Any]:
    seconds = sorted(run["seconds"] for run in stage.runs) or [0.0]
    failed = [run["complaint"] for run in stage.runs if run["status"] != 0]
    return {
        "runs": len(stage.runs),
        "cpu_seconds": sum(run["cpu_seconds"] for run in stage.runs),
        "peak_mb": [round(run["peak_mb"]) for run in stage.runs],
        "did": _total(stage),
        "median_seconds": seconds[len(seconds) // 2],
        "longest_seconds": seconds[-1],
        "failed": len(failed),
        "complaints": Counter(failed).most_common(3),
    }


def _total(stage: Stage) -> dict[str, int]:
    total: Counter[str] = Counter()
    for run in stage.runs:
        total.update({k: v for k, v in run["counts"].items() if type(v) is int})
    return dict(total)
