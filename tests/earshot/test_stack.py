from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from earshot.local import airflow, ports, postgres, processes
from earshot.local.stack import stop
from earshot.settings import Settings, load

FILE = """
contact = "ops@northwind.example"
[airflow]
port = {port}
[web]
port = {web_port}
[health]
port = {health_port}
[[brand]]
key = "northwind"
name = "Northwind Home"
[[source]]
name = "by-hand"
kind = "file"
brand = "northwind"
schedule = "none"
"""
READY = re.compile(r"Airflow is ready at (\S+)")
LISTEN = "0A"


@pytest.fixture
def settings_file(tmp_path) -> Iterator[Path]:
    file = tmp_path / "earshot.toml"
    free = {name: ports.free_port() for name in ("port", "web_port", "health_port")}
    file.write_text(FILE.format(**free))
    yield file
    home = load(file).home_folder
    stop(home)
    postgres.remove(home)


def up(file: Path) -> subprocess.Popen[str]:
    """Start `earshot up` and wait until it says that all is ready."""
    command = [sys.executable, "-m", "earshot", "up", "--settings", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if READY.search(line):
            return process
    pytest.fail("earshot up ended:\n" + "".join(said))


def tree(settings: Settings) -> list[psutil.Process]:
    """Every process of the stack, the server's own among them."""
    found = processes.of_stack(settings.home_folder)
    server = postgres.running(settings.home_folder)
    if server is not None:
        leader = psutil.Process(server.pid)
        found += [leader, *leader.children(recursive=True)]
    return found


def listening(found: list[psutil.Process]) -> set[tuple[str, int]]:
    """Addresses of listening TCP sockets, read from the kernel and not from any setting."""
    inodes = set()
    for process in found:
        for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
            target = os.readlink(descriptor) if descriptor.is_symlink() else ""
            inodes.update(re.findall(r"socket:\[(\d+)\]", target))
    sockets = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, _, state, *_, inode = line.split()[1:10]
            if state == LISTEN and inode in inodes:
                address, port = local.split(":")
                sockets.add((_readable(address), int(port, 16)))
    return sockets


def _readable(address: str) -> str:
    raw = bytes.fromhex(address)
    words = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    if len(words) == 4:
        return ".".join(map(str, words))
    return "::1" if words == bytes(15) + b"\x01" else words.hex()


def until_gone(found: list[psutil.Process], seconds: float = 30) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(map(processes.is_alive, found)):
        time.sleep(0.1)
    return [process for process in found if processes.is_alive(process)]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads /proc")
def test_the_stack_listens_on_loopback_outlives_a_kill_and_stops_clean(settings_file):
    settings = load(settings_file)
    owner = up(settings_file)
    first = tree(settings)

    assert listening(first) == {
        ("127.0.0.1", settings.airflow.port),
        ("127.0.0.1", settings.web.port),
    }
    assert airflow.client(settings).import_errors() == {}

    # Killed, it leaves the others at work; the next one takes them over as they are.
    owner.kill()
    owner.wait()
    successor = up(settings_file)
    components = {process.pid for process in processes.leaders(settings.home_folder)}
    assert components <= {process.pid for process in first}
    assert len(components) == len(airflow.COMPONENTS) + 1  # the page

    everything = tree(settings)
    successor.send_signal(signal.SIGINT)
    assert successor.wait(90) == 0
    assert until_gone(everything) == []


def test_a_port_in_use_is_one_line_and_leaves_nothing_running(settings_file):
    settings = load(settings_file)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.airflow.port))
        taken.listen()
        command = [sys.executable, "-m", "earshot", "up", "--settings", str(settings_file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"earshot.toml: airflow.port: {settings.airflow.port} is in use on 127.0.0.1; "
        "write another port, or stop what listens there."
    ]
    assert tree(settings) == []


def test_airflow_is_fitted_to_the_machine_and_kept_from_proxies(settings_file, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    settings = load(settings_file)

    variables = airflow.environment(settings, airflow.Shape(database="postgresql://"))

    assert variables["AIRFLOW__CORE__PARALLELISM"] == "3"
    assert "127.0.0.1" in variables["NO_PROXY"].split(",")
    assert variables["EARSHOT_SETTINGS"] == str(settings_file)
    assert variables["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == (
        f"http://127.0.0.1:{settings.airflow.port}/execution/"
    )
