"""What every DAG must have: read without errors, quickly, with owner, docs, retries and links."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED = ("airflow.sdk.", "airflow.providers.slack.notifications.")
"""What runs beside Airflow's API server; everything else may open its database."""
SETTINGS = """
contact = "ops@northwind.example"
[airflow]
taggers = 3
[[brand]]
key = "northwind"
name = "Northwind Home"
[[source]]
name = "shop"
kind = "schemaorg"
brand = "northwind"
schedule = "@daily"
urls = ["http://127.0.0.1:9/"]
[[source]]
name = "old_reviews"
kind = "file"
brand = "northwind"
schedule = "none"
path = "reviews.csv"
[[source]]
name = "resting"
kind = "file"
brand = "northwind"
enabled = false
path = "reviews.csv"
"""
DESCRIBE = """
import json, sys, time
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag

def parsed(file):
    began = time.process_time()
    DagBag(file)
    return time.process_time() - began

def callbacks(given):
    # A task that is spread over several keeps a single one as it is.
    return len(given) if isinstance(given, (list, tuple)) else int(given is not None)

heavy = [m for m in ("torch", "transformers", "scrapy", "matplotlib", "pandas") if m in sys.modules]
files = sorted(Path(sys.argv[1]).glob("*.py"))
DagBag("/dev/null")  # Airflow's own first import, which no file of ours pays for
seconds = {file.name: parsed(file) for file in files}
bag = DagBag(sys.argv[1])
loaded = [m for m in ("torch", "transformers", "scrapy", "matplotlib") if m in sys.modules]
import dags.crawl as crawl
from airflow.sdk.api.datamodels._generated import DagRunType
from types import SimpleNamespace

def span(kind):
    run = SimpleNamespace(run_type=kind, data_interval_start="begin", data_interval_end="end")
    crawl.get_current_context = lambda: {"params": {}, "dag_run": run}
    return crawl.span_of_run()

print(json.dumps({
    "spans": {kind.value: span(kind) for kind in (DagRunType.BACKFILL, DagRunType.SCHEDULED)},
    "errors": bag.import_errors,
    "seconds": seconds,
    "heavy": sorted(set(loaded) - set(heavy)),
    "dags": {
        d.dag_id: {
            "owner": d.owner, "doc": d.doc_md, "tags": sorted(d.tags),
            "catchup": d.catchup, "active": d.max_active_runs,
            "schedule": type(d.timetable).__name__,
            "retries": [t.retries for t in d.tasks],
            "policies": [t.retry_policy is not None for t in d.tasks],
            "outlets": [o.name for t in d.tasks for o in t.outlets],
            "pools": [t.pool for t in d.tasks],
            "params": sorted(d.params),
            "mapped": [
                len(values)
                for t in d.tasks
                if t.is_mapped
                for values in t.op_kwargs_expand_input.value.values()
            ],
            "deadline": [a.interval.total_seconds() for a in d.deadline or []],
            "told_on": {
                kind: [callbacks(getattr(t, kind)) for t in d.tasks]
                for kind in ("on_failure_callback", "on_retry_callback")
            },
        } for d in bag.dags.values()
    },
}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The DAGs as Airflow reads them, in a process of its own."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "earshot.toml").write_text(SETTINGS)
    env = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "EARSHOT_SETTINGS": str(home / "earshot.toml"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, env=env, cwd=ROOT, capture_output=True, check=True)
    answer = subprocess.run(
        [sys.executable, "-c", DESCRIBE, str(ROOT / "dags")],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    described: dict[str, Any] = json.loads(answer.stdout.strip().splitlines()[-1])
    return described


def test_every_file_is_read_without_errors(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}


def test_each_enabled_source_has_a_dag_of_its_own(bag: dict[str, Any]) -> None:
    assert set(bag["dags"]) == {
        "crawl__shop",
        "crawl__old_reviews",
        "tag",
        "watch",
        "reply",
        "deliver",
        "digest",
        "health",
        "upkeep_daily",
        "upkeep_weekly",
    }


def test_nothing_heavy_is_imported_to_read_them(bag: dict[str, Any]) -> None:
    assert bag["heavy"] == []


def test_every_dag_has_owner_docs_tags_and_one_run_at_a_time(bag: dict[str, Any]) -> None:
    for dag_id, dag in bag["dags"].items():
        assert dag["owner"] == "earshot", dag_id
        assert dag["doc"], dag_id
        assert "earshot" in dag["tags"], dag_id
        assert dag["active"] == 1, dag_id
        assert dag["catchup"] is False, dag_id


def test_every_task_is_retried_by_kind_of_error(bag: dict[str, Any]) -> None:
    for dag_id, dag in bag["dags"].items():
        assert all(retries > 0 for retries in dag["retries"]), dag_id
        assert all(dag["policies"]), dag_id


def test_assets_link_the_steps(bag: dict[str, Any]) -> None:
    outlets = {dag_id: dag["outlets"] for dag_id, dag in bag["dags"].items()}

    assert outlets["crawl__shop"] == ["earshot_stored"]
    assert sorted(outlets["tag"]) == ["earshot_left_over", "earshot_tagged"]
    assert outlets["watch"] == ["earshot_watched"]
    assert outlets["reply"] == ["earshot_drafted"]
    for woken in ("tag", "watch", "reply", "deliver"):
        assert bag["dags"][woken]["schedule"] == "AssetOrTimeSchedule"


def test_a_source_by_hand_has_no_schedule_and_a_host_has_a_pool(bag: dict[str, Any]) -> None:
    assert bag["dags"]["crawl__old_reviews"]["schedule"] == "NullTimetable"
    assert bag["dags"]["crawl__shop"]["pools"] == ["host__127.0.0.1"]


def test_each_file_is_parsed_within_a_second(bag: dict[str, Any]) -> None:
    assert len(bag["seconds"]) > 8
    assert {name: spent for name, spent in bag["seconds"].items() if spent > 1.0} == {}


def test_every_run_has_a_deadline_and_every_task_tells_of_its_failure_once(
    bag: dict[str, Any],
) -> None:
    for dag_id, dag in bag["dags"].items():
        assert len(dag["deadline"]) == 1, dag_id
        assert set(dag["told_on"]["on_failure_callback"]) == {1}, dag_id
        assert set(dag["told_on"]["on_retry_callback"]) == {0}, dag_id


def test_a_crawl_can_be_backfilled_by_interval_and_by_params(bag: dict[str, Any]) -> None:
    crawl = bag["dags"]["crawl__shop"]

    assert crawl["schedule"] == "CronDataIntervalTimetable"
    assert crawl["params"] == ["since", "until"]
    assert "airflow backfill create" in crawl["doc"]


def test_a_run_of_a_backfill_reads_its_interval_and_a_live_one_goes_on(bag: dict[str, Any]) -> None:
    assert bag["spans"] == {"backfill": ["begin", "end"], "scheduled": None}


def test_tagging_is_spread_over_as_many_tasks_as_the_settings_say(bag: dict[str, Any]) -> None:
    assert bag["dags"]["tag"]["mapped"] == [3]


def test_no_dag_reaches_into_airflows_own_tables() -> None:
    for file in sorted((ROOT / "dags").glob("*.py")):
        imported = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.update(f"{node.module}.{name.name}" for name in node.names)
            elif isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)
        ours = {name for name in imported if name.startswith("airflow.")}
        assert {name for name in ours if not name.startswith(ALLOWED)} == set(), file.name
