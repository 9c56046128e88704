"""Generated secrets: one `secrets.env` per home folder, readable by its owner alone."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earshot.settings import SECRETS_FILE


def recall(home: Path) -> dict[str, str]:
    """Everything in the secrets file of that home folder; empty where there is none."""
    try:
        lines = (home / SECRETS_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def generated(home: Path, name: str) -> str:
    """The secret of that name, made at the first call and the same ever after."""
    known = recall(home).get(name)
    if known:
        return known
    with locked(home / f"{SECRETS_FILE}.lock"):
        values = recall(home)
        if name not in values:
            values[name] = secrets.token_urlsafe(24)
            _write(home / SECRETS_FILE, values)
        return values[name]


def remember(home: Path, values: dict[str, str]) -> None:
    """Add or replace secrets; what else stands in the file stays."""
    with locked(home / f"{SECRETS_FILE}.lock"):
        _write(home / SECRETS_FILE, {**recall(home), **values})


def forget(home: Path, names: list[str]) -> None:
    """Remove secrets by name."""
    with locked(home / f"{SECRETS_FILE}.lock"):
        kept = {name: value for name, value in recall(home).items() if name not in names}
        _write(home / SECRETS_FILE, kept)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold an exclusive lock; the system drops it when the process ends, however it ends."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(file: Path, values: dict[str, str]) -> None:
    """Replace the file in one step, so that a kill leaves the old or the new one."""
    new = file.with_name(f"{file.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write("# Secrets of Earshot: keep this file to yourself, and out of version control.\n")
        out.writelines(f"{name}={value}\n" for name, value in values.items())
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
