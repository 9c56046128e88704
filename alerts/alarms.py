"""Alerts about the pipeline itself: told once in the ops channel, and once when they are over.

An alarm is a row of `earshot.alarm`, written with its message in one transaction. While it stays
open nothing more is said: a task that fails every ten minutes is one message, not 144 a day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from psycopg2.extensions import connection as Connection

from alerts.slack import text as t
from alerts.slack.notices import ops_notice
from earshot.errors import EarshotError
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.health import Finding, findings, fold, note, snapshot
from sql.named import queries

FAILED = "failed:"
CRAWL = "crawl__"
"""How the DAGs of sources are named."""
TOLD_ELSEWHERE = ("source:", "outbox_dead")
"""Told where they happen: the crawl says that its source broke, the sender that it gave up."""


def look_after(settings: Settings) -> dict[str, int]:
    """Judge the pipeline: raise what became unwell, clear what is well again.

    Nothing where the clock is a replayed one: silence between its steps is no fault.
    """
    if settings.clock.source != "system":
        return {"unwell": 0, "raised": 0, "cleared": 0}
    taken = snapshot(settings)
    judged = [
        f for f in findings(settings, taken) if not f.name.startswith((FAILED, *TOLD_ELSEWHERE))
    ]
    unwell = [finding for finding in judged if not finding.is_well]
    names = {finding.name for finding in unwell}
    over = [
        row["name"]
        for row in taken.alarms
        if not row["name"].startswith(FAILED) and row["name"] not in names
    ]
    with connect(settings) as conn, conn:
        raised = sum(_raise(conn, settings, finding, taken.now) for finding in unwell)
        cleared = sum(clear(conn, settings, name, taken.now) for name in over)
    fold(settings)
    return {"unwell": len(unwell), "raised": raised, "cleared": cleared}


def task_failed(
    settings: Settings, *, dag: str, task: str, run: str, error: BaseException | None
) -> bool:
    """Say once that a task failed after its last retry; True where it was news."""
    finding = Finding(
        name=f"{FAILED}{dag}.{task}",
        is_well=False,
        detail=f"The task {task} of {dag} failed: {reason_of(error)}",
        remedy=f"Its log is in Airflow, run {run}; the next run tries again.",
    )
    with connect(settings) as conn, conn:
        if _is_told_source(conn, dag):
            return False
        return _raise(conn, settings, finding, clock_now(conn, settings))


def run_late(settings: Settings, *, dag: str, minutes: float) -> bool:
    """Say once that a run of a DAG is not done by its deadline; True where it was news."""
    finding = Finding(
        name=f"{FAILED}{dag}.deadline",
        is_well=False,
        detail=f"A run of {dag} is not done after {minutes:.0f} minutes.",
        remedy="See what it does in Airflow; a run that stands still may be marked as failed.",
    )
    with connect(settings) as conn, conn:
        return _raise(conn, settings, finding, clock_now(conn, settings))


def task_succeeded(conn: Connection, settings: Settings, *, dag: str, task: str) -> None:
    """What failed before works again; the caller commits."""
    now = clock_now(conn, settings)
    for name in (f"{FAILED}{dag}.{task}", f"{FAILED}{dag}.deadline"):
        clear(conn, settings, name, now)


def clear(conn: Connection, settings: Settings, name: str, now: datetime) -> bool:
    """Close an open alarm and say so; False where none is open."""
    row = queries.health_alarm_clear(conn, name=name, now=now)
    if row is None:
        return False
    lasted = t.duration(max(0.0, (now - row["raised_at"]).total_seconds()))
    text = f"✅ *{t.label(name)} is well again*, {lasted} after it was noticed."
    return ops_notice(conn, settings, f"alarm:{row['id']}:back", text, now)


def reason_of(error: BaseException | None) -> str:
    """What may be said of an error: ours hold no text of customers, of others the class is told."""
    if error is None:
        return "its process was ended from outside."
    if isinstance(error, EarshotError):
        return " ".join(str(error).split())[:500]
    return f"{type(error).__name__}."


def _is_told_source(conn: Connection, dag: str) -> bool:
    """The crawl itself says that its source broke, with the reason: not twice."""
    if not dag.startswith(CRAWL):
        return False
    row = queries.source_row(conn, name=dag.removeprefix(CRAWL))
    return row is not None and row["health"] == "unhealthy"


def _raise(conn: Connection, settings: Settings, finding: Finding, now: datetime) -> bool:
    row = queries.health_alarm_raise(conn, name=finding.name, detail=finding.detail, now=now)
    if not row["is_new"]:
        return False
    text = f"⚠️ *{t.label(finding.detail, 600)}* {t.label(finding.remedy, 600)}"
    return ops_notice(conn, settings, f"alarm:{row['id']}", text, now)


def step_done(
    settings: Settings,
    *,
    step: str,
    dag: str,
    task: str,
    run: str,
    seconds: float,
    counts: Mapping[str, int],
    reading_seconds: float | None = None,
    error: BaseException | None = None,
) -> None:
    """Write down how a run of a step went; a good one ends the alarm of its failures.

    Args:
        reading_seconds: what the model took for all texts of the run.
        error: with which it ended, if it did.
    """
    texts = sum(counts.values())
    with connect(settings) as conn, conn:
        queries.health_step_done(
            conn,
            step=step,
            run=run,
            seconds=seconds,
            error=type(error).__name__ if error else None,
            counts=json.dumps(dict(counts)),
        )
        note(conn, "step", step.partition(":")[0], [seconds])
        if reading_seconds is not None and texts:
            note(conn, "model_seconds", step, [reading_seconds / texts], weight=texts)
        if error is None:
            task_succeeded(conn, settings, dag=dag, task=task)
