"""The whole local stack under one owner: `earshot up` holds it, `earshot down` ends it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from earshot.errors import EarshotError, FixSettings, RetryLater
from earshot.local import airflow, fleet, ports, postgres, processes
from earshot.settings import Settings

DEMO_HOME = Path(".earshot/demo")
OWNER_STOP_SECONDS = 90
PAGE_SECONDS = 60
Say = Callable[[str], None]


@contextmanager
def owned(home: Path) -> Iterator[None]:
    """Be the one `earshot up` of this home folder; the system ends this with the process.

    Raises:
        FixSettings: another one runs.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "up.pid").open("a+") as file:
        if not _lock(file):
            raise FixSettings(f"{home}: `earshot up` runs already; `earshot down` stops it.")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def run(settings: Settings, say: Say) -> None:
    """Start Airflow beside the running Postgres, wait for Ctrl-C or `down`, and stop all.

    Raises:
        RetryLater: a component ended by itself.
    """
    home = settings.home_folder
    with interruptible():
        try:
            if not _runs(home, "web"):
                ports.refuse_taken("web.port", settings.web.port)
            say("Airflow starts")
            airflow.start(settings)
            airflow.wait_healthy(settings)
            start_listener(settings)
            _start(settings, "web")
            _wait_for_page(settings)
            components = processes.leaders(home)
            say(f"Airflow is ready at {airflow.base_url(settings)} · user {airflow.USER}, password")
            say(f"in {airflow.passwords_file(home)} · logs in {home / 'logs'}")
            say(f"The page is at {settings.web.url} · Ctrl-C stops all")
            while not (ended := [p for p in components if not processes.is_alive(p)]):
                time.sleep(1)
            raise RetryLater(
                f"{len(ended)} of {len(components)} components ended by themselves; "
                f"see {home / 'logs'}, then run `earshot up` again."
            )
        except KeyboardInterrupt:
            say("Stopping")
        finally:
            # A second Ctrl-C must not leave half of it running.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            airflow.stop(settings)
            postgres.stop(home)


def start_listener(settings: Settings) -> None:
    """Serve Slack's buttons and the webhook where there is what each needs, once."""
    has_webhook = any(each.kind == "webhook" and each.enabled for each in settings.source)
    if has_webhook or has_slack(settings):
        _start(settings, "listen")


def has_slack(settings: Settings) -> bool:
    """Whether there are the secrets that serving Slack's buttons needs."""
    secrets = settings.secrets
    is_socket = settings.slack.transport == "socket"
    needed = secrets.slack_app_token if is_socket else secrets.slack_signing_secret
    return secrets.slack_token is not None and needed is not None


def _wait_for_page(settings: Settings) -> None:
    """Wait until the page listens; a page that cannot start is found by the watch over all."""
    deadline = time.monotonic() + PAGE_SECONDS
    while ports.is_free(settings.web.port) and time.monotonic() < deadline:
        time.sleep(0.1)


def _start(settings: Settings, command: str) -> None:
    """Run one of our own long-lived commands beside Airflow, once."""
    home = settings.home_folder
    if _runs(home, command):
        return
    words = [sys.executable, "-m", "earshot", command]
    words += ["--settings", str(settings.folder.resolve() / settings.file)]
    env = {**os.environ, **processes.mark(home)}
    processes.launch(words, env=env, log=home / "logs" / f"{command}.log")


def _runs(home: Path, command: str) -> bool:
    return any(command in process.cmdline() for process in processes.leaders(home))


def stop(home: Path) -> bool:
    """End the owner, Airflow, broker and Postgres of this home folder; false where nothing ran."""
    had_owner = _end_owner(home)
    components = processes.stop_stack(home)
    brokers = fleet.stop_broker(home)
    had_server = postgres.stop(home)
    return had_owner or bool(components or brokers) or had_server


def delete(home: Path) -> None:
    """Delete the database and all state of this home folder.

    Raises:
        FixSettings: the folder is no home folder of ours.
    """
    if not (home / "secrets.env").exists() and any(home.iterdir()):
        raise FixSettings(f"{home}: is no home folder of Earshot; delete it by hand.")
    postgres.remove(home)
    shutil.rmtree(home)


def _end_owner(home: Path) -> bool:
    """Ask a running `earshot up` to stop, and wait until it has."""
    file = home / "up.pid"
    if not file.exists():
        return False
    with file.open("r+") as held:
        if _lock(held):
            return False
        pid = int(held.read() or 0)
        if not pid or pid == os.getpid():
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + OWNER_STOP_SECONDS
        while time.monotonic() < deadline:
            if _lock(held) or not psutil.pid_exists(pid):
                return True
            time.sleep(0.1)
    raise EarshotError(f"`earshot up` (process {pid}) does not end; end it by hand.")


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a polite end by `down` or the system act as Ctrl-C does.

    Ctrl-C too: whoever is started in the background of a shell is born deaf to it.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {how: signal.signal(how, interrupt) for how in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for how, handler in before.items():
            signal.signal(how, handler)
