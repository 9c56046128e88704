"""Runs the DAGs in a running scheduler, and waits until what they woke has ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from earshot.errors import EarshotError, RetryLater
from earshot.local.airflow_api import Client, Run

CHAIN = ("tag", "watch", "reply", "deliver")
"""Each is woken by the asset of the one before it."""
WAKES_ITSELF = "wake_the_next_run"
"""Task of a DAG that is skipped where its run has left nothing over."""
STAGE_SECONDS = 900
"""Far more than a stage takes, as a machine may have much else to do."""


def run_chain(api: Client, first: str, woken: Sequence[str]) -> datetime:
    """Trigger the first DAG and wait for each that its assets wake, in their order.

    Returns:
        When the last of them ended.

    Raises:
        EarshotError: a task instance did not succeed.
        RetryLater: a DAG was not woken in time.
    """
    run = api.run_and_wait(first)
    _refuse_failure(run)
    ended = _ended(api, run)
    for dag_id in woken:
        ended = _wait_for_stage(api, dag_id, ended)
    return ended


def failed_tasks(api: Client) -> list[str]:
    """Task instances of any run that did not succeed, as `dag.task (state)`."""
    return [
        f"{task['dag_id']}.{task['task_id']} ({task['state']})"
        for task in api.task_instances()
        if task["state"] not in ("success", "skipped", "running", "queued", "scheduled", None)
    ]


def _wait_for_stage(api: Client, dag_id: str, after: datetime) -> datetime:
    """Wait for the end of a run that began after that moment, and of those that it wakes itself."""
    deadline = time.monotonic() + STAGE_SECONDS
    while time.monotonic() < deadline:
        for found in api.runs(dag_id):
            if found["start_date"] and _moment(found["start_date"]) >= after:
                run = api.wait_for_run(dag_id, found["dag_run_id"], seconds=STAGE_SECONDS)
                _refuse_failure(run)
                ended = _ended(api, run)
                is_over = run.tasks.get(WAKES_ITSELF) != "success"
                return ended if is_over else _wait_for_stage(api, dag_id, ended)
        time.sleep(0.25)
    raise RetryLater(f"Nothing woke the DAG {dag_id} within {STAGE_SECONDS} s; see its page.")


def _refuse_failure(run: Run) -> None:
    if not run.is_success:
        states = ", ".join(f"{task} {state}" for task, state in run.tasks.items())
        raise EarshotError(f"The DAG {run.dag_id} did not succeed ({states}); see its task logs.")


def _ended(api: Client, run: Run) -> datetime:
    """When its last task ended: what that task wakes may start before the run is marked done.

    A skipped task wakes nothing, and what the one before it woke may have started already.
    """
    path = f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
    tasks = api.call("GET", path)["task_instances"]
    return max(_moment(task["end_date"]) for task in tasks if task["state"] != "skipped")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
