"""Where the socket of the embedded Postgres stands: in its own folder, else below `/tmp`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from pathlib import Path

from earshot.errors import FixSettings
from earshot.local.account import Account

LONGEST_SOCKET_FOLDER = 90


def socket_folder(server_folder: Path, account: Account) -> Path:
    """A private folder whose path fits a socket address and needs no quoting."""
    folder = server_folder / "run"
    name = str(folder)
    if len(name) > LONGEST_SOCKET_FOLDER or not re.fullmatch(r"[\w./-]+", name, re.ASCII):
        owner = os.geteuid() if account.uid is None else account.uid
        folder = _temporary(server_folder / "data")
        _refuse_foreign(folder, owner)
    account.own(folder)
    return folder


def forget_socket_folder(home: Path) -> None:
    """Remove a socket folder that had to stand in `/tmp`."""
    folder = _temporary((home / "postgres").resolve() / "data")
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def _temporary(data: Path) -> Path:
    return Path("/tmp") / f"earshot-{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"


def _refuse_foreign(folder: Path, owner: int) -> None:
    """`/tmp` is everybody's: take a folder there only where it is ours."""
    try:
        entry = folder.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(entry.st_mode) or entry.st_uid not in (owner, os.geteuid()):
        raise FixSettings(f"{folder}: belongs to somebody else; remove it, or set another `home`.")
