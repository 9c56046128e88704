"""DAGs run as in production: connections from a secrets backend, failures told once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from earshot.local.ports import free_port
from earshot.shop.server import serve

ROOT = Path(__file__).parents[2]
CANARY = "canary-7d20ab"
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
urls = ["{shop}/"]
[[source]]
name = "away"
kind = "schemaorg"
brand = "northwind"
schedule = "@daily"
urls = ["http://127.0.0.1:{port}/"]
[[source]]
name = "guarded"
kind = "rest"
brand = "northwind"
schedule = "@daily"
base_url = "{guarded}"
path = "reviews"
fields = {{ id = "id", body = "text" }}
auth = {{ style = "bearer", credential = "GUARDED_TOKEN" }}
[[source]]
name = "forbidden"
kind = "googleplay"
brand = "northwind"
schedule = "@daily"
app = "com.example"
"""
RUN = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
told = []
for name, conf in json.loads(sys.argv[2]):
    dag = bag.dags[name]
    dag.deadline = None  # dag.test() cannot take one
    for task in dag.tasks:
        task.retry_delay = task.retry_delay * 0
        task.retry_policy.rules[2].retry_delay = task.retry_delay
    run = dag.test(run_conf=conf)
    tries = [ti.try_number for ti in run.get_task_instances()]
    told.append([name, str(run.state), tries])
print(json.dumps(told))
"""


@pytest.fixture
def told(database: Any, tmp_path: Path, httpserver: HTTPServer) -> dict[str, Any]:
    """Each DAG's end state and tries; addresses and credentials stand in a secrets backend only."""
    port = free_port()
    httpserver.expect_request(
        "/reviews", headers={"Authorization": f"Bearer {CANARY}"}
    ).respond_with_json([{"id": "1", "text": "It hums"}])
    with serve(lambda: datetime(2026, 3, 1, tzinfo=UTC)) as shop:
        (tmp_path / "earshot.toml").write_text(
            SETTINGS.format(shop=shop.url, port=port, guarded=httpserver.url_for("").rstrip("/"))
        )
        connections = tmp_path / "connections.json"
        connections.write_text(
            json.dumps(
                {
                    "earshot_db": _uri(database.url),
                    "earshot_source_guarded": {
                        "conn_type": "http",
                        "extra": {"GUARDED_TOKEN": CANARY},
                    },
                }
            )
        )
        runs = [
            ("crawl__shop", {"since": "2026-01-05T00:00:00Z", "until": "2026-01-20T00:00:00Z"}),
            ("crawl__away", {}),
            ("crawl__forbidden", {}),
            ("crawl__guarded", {}),
        ]
        answer = subprocess.run(
            [sys.executable, "-c", RUN, str(ROOT / "dags"), json.dumps(runs)],
            env=_environment(tmp_path, connections),
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-3000:]
    ends = json.loads(answer.stdout.strip().splitlines()[-1])
    return {
        "ends": {name: (state, tries) for name, state, tries in ends},
        "log": answer.stdout + answer.stderr,
    }


def _uri(url: str) -> str:
    """As Airflow writes it: the kind of connection is `postgres`."""
    return url.replace("postgresql://", "postgres://", 1)


def _environment(home: Path, connections: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EARSHOT_", "AIRFLOW"))}
    env = {
        **kept,
        "AIRFLOW_HOME": str(home),
        "EARSHOT_SETTINGS": str(home / "earshot.toml"),
        "EARSHOT_AUTHOR_KEY": "a key for tests only, of enough characters",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(connections)}),
    }
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, env=env, cwd=ROOT, capture_output=True, check=True)
    return env


def test_a_backfill_by_params_and_failures_that_are_told_once(
    told: dict[str, Any], database: Any
) -> None:
    assert told["ends"] == {
        "crawl__shop": ("success", [1]),
        "crawl__away": ("failed", [3]),
        "crawl__forbidden": ("failed", [1]),
        "crawl__guarded": ("success", [1]),
    }
    assert CANARY not in told["log"]
    with database.connect() as conn, conn, conn.cursor() as cursor:
        cursor.execute(
            "select purpose, status, added > 0 from earshot.crawl join earshot.source on source.id"
            " = crawl.source_id where source.name = 'shop'"
        )
        assert [tuple(row) for row in cursor.fetchall()] == [("backfill", "ok", True)]
        cursor.execute("select min(published_at), max(published_at) from earshot.feedback")
        first, last = cursor.fetchone()
        assert datetime(2026, 1, 5, tzinfo=UTC) <= first < last < datetime(2026, 1, 20, tzinfo=UTC)
        cursor.execute("select key, payload ->> 'text' from earshot.outbox order by id")
        said = [text for _, text in cursor.fetchall()]
        assert sum("away" in text for text in said) == 1
        assert sum("forbidden" in text for text in said) == 1
        assert len(said) == 2
