"""The files of an export: a manifest names them, so that a run can go on and erasure finds them.

`manifest.json` is replaced as a whole after each file, never before it: what it names is complete.
The home folder remembers every folder that was ever exported to.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from earshot.errors import FixSettings

EXPORTING = 0x45415203
"""Key of the advisory lock under which a file of an export is written or rewritten."""
MANIFEST = "manifest.json"
FOLDERS = "exports.jsonl"
UNFINISHED = ".unfinished"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file: a view, of one brand and month where it is partitioned."""

    view: str
    brand: str | None = None
    month: str | None = None

    @property
    def name(self) -> str:
        """Path below the folder, partitioned as Hive does."""
        if self.brand is None:
            return f"{self.view}/all.parquet"
        return f"{self.view}/brand={self.brand}/month={self.month or 'unknown'}/part.parquet"


@dataclass(kw_only=True)
class Export:
    """A run, as its manifest has it."""

    folder: Path
    moment: datetime
    parts: Sequence[Part]
    done: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_finished: bool = False

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(int(file["rows"]) for file in self.done.values())

    def write(self, part: Part, batches: Iterable[Any]) -> None:
        """Write one file beside its place, move it there, name it in the manifest."""
        self.done[part.name] = _write(self.folder / part.name, batches)
        self.save()

    def finish(self) -> None:
        """Everything is written: files of the run before that this one has not go."""
        self.is_finished = True
        self.save()
        for file in self.folder.rglob("*.parquet"):
            if file.relative_to(self.folder).as_posix() not in self.done:
                file.unlink()

    def save(self) -> None:
        """Replace the manifest."""
        told = {
            "moment": self.moment.isoformat(),
            "is_finished": self.is_finished,
            "parts": [asdict(part) for part in self.parts],
            "files": self.done,
        }
        file = self.folder / (MANIFEST + UNFINISHED)
        _replace(file, json.dumps(told, indent=1).encode(), self.folder / MANIFEST)


def begin(folder: Path, now: datetime, parts: Sequence[Part]) -> Export:
    """The run that was cut short, else a new one with this moment and these parts.

    Raises:
        FixSettings: the folder holds something that is no export.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = read(folder)
    if known is None and any(UNFINISHED not in file.name for file in folder.iterdir()):
        raise FixSettings(f"{folder}: holds something that is no export; name an empty folder.")
    remove_unfinished(folder)
    if known is not None and not known.is_finished:
        return known
    run = Export(folder=folder, moment=now, parts=parts)
    run.save()
    return run


def read(folder: Path) -> Export | None:
    """The run of that folder, or nothing where there is none."""
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Export(
        folder=folder,
        moment=datetime.fromisoformat(told["moment"]),
        parts=[Part(**part) for part in told["parts"]],
        done=told["files"],
        is_finished=told["is_finished"],
    )


def remember_folder(home: Path, folder: Path) -> None:
    """Note the folder for erasure; it is written before the first row."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.resolve() not in folders(home):
        descriptor = os.open(home / FOLDERS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as known:
            known.write(json.dumps(str(folder.resolve())) + "\n")
            known.flush()
            os.fsync(known.fileno())


def folders(home: Path) -> list[Path]:
    """Every folder that was ever exported to."""
    with suppress(FileNotFoundError):
        lines = (home / FOLDERS).read_text("utf-8").splitlines()
        return [Path(json.loads(line)) for line in lines if line.strip()]
    return []


def erase_rows(home: Path, feedback_ids: Sequence[int]) -> dict[str, int]:
    """Write every exported file anew that holds one of these texts; the caller holds the lock.

    Returns:
        Rows erased, and folders that are not there (moved, or on a disk that is not mounted).
    """
    erased = {"rows": 0, "missing_folders": 0}
    for folder in folders(home):
        run = read(folder)
        if run is None:
            erased["missing_folders"] += 1
            continue
        remove_unfinished(folder)
        before = run.rows
        # Files of the run before may still stand beside those of one that is not finished.
        for file in sorted(folder.rglob("*.parquet")):
            name = file.relative_to(folder).as_posix()
            erased["rows"] += _erase_from(file, feedback_ids, run.done, name)
        if run.rows != before:
            run.save()
    return erased


def _erase_from(
    file: Path, feedback_ids: Sequence[int], done: dict[str, dict[str, Any]], name: str
) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as opened:
        if "feedback_id" not in opened.schema_arrow.names:
            return 0
        table = opened.read(columns=["feedback_id"])
        wanted = pa.array(feedback_ids, pa.int64())
        is_kept = pc.invert(pc.is_in(table["feedback_id"], value_set=wanted))
        gone: int = table.num_rows - int(pc.sum(is_kept).as_py() or 0)
        if not gone:
            return 0
        kept = opened.read().filter(is_kept)
    told = _write(file, kept.to_batches() or [pa.RecordBatch.from_pylist([], schema=kept.schema)])
    if name in done:
        done[name] = told
    return gone


def remove_unfinished(folder: Path) -> None:
    """What a killed export left half written."""
    for file in folder.rglob(f"*{UNFINISHED}"):
        file.unlink()


def _write(file: Path, batches: Iterable[Any]) -> dict[str, Any]:
    """Write a Parquet file and put it in its place; what the manifest says of it."""
    import pyarrow.parquet as pq

    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(file.name + UNFINISHED)
    writer, rows = None, 0
    with open(unfinished, "wb", opener=_private) as out:
        for batch in batches:
            writer = writer or pq.ParquetWriter(out, batch.schema, compression="zstd")
            writer.write_batch(batch)
            rows += batch.num_rows
        if writer is not None:
            writer.close()
        out.flush()
        os.fsync(out.fileno())
    content = unfinished.read_bytes()
    unfinished.replace(file)
    return {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _replace(unfinished: Path, content: bytes, file: Path) -> None:
    with open(unfinished, "wb", opener=_private) as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
