"""The local Airflow: scheduler, DAG processor, triggerer and API server, on loopback only.

As `airflow standalone`, but on the embedded Postgres with the LocalExecutor, with nothing
listening beside the API server: components read each other's logs from the disk. Another `Shape`
makes the head of a fleet of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from earshot.errors import FixSettings, RetryLater
from earshot.local import airflow_api, postgres, processes
from earshot.local.ports import LOOPBACK, refuse_taken
from earshot.local.secrets import generated
from earshot.settings import Settings


class PoolOptions(TypedDict):
    """What a pool of crawls is to Airflow."""

    slots: int
    description: str


COMPONENTS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
}
SCHEME = "postgresql+psycopg2"
START_SECONDS = 180
USER = "admin"
POOL: PoolOptions = {"slots": 1, "description": "one crawl at a time on a host"}


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Where tables are and how tasks run: on this machine or by a fleet."""

    database: str
    """SQLAlchemy address of Airflow's own tables."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further options of Airflow, as `SECTION__KEY`."""


def one_machine(settings: Settings) -> Shape:
    """Everything on this machine, on the embedded server."""
    server = postgres.ensure(settings.home_folder, tcp_port=settings.database.port)
    return Shape(database=server.url("airflow", "airflow", scheme=SCHEME))


def environment(settings: Settings, shape: Shape) -> dict[str, str]:
    """Variables for every Airflow process of this home folder, with those of our own."""
    home = settings.home_folder
    options = {
        **_core(settings),
        **_api(settings),
        "DATABASE__SQL_ALCHEMY_CONN": shape.database,
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs" / "airflow"),
        "LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(home / "logs" / "dag-processor"),
        "LOGGING__COLORED_CONSOLE_LOG": "False",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
        **shape.options,
    }
    # Tasks call the API server on loopback, which no proxy of the environment must see.
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"]))
    return {
        **os.environ,
        "NO_PROXY": direct,
        "no_proxy": direct,
        **processes.mark(home),
        **{f"AIRFLOW__{name}": value for name, value in options.items()},
        "AIRFLOW_HOME": str(home / "airflow"),
        # Tasks run beside each other: one thread each is faster than threads that wait in turns.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "EARSHOT_SETTINGS": str(settings.folder.resolve() / settings.file),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def _core(settings: Settings) -> dict[str, str]:
    cores = os.cpu_count() or 2
    return {
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": str(min(settings.airflow.parallelism, max(2, cores))),
        "CORE__DAGS_FOLDER": str(dags_folder()),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "CORE__FERNET_KEY": _fernet_key(settings.home_folder),
        "CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(settings.home_folder)),
    }


def _api(settings: Settings) -> dict[str, str]:
    home, address = settings.home_folder, base_url(settings)
    return {
        "API__HOST": LOOPBACK,
        "API__PORT": str(settings.airflow.port),
        "API__BASE_URL": address,
        "API__WORKERS": "1",
        "API__SECRET_KEY": generated(home, "EARSHOT_AIRFLOW_API_KEY"),
        "API_AUTH__JWT_SECRET": generated(home, "EARSHOT_AIRFLOW_JWT_KEY"),
        # Moving the port without this makes every task fail.
        "CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
    }


def base_url(settings: Settings) -> str:
    """Address of Airflow's page and API."""
    return f"http://{LOOPBACK}:{settings.airflow.port}"


def dags_folder() -> Path:
    """Folder of the installed package `dags`."""
    spec = find_spec("dags")
    if spec is None or not spec.submodule_search_locations:
        raise FixSettings("The package dags is not installed; `pip install` Earshot again.")
    return Path(next(iter(spec.submodule_search_locations)))


def password(settings: Settings) -> str:
    """Password of the user `admin` on Airflow's page, generated at the first call."""
    return generated(settings.home_folder, "EARSHOT_AIRFLOW_PASSWORD")


def client(settings: Settings) -> airflow_api.Client:
    """Airflow's REST API, logged in at the first call."""
    return airflow_api.Client(base_url(settings), user=USER, password=password(settings))


def start(settings: Settings, shape: Shape | None = None) -> None:
    """Start Airflow, unless it runs already; `wait_healthy` says when it is ready.

    Args:
        settings: ports and folders.
        shape: by default `one_machine`.

    Raises:
        FixSettings: the port is taken.
        RetryLater: Airflow's tables could not be made.
    """
    home = settings.home_folder
    if processes.of_stack(home):
        if client(settings).is_healthy():
            return
        # Left over from an owner that was killed, and not whole.
        processes.stop_stack(home)
    refuse_taken("airflow.port", settings.airflow.port)
    shape = shape or one_machine(settings)
    variables = environment(settings, shape)
    _write_password(settings)
    _make_tables(home, variables)
    for name, arguments in COMPONENTS.items():
        command = [sys.executable, "-m", "airflow", *arguments]
        processes.launch(command, env=variables, log=home / "logs" / f"airflow-{name}.log")


def wait_healthy(settings: Settings, *, seconds: float = START_SECONDS) -> None:
    """Wait until every component reports in, then make the pools that the DAGs use.

    Raises:
        RetryLater: a component ended, or did not come up in time.
    """
    api = client(settings)
    deadline = time.monotonic() + seconds
    while not api.is_healthy():
        if len(processes.of_stack(settings.home_folder)) < len(COMPONENTS):
            raise RetryLater(f"Airflow ended at once; see {settings.home_folder / 'logs'}.")
        if time.monotonic() > deadline:
            raise RetryLater(
                f"Airflow was not healthy after {seconds:.0f} s; see "
                f"{settings.home_folder / 'logs'}."
            )
        time.sleep(0.25)
    for pool in sorted({source.pool for source in settings.source}):
        api.ensure_pool(pool, **POOL)


def stop(settings: Settings) -> int:
    """Stop Airflow with all its tasks; returns how many components were ended."""
    return processes.stop_stack(settings.home_folder)


def _make_tables(home: Path, variables: dict[str, str]) -> None:
    """Create or migrate Airflow's own tables; known to be done by a mark beside the data."""
    done = home / "postgres" / f"airflow-{version('apache-airflow')}"
    if done.exists():
        return
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    log = home / "logs" / "airflow-migrate.log"
    with log.open("ab") as out:
        code = subprocess.run(
            command, check=False, env=variables, stdout=out, stderr=subprocess.STDOUT
        ).returncode
    if code != 0:
        raise RetryLater(f"Airflow's tables could not be made; the reason is in {log}.")
    done.touch()


def _write_password(settings: Settings) -> None:
    file = passwords_file(settings.home_folder)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump({USER: password(settings)}, out)


def passwords_file(home: Path) -> Path:
    """Where the password of Airflow's page stands, readable by its owner alone."""
    return home / "airflow" / "passwords.json"


def _fernet_key(home: Path) -> str:
    """Airflow wants 32 bytes in base64: a secret of ours is 24, so it is spread over 32."""
    import base64
    import hashlib

    secret = generated(home, "EARSHOT_AIRFLOW_FERNET_KEY")
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).decode()
