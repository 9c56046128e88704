"""Airflow's REST API on loopback: health, pools, runs. No command start-up per call."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from earshot.errors import RetryLater

CALL_SECONDS = 30
READ_TRIES = 3
FINISHED = ("success", "failed")
COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One finished run of a DAG, with the end states of its task instances."""

    dag_id: str
    run_id: str
    state: str
    tasks: dict[str, str]

    @property
    def is_success(self) -> bool:
        """Whether the run succeeded, and every task instance or it had nothing to do."""
        return self.state == "success" and set(self.tasks.values()) <= {"success", "skipped"}


class Client:
    """Calls with a token that is fetched once."""

    def __init__(self, base_url: str, *, user: str, password: str) -> None:
        self._base_url = base_url
        self._user = {"username": user, "password": password}
        self._token: str | None = None

    def is_healthy(self) -> bool:
        """Whether every component reports in."""
        try:
            health = self._send("GET", "/api/v2/monitor/health", None, {})
        except (OSError, ValueError):
            return False
        return all(health.get(name, {}).get("status") == "healthy" for name in COMPONENTS)

    def ensure_pool(self, name: str, *, slots: int, description: str = "") -> None:
        """Create the pool unless it exists."""
        body = {"name": name, "slots": slots, "description": description}
        try:
            self.call("POST", "/api/v2/pools", body)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise

    def import_errors(self) -> dict[str, str]:
        """Stack traces of DAG files that cannot be read, by file."""
        found = self.call("GET", "/api/v2/importErrors")["import_errors"]
        return {entry["filename"]: entry["stack_trace"] for entry in found}

    def wait_for_dag(self, dag_id: str, *, seconds: float = 120) -> None:
        """Wait until the DAG processor has read the DAG.

        Raises:
            RetryLater: it did not, in that time.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.call("GET", f"/api/v2/dags/{dag_id}")
                return
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
            time.sleep(0.25)
        reasons = "; ".join(f"{file}: {_last(text)}" for file, text in self.import_errors().items())
        raise RetryLater(f"Airflow has not read the DAG {dag_id}: {reasons or 'no import error'}.")

    def trigger(self, dag_id: str) -> str:
        """Start a run of the DAG by hand; returns its id."""
        self.wait_for_dag(dag_id)
        run = self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def wait_for_run(self, dag_id: str, run_id: str, *, seconds: float = 600) -> Run:
        """Wait until the run has ended, well or not.

        Raises:
            RetryLater: it did not, in that time.
        """
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state = self.call("GET", path)["state"]
            if state in FINISHED:
                return Run(dag_id=dag_id, run_id=run_id, state=state, tasks=self._tasks(path))
            time.sleep(0.25)
        raise RetryLater(f"The run {run_id} of {dag_id} did not end in {seconds:.0f} s.")

    def run_and_wait(self, dag_id: str, *, seconds: float = 600) -> Run:
        """Start a run of the DAG and wait for its end."""
        return self.wait_for_run(dag_id, self.trigger(dag_id), seconds=seconds)

    def runs(self, dag_id: str = "~") -> list[dict[str, Any]]:
        """The latest hundred runs of a DAG, or of all DAGs."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?limit=100&order_by=-run_after"
        return list(self.call("GET", path)["dag_runs"])

    def task_instances(self) -> list[dict[str, Any]]:
        """Every task instance of every run."""
        found: list[dict[str, Any]] = []
        while True:
            path = f"/api/v2/dags/~/dagRuns/~/taskInstances?limit=100&offset={len(found)}"
            page = self.call("GET", path)
            found += page["task_instances"]
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                return found

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One authorised call; the answer read as JSON. A read that is not answered is repeated.

        Raises:
            RetryLater: Airflow does not answer.
        """
        tries = READ_TRIES if method == "GET" else 1
        for _ in range(tries):
            try:
                return self._send(method, path, body, {"Authorization": f"Bearer {self._login()}"})
            except urllib.error.HTTPError:
                raise
            except OSError:
                time.sleep(1)
        raise RetryLater(
            f"Airflow did not answer within {CALL_SECONDS} s, {tries} times; see its logs, and "
            "whether the machine has too much to do."
        )

    def _login(self) -> str:
        if self._token is None:
            self._token = str(self._send("POST", "/auth/token", self._user, {})["access_token"])
        return self._token

    def _tasks(self, path: str) -> dict[str, str]:
        found = self.call("GET", f"{path}/taskInstances?limit=100")["task_instances"]
        return {_name(entry): str(entry["state"]) for entry in found}

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(
            self._base_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **headers},
        )
        # Loopback is never behind the proxy that the environment may name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=CALL_SECONDS) as answer:
            text = answer.read()
        return json.loads(text) if text else None


def _name(task: dict[str, Any]) -> str:
    index = task.get("map_index", -1)
    return str(task["task_id"]) if index < 0 else f"{task['task_id']}[{index}]"


def _last(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
