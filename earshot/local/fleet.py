"""A fleet on one machine, for trial: Debian's Postgres and Redis, two Celery workers, on loopback.

What runs here as processes runs in production as machines; `docs/FLEET.md` tells how.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from earshot.errors import FixSettings, RetryLater
from earshot.local import airflow, postgres, processes
from earshot.local.account import server_account
from earshot.local.ports import LOOPBACK, free_port, is_free
from earshot.local.secrets import generated
from earshot.settings import Settings

FLEET_HOME = Path(".earshot/fleet")
WORKERS = ("one", "two")
PACKAGES = ("redis-server", "postgresql")
DEBIAN_SERVERS = Path("/usr/lib/postgresql")
OLDEST_SERVER = 15
START_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class Servers:
    """What the machines of a fleet share."""

    database: postgres.Server
    broker: str
    """Address of Redis, with its password."""

    def url(self, role: str, database: str, *, scheme: str = "postgresql") -> str:
        """Address of a database by TCP, as another machine would use it."""
        password = postgres.role_password(self.database.home, role)
        return f"{scheme}://{role}:{password}@{LOOPBACK}:{self.database.tcp_port}/{database}"


def start_servers(home: Path) -> Servers:
    """Start Debian's Postgres and Redis in the home folder; `stack.stop` ends them.

    Raises:
        FixSettings: a program is missing and we may not install it.
        RetryLater: a server did not come up.
    """
    redis, binaries = _programs()
    database = postgres.ensure(home, tcp_port=free_port(), binaries=binaries)
    return Servers(database=database, broker=_start_redis(home, redis))


def shape(servers: Servers) -> airflow.Shape:
    """Airflow with the CeleryExecutor; its workers share this machine's cores.

    Raises:
        FixSettings: Airflow's provider for Celery is not installed.
    """
    try:
        version("apache-airflow-providers-celery")
    except PackageNotFoundError:
        raise FixSettings(
            "A fleet needs the Celery provider of Airflow; `pip install 'earshot[fleet]'`."
        ) from None
    database = servers.url("airflow", "airflow", scheme=airflow.SCHEME)
    slots = max(1, (os.cpu_count() or 2) // len(WORKERS))
    return airflow.Shape(
        database=database,
        options={
            "CORE__EXECUTOR": "CeleryExecutor",
            "CORE__PARALLELISM": str(slots * len(WORKERS)),
            "CELERY__BROKER_URL": servers.broker,
            "CELERY__RESULT_BACKEND": f"db+{database}",
            "CELERY__WORKER_CONCURRENCY": str(slots),
            "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "86400",
        },
    )


def start_workers(settings: Settings, shape: airflow.Shape) -> None:
    """Start the workers, once the API server answers: a task that finds none fails."""
    variables, logs = airflow.environment(settings, shape), settings.home_folder / "logs"
    command = [sys.executable, "-m", "airflow", "celery", "worker", "--skip-serve-logs"]
    command += ["--without-mingle", "--without-gossip"]
    for name in WORKERS:
        own = [f"--celery-hostname={name}@%h", f"--pid=worker-{name}.pid"]
        processes.launch([*command, *own], env=variables, log=logs / f"airflow-worker-{name}.log")


def stop_broker(home: Path) -> int:
    """Stop Redis of this home folder; returns how many processes were ended."""
    return processes.stop_stack(_broker_home(home))


def _broker_home(home: Path) -> Path:
    """Redis carries a mark of its own, so that it ends after those that need it."""
    return home / "broker"


def _programs() -> tuple[str, Path]:
    """Redis, and the folder of the newest Postgres; both are installed where we are root."""
    if _found() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-qq"], ["install", "-y", "-qq", *PACKAGES]):
            command = ["apt-get", *words]
            subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
    found = _found()
    if found is None:
        raise FixSettings(
            f"A fleet needs redis-server and Postgres {OLDEST_SERVER} or newer, as Debian has "
            f"them; run `apt-get install {' '.join(PACKAGES)}` as root."
        )
    return found


def _found() -> tuple[str, Path] | None:
    redis = shutil.which("redis-server")
    versions = [int(f.name) for f in DEBIAN_SERVERS.glob("*") if (f / "bin/postgres").exists()]
    if redis is None or max(versions, default=0) < OLDEST_SERVER:
        return None
    return redis, DEBIAN_SERVERS / str(max(versions)) / "bin"


def _start_redis(home: Path, program: str) -> str:
    """Start Redis with a password that stands in no file of its own and on no command line."""
    port, password = free_port(), generated(home, "EARSHOT_REDIS_PASSWORD")
    configuration = {
        "bind": LOOPBACK,
        "port": port,
        "requirepass": password,
        # Nothing is kept: what a broker loses, the scheduler sends again.
        "save": '""',
        "appendonly": "no",
        "dir": "/",
        # Our mark stands where a new title would be written.
        "set-proc-title": "no",
    }
    text = "\n".join(f"{name} {value}" for name, value in configuration.items())
    log = home / "logs" / "redis.log"
    with log.open("ab") as out:
        server = subprocess.Popen(
            [program, "-"],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env={"PATH": os.defpath, **processes.mark(_broker_home(home))},
            **server_account().popen,
        )
    assert server.stdin is not None
    with server.stdin as given:
        given.write(f"{text}\n".encode())
    deadline = time.monotonic() + START_SECONDS
    while is_free(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RetryLater(f"Redis did not start; the reason is at the end of {log}.")
        time.sleep(0.05)
    return f"redis://:{password}@{LOOPBACK}:{port}/0"
