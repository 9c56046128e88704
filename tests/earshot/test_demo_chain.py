"""The demo waits for what a DAG wakes, and for the runs that it wakes itself."""

from __future__ import annotations

from typing import Any

from earshot.demo.chain import failed_tasks, run_chain
from earshot.local.airflow_api import Run


def at(minute: int) -> str:
    return f"2026-03-01T10:{minute:02}:00+00:00"


class Api:
    """Airflow's answers: runs by DAG, each with the state and end of its tasks."""

    def __init__(self, **runs: list[tuple[int, dict[str, tuple[str, int]]]]) -> None:
        self.told = runs

    def run_and_wait(self, dag_id: str) -> Run:
        return self.wait_for_run(dag_id, "0", seconds=1)

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        return [
            {"dag_run_id": str(place), "start_date": at(began)}
            for place, (began, _) in enumerate(self.told[dag_id])
        ]

    def wait_for_run(self, dag_id: str, run_id: str, *, seconds: float) -> Run:
        states = {name: state for name, (state, _) in self.told[dag_id][int(run_id)][1].items()}
        return Run(dag_id=dag_id, run_id=run_id, state="success", tasks=states)

    def call(self, _: str, path: str) -> dict[str, Any]:
        _, _, _, _, dag_id, _, run_id, _ = path.split("/")
        tasks = self.told[dag_id][int(run_id)][1].values()
        return {"task_instances": [{"state": state, "end_date": at(end)} for state, end in tasks]}

    def task_instances(self) -> list[dict[str, Any]]:
        return [
            {"dag_id": dag_id, "task_id": name, "state": state}
            for dag_id, runs in self.told.items()
            for _, tasks in runs
            for name, (state, _) in tasks.items()
        ]


CRAWL = [(0, {"crawl": ("success", 1)})]


def test_what_the_last_run_of_tag_woke_is_waited_for() -> None:
    cut = (2, {"tag": ("success", 5), "wake_the_next_run": ("success", 6)})
    last = (7, {"tag": ("success", 8), "wake_the_next_run": ("skipped", 9)})
    early = (5, {"watch": ("success", 6)})
    late = (8, {"watch": ("success", 10)})
    api = Api(crawl=CRAWL, tag=[cut, last], watch=[early, late])
    assert run_chain(api, "crawl", ("tag", "watch")).minute == 10


def test_a_skipped_task_is_no_failure() -> None:
    api = Api(tag=[(0, {"tag": ("success", 1), "wake_the_next_run": ("skipped", 1)})])
    assert failed_tasks(api) == []
    assert run_chain(api, "tag", ()).minute == 1
