"""How the pipeline does: measured in one snapshot of the database, judged by the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.settings import Settings, Source
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries
from sql.silence import PUSHED

FEW_RECORDS = 20
"""A share of fewer records says nothing."""
GRACE = timedelta(hours=1)
STEADY_STEPS = ("tag", "watch", "reply", "deliver")
"""Steps that time alone wakes every ten minutes or oftener."""
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything that metrics and findings are made from."""

    now: datetime
    sources: tuple[Row, ...]
    queue: Row
    outbox: tuple[Row, ...]
    drafts: Row
    incidents: tuple[Row, ...]
    steps: tuple[Row, ...]
    samples: tuple[Row, ...] = field(repr=False)
    counters: Row
    alarms: tuple[Row, ...]
    database_bytes: int


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is looked at, and what to do where it is not well."""

    name: str
    is_well: bool
    detail: str
    remedy: str = ""


def snapshot(settings: Settings) -> Snapshot:
    """Read every measure in one transaction, as the pipeline.

    Raises:
        RetryLater: the database does not answer.
        FixSettings: its address or password is wrong.
    """
    with connect(settings, application="earshot health") as conn:
        conn.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with conn:
            return _taken(conn, clock_now(conn, settings))


def _taken(conn: Connection, now: datetime) -> Snapshot:
    return Snapshot(
        now=now,
        sources=tuple(queries.health_sources(conn, now=now)),
        queue=queries.health_queue(conn, now=now),
        outbox=tuple(queries.health_outbox(conn, now=now)),
        drafts=queries.health_drafts(conn, now=now),
        incidents=tuple(queries.health_incidents(conn)),
        steps=tuple(queries.health_steps(conn)),
        samples=tuple(queries.health_samples(conn)),
        counters=queries.health_counters(conn),
        alarms=tuple(queries.health_alarms_open(conn)),
        database_bytes=queries.health_database_bytes(conn),
    )


def fold(settings: Settings) -> None:
    """Keep the table of samples small; forget runs of last month."""
    with connect(settings, application="earshot health") as conn, conn:
        queries.health_fold(conn)


def findings(settings: Settings, taken: Snapshot) -> list[Finding]:
    """What is well and what is not; the unwell first."""
    found = [
        *_sources(settings, taken),
        _queue(settings, taken),
        _leases(taken),
        *_outbox(settings, taken),
        *_steps(settings, taken),
        *_failures(taken),
    ]
    return sorted(found, key=lambda finding: finding.is_well)


def note(
    conn: Connection, metric: str, label: str, seconds: list[float], *, weight: int = 1
) -> None:
    """Add observations to a histogram, `weight` times each; the caller commits."""
    queries.health_note(conn, metric=metric, label=label, seconds=seconds, weight=weight)


def _sources(settings: Settings, taken: Snapshot) -> Iterator[Finding]:
    known = {row["name"]: row for row in taken.sources}
    for source in settings.source:
        if not source.enabled:
            continue
        row = known.get(source.name, {})
        if source.kind != PUSHED:
            yield _fresh(source, row, taken)
        if row.get("health") == "unhealthy":
            yield Finding(
                name=f"source:{source.name}",
                is_well=False,
                detail=f"Source {source.name} breaks its contract: {row['health_reason']}",
                remedy=_trying(source) + "docs/OPERATIONS.md, When a source goes quiet.",
            )
        if row:
            yield _quarantine(settings, source, row)


def _trying(source: Source) -> str:
    return "" if source.kind == PUSHED else f"Try it with `earshot crawl {source.name}`; "


def _fresh(source: Source, row: Row, taken: Snapshot) -> Finding:
    name = f"crawl:{source.name}"
    allowed = interval_of(source.schedule)
    if allowed is None:
        return Finding(name=name, is_well=True, detail=f"{source.name} is read by hand.")
    allowed = 2 * allowed + GRACE
    last = row.get("last_good_at")
    waited = taken.now - last if last else _waited(taken)
    if waited <= allowed:
        return Finding(name=name, is_well=True, detail=f"{source.name} was read in time.")
    since = f"for {_hours(waited)}" if last else "ever"
    return Finding(
        name=name,
        is_well=False,
        detail=f"Source {source.name} was not read well {since}; expected every "
        f"{_hours(interval_of(source.schedule) or allowed)}.",
        remedy=f"See the runs of crawl__{source.name} in Airflow, or run `earshot crawl "
        f"{source.name}`.",
    )


def _waited(taken: Snapshot) -> timedelta:
    """A source that was never read is late once the other steps have run for that long."""
    seconds = max((row["first_seconds"] for row in taken.steps), default=0.0)
    return timedelta(seconds=seconds)


def _quarantine(settings: Settings, source: Source, row: Row) -> Finding:
    share = row["quarantined"] / row["seen"] if row["seen"] else 0.0
    is_well = row["seen"] < FEW_RECORDS or share <= settings.health.quarantined_share
    return Finding(
        name=f"quarantine:{source.name}",
        is_well=is_well,
        detail=f"{row['quarantined']:,} of {row['seen']:,} records of {source.name} could not be "
        "used within a day.",
        remedy="" if is_well else "The table earshot.quarantine holds them, with the reasons.",
    )


def _queue(settings: Settings, taken: Snapshot) -> Finding:
    waiting, oldest = taken.queue["waiting"], timedelta(seconds=taken.queue["oldest_seconds"])
    allowed = timedelta(minutes=settings.health.tagged_within_minutes)
    is_well = not waiting or oldest <= allowed
    return Finding(
        name="tag_queue",
        is_well=is_well,
        detail=f"{waiting:,} texts wait for their tags, the oldest for {_hours(oldest)}.",
        remedy="" if is_well else "Run `earshot tag` beside it, or give Airflow more workers.",
    )


def _leases(taken: Snapshot) -> Finding:
    expired = taken.queue["expired"]
    return Finding(
        name="leases",
        is_well=not expired,
        detail=f"{expired:,} claims of the tagger outlived their lease.",
        remedy="" if not expired else "A tagger stands still; the next `earshot tag` takes them.",
    )


def _outbox(settings: Settings, taken: Snapshot) -> Iterator[Finding]:
    allowed = timedelta(minutes=settings.health.sent_within_minutes)
    by_state = {row["state"]: row for row in taken.outbox}
    waiting = [row for state, row in by_state.items() if state != "dead"]
    oldest = timedelta(seconds=max((row["oldest_seconds"] for row in waiting), default=0.0))
    is_well = oldest <= allowed
    yield Finding(
        name="outbox",
        is_well=is_well,
        detail=f"{sum(row['messages'] for row in waiting):,} messages wait, the oldest for "
        f"{_hours(max(oldest, timedelta()))}.",
        remedy=""
        if is_well
        else "Run `earshot deliver` and read what it says; `earshot check` proves Slack.",
    )
    dead = by_state.get("dead", {"messages": 0})["messages"]
    yield Finding(
        name="outbox_dead",
        is_well=not dead,
        detail=f"{dead:,} messages could not be delivered.",
        remedy=""
        if not dead
        else "Mend what the ops channel says, then `earshot deliver --again`.",
    )


def _steps(settings: Settings, taken: Snapshot) -> Iterator[Finding]:
    """Whether Airflow still runs what it ran before; nothing where it never did."""
    allowed = settings.health.step_within_minutes * 60
    for row in taken.steps:
        if row["step"] not in STEADY_STEPS:
            continue
        waited = row["good_seconds"] if row["good_seconds"] is not None else row["first_seconds"]
        is_well = waited <= allowed
        yield Finding(
            name=f"step:{row['step']}",
            is_well=is_well,
            detail=f"The step {row['step']} ended well {_hours(timedelta(seconds=waited))} ago.",
            remedy=""
            if is_well
            else f"See the DAG {row['step']} in Airflow, and whether its "
            f"scheduler runs; `earshot {row['step']}` does the step by hand.",
        )


def _failures(taken: Snapshot) -> Iterator[Finding]:
    for row in taken.alarms:
        if row["name"].startswith("failed:"):
            yield Finding(
                name=row["name"],
                is_well=False,
                detail=row["detail"],
                remedy="The log of the task says more.",
            )


def interval_of(schedule: str) -> timedelta | None:
    """The longest pause between two of the next ticks of a cron expression or preset."""
    from croniter import croniter  # type: ignore[import-untyped]

    if schedule in ("none", "@once", "@continuous"):
        return None
    with suppress(ValueError, KeyError):
        ticks = croniter(schedule, datetime(2026, 1, 1))
        moments: list[datetime] = [ticks.get_next(datetime) for _ in range(40)]
        return max(later - earlier for earlier, later in pairwise(moments))
    return None


def _hours(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2 * 1440 else f"{minutes / 1440:.0f} days"
