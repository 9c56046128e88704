"""The stages as the DAGs run them: a process for each run, one run at a time, woken by the stage
before it and by time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Stage:
    """One step of the pipeline; `arguments` follow `earshot`."""

    name: str
    arguments: Sequence[str]
    every_seconds: float
    wakes: Sequence[str] = ()
    woken: Event = field(default_factory=Event)
    runs: list[dict[str, Any]] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def run(self, settings: Path, environment: dict[str, str]) -> None:
        """One run to its end; what it printed and how it ended is kept."""
        command = [sys.executable, "-m", "earshot", *self.arguments, "--json"]
        began = time.time()
        with tempfile.TemporaryFile("w+") as written, tempfile.TemporaryFile("w+") as complaint:
            self.process = subprocess.Popen(
                [*command, "--settings", str(settings)],
                cwd=REPOSITORY,
                env=environment,
                stdout=written,
                stderr=complaint,
                text=True,
            )
            _, status, usage = os.wait4(self.process.pid, 0)
            self.process.returncode = os.waitstatus_to_exitcode(status)
            written.seek(0)
            complaint.seek(0)
            self.runs.append(
                {
                    "began": began,
                    "seconds": time.time() - began,
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                    "peak_mb": usage.ru_maxrss / 1e3,
                    "status": self.process.returncode,
                    "counts": _last_counts(written.read()),
                    "complaint": complaint.read().strip()[-400:],
                }
            )
        self.process = None


def _last_counts(written: str) -> dict[str, Any]:
    for line in reversed(written.splitlines()):
        try:
            found: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        return found
    return {}


@contextmanager
def running(
    stages: Sequence[Stage], settings: Path, environment: dict[str, str]
) -> Iterator[dict[str, Stage]]:
    """All stages at work for the length of a `with` block; ends when their runs have ended."""
    by_name = {stage.name: stage for stage in stages}
    stop = Event()

    def loop(stage: Stage) -> None:
        while not stop.is_set():
            stage.woken.wait(stage.every_seconds)
            stage.woken.clear()
            if stop.is_set():
                return
            stage.run(settings, environment)
            if stage.runs[-1]["status"] == 0:
                for name in stage.wakes:
                    by_name[name].woken.set()

    threads = [Thread(target=loop, args=(stage,)) for stage in stages]
    for thread in threads:
        thread.start()
    stages[0].woken.set()
    try:
        yield by_name
    finally:
        stop.set()
        for stage in stages:
            stage.woken.set()
        for thread in threads:
            thread.join()


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children; shared pages count by their share."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
        return sum(_proportional(each) for each in family) / 1e6
    except psutil.Error:
        return 0.0


def _proportional(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except psutil.Error:
        return 0.0


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, of its children and of those that it has buried."""
    try:
        root = psutil.Process(pid)
        used = root.cpu_times()
        living = [each.cpu_times() for each in root.children(recursive=True)]
        buried = used.children_user + used.children_system
        return float(used.user + used.system + buried + sum(t.user + t.system for t in living))
    except psutil.Error:
        return 0.0
