"""What Airflow calls when a task has failed for good, or a run is late."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from dags.settings import settings
from earshot.errors import EarshotError
from earshot.settings import Settings

SLACK_CONNECTION = "earshot_slack"
SAY_AGAIN_SECONDS = 3600.0
log = logging.getLogger(__name__)


def tell_failure(context: Mapping[str, Any]) -> None:
    """Say once in the ops channel that a task failed after its last retry.

    Goes through the outbox; where the database is down, by Airflow's own notifier, once an hour.
    """
    from alerts.alarms import task_failed

    given, task = settings(), context["ti"]
    error = context.get("exception")
    try:
        task_failed(
            given,
            dag=task.dag_id,
            task=task.task_id,
            run=task.run_id,
            error=error if isinstance(error, BaseException) else None,
        )
    except EarshotError as reason:
        log.warning("The outbox cannot be reached: %s", type(reason).__name__)
        _tell_without_database(given, context)


async def tell_late(minutes: float, context: Mapping[str, Any]) -> None:
    """Say once in the ops channel that a run is not done by its deadline; runs in the triggerer."""
    from alerts.alarms import run_late

    dag = str(context["dag_run"]["dag_id"])
    await asyncio.to_thread(run_late, settings(), dag=dag, minutes=minutes)


def _tell_without_database(given: Settings, context: Mapping[str, Any]) -> None:
    """The one message that does not pass the outbox: the database that holds it is down."""
    token = given.secrets.slack_token
    if token is None or not _is_news(given):
        return
    from airflow.providers.slack.notifications.slack import SlackNotifier

    connection = {"conn_type": "slack", "password": token.get_secret_value()}
    os.environ.setdefault(f"AIRFLOW_CONN_{SLACK_CONNECTION.upper()}", json.dumps(connection))
    task = context["ti"]
    text = (
        f"⚠️ *Earshot's database does not answer.* The task {task.task_id} of {task.dag_id} failed; "
        "nothing is lost, and nothing is said until it is back. `earshot check` tells more."
    )
    notifier = SlackNotifier(
        slack_conn_id=SLACK_CONNECTION,
        text=text,
        channel=given.slack.ops_channel,
        base_url=given.slack.api_url,
        timeout=10,
    )
    notifier.notify(dict(context))


def _is_news(given: Settings) -> bool:
    """Whether an hour has passed since it was last said: a file stands in for the database."""
    mark = given.home_folder / "database-down"
    try:
        is_old = time.time() - mark.stat().st_mtime > SAY_AGAIN_SECONDS
    except OSError:
        is_old = True
    if is_old:
        mark.touch()
    return is_old
