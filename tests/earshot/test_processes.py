from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from earshot.local import processes

LEADER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_process_that_hides_its_environment_ends_with_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = subprocess.Popen(
        [sys.executable, "-c", LEADER],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, **processes.mark(tmp_path)},
    )
    assert leader.stdout is not None
    hidden = psutil.Process(int(leader.stdout.readline()))
    readable = psutil.Process.environ

    def environ(process: psutil.Process) -> dict[str, str]:
        if process.pid == hidden.pid:
            raise psutil.AccessDenied(process.pid)
        return readable(process)

    monkeypatch.setattr(psutil.Process, "environ", environ)
    processes.stop_stack(tmp_path)

    assert leader.wait(10) != 0
    assert not processes.is_alive(hidden)
