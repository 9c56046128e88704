"""Runs one step inside a task: ids in its logs, counts in its log and in the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from airflow.sdk import get_current_context

from dags.settings import settings
from earshot.errors import EarshotError, RetryLater
from earshot.logs import ids
from earshot.settings import Settings

log = logging.getLogger(__name__)


class Result(Protocol):
    """What a step gives back."""

    def counts(self) -> dict[str, int]:
        """What it did, in rows."""


def step(name: str, work: Callable[[Settings], Result | Mapping[str, int] | int]) -> dict[str, int]:
    """Do the work of a task and write down how it went; returns its counts.

    Args:
        name: of the step, `tag` or `crawl:shop`.
        work: called with the settings.

    Raises:
        RetryLater: the database refused or went away; its own words would quote rows.
    """
    given, task = settings(), get_current_context()["ti"]
    began = time.monotonic()
    with ids(step=name, run=task.run_id):
        try:
            result = _guarded(work, given)
        except Exception as error:
            _write(given, name, task, time.monotonic() - began, error=error)
            raise
        counts = _counts(result)
        seconds = time.monotonic() - began
        _write(given, name, task, seconds, counts=counts, reading=getattr(result, "seconds", None))
        told = ", ".join(f"{value:,} {key.replace('_', ' ')}" for key, value in counts.items())
        log.info("%s: %s in %.1f s", name, told or "nothing to count", seconds)
    return counts


def _guarded(work: Callable[[Settings], Any], given: Settings) -> Any:
    import psycopg2

    from sql.connect import adopt_airflow_connection

    adopt_airflow_connection()
    try:
        return work(given)
    except psycopg2.Error as error:
        code = error.pgcode or "no code"
        raise RetryLater(
            f"the database refused or went away ({type(error).__name__}, {code}); see its log."
        ) from None


def _counts(result: Any) -> dict[str, int]:
    if isinstance(result, int):
        return {"done": int(result)}
    counts = result if isinstance(result, Mapping) else result.counts()
    return {name: int(value) for name, value in counts.items()}


def _write(
    given: Settings,
    name: str,
    task: Any,
    seconds: float,
    *,
    counts: Mapping[str, int] | None = None,
    reading: float | None = None,
    error: Exception | None = None,
) -> None:
    """Into `earshot.step_run`; a database that is down must not hide how the step itself ended."""
    from alerts.alarms import step_done

    try:
        step_done(
            given,
            step=name,
            dag=task.dag_id,
            task=task.task_id,
            run=task.run_id,
            seconds=seconds,
            counts=counts or {},
            reading_seconds=reading,
            error=error,
        )
    except EarshotError as reason:
        log.warning("the run of %s was not written down: %s", name, type(reason).__name__)
