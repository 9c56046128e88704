"""The processes of the local stack: started in sessions of their own, found again, stopped.

Each carries the mark of its home folder in its environment, and so do its children. `earshot
down` finds them by it, also when whoever started them was killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import psutil

from earshot.errors import RetryLater

MARK = "EARSHOT_STACK"
STOP_SECONDS = 20


def mark(home: Path) -> dict[str, str]:
    """Variables that make a process part of this home folder's stack.

    `SPT_NOENV` keeps a process that renames itself from overwriting its environment.
    """
    return {MARK: str(home), "SPT_NOENV": "1"}


def launch(command: list[str], *, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a process that outlives us, its output appended to the log."""
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(env),
        )


def of_stack(home: Path, sessions: set[int] | None = None) -> list[psutil.Process]:
    """Live processes of this home folder's stack, without our own.

    Airflow hides the environment of what runs tasks from everybody but root. Such a process is
    known by its session, that of a component.

    Args:
        home: the home folder.
        sessions: those of the stack that were seen before; new ones are added.
    """
    found, hidden = [], []
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get(MARK) == str(home):
                found.append(process)
        except psutil.AccessDenied:
            hidden.append(process)
        except (psutil.Error, OSError):
            continue
    known = set() if sessions is None else sessions
    known |= {session for process in found if (session := _session(process)) is not None}
    return found + [process for process in hidden if _session(process) in known]


def end(processes: Iterable[psutil.Process], *, seconds: float = STOP_SECONDS) -> None:
    """End processes: politely, then by force; afterwards none of them lives.

    Raises:
        RetryLater: one of them cannot be ended.
    """
    waiting = list(processes)
    for how, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5.0)):
        for process in waiting:
            _send(process, how)
        waiting = _alive_after(waiting, patience)
        if not waiting:
            return
    names = ", ".join(str(process.pid) for process in waiting)
    raise RetryLater(f"Processes {names} do not end; end them by hand.")


def stop_stack(home: Path) -> int:
    """End every process of the stack, with those that it starts meanwhile; returns how many."""
    ended, sessions = 0, set[int]()
    while found := of_stack(home, sessions):
        # The components first: they end their own children in good order.
        components = [p for p in found if _is_leader(p)] or found
        end(components)
        ended += len(components)
    return ended


def leaders(home: Path) -> list[psutil.Process]:
    """The components of the stack, without the processes that they started."""
    return [process for process in of_stack(home) if _is_leader(process)]


def _is_leader(process: psutil.Process) -> bool:
    return _session(process) == process.pid


def _session(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return None


def _send(process: psutil.Process, how: signal.Signals) -> None:
    try:
        process.send_signal(how)
    except psutil.NoSuchProcess:
        return


def _alive_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    alive = processes
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = [process for process in alive if is_alive(process)]
    return alive


def is_alive(process: psutil.Process) -> bool:
    """Whether the process still does something."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
