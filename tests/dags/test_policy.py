"""What every DAG must have: read without errors, quickly, with owner, docs, retries and links."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = """
contact = "ops@northwind.example"
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
import json, sys
from airflow.dag_processing.dagbag import DagBag
heavy = [m for m in ("torch", "transformers", "scrapy", "matplotlib", "pandas") if m in sys.modules]
bag = DagBag(sys.argv[1])
loaded = [m for m in ("torch", "transformers", "scrapy", "matplotlib") if m in sys.modules]
print(json.dumps({
    "errors": bag.import_errors,
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
    began = time.monotonic()
    answer = subprocess.run(
        [sys.executable, "-c", DESCRIBE, str(ROOT / "dags")],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    described: dict[str, Any] = json.loads(answer.stdout.strip().splitlines()[-1])
    return {**described, "seconds": time.monotonic() - began}


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
    assert outlets["tag"] == ["earshot_tagged"]
    assert outlets["watch"] == ["earshot_watched"]
    assert outlets["reply"] == ["earshot_drafted"]
    for woken in ("tag", "watch", "reply", "deliver"):
        assert bag["dags"][woken]["schedule"] == "AssetOrTimeSchedule"


def test_a_source_by_hand_has_no_schedule_and_a_host_has_a_pool(bag: dict[str, Any]) -> None:
    assert bag["dags"]["crawl__old_reviews"]["schedule"] == "NullTimetable"
    assert bag["dags"]["crawl__shop"]["pools"] == ["host__127.0.0.1"]
