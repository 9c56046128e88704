"""`earshot import`: a file into the tables, in batches, with one writer behind the reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings, SkipRecord
from earshot.record import Kind
from earshot.settings import SETTINGS_FILE, Settings, Source
from scrapers.catalogue import sync_catalogue
from scrapers.crawl_log import finish, logged_crawl
from scrapers.files import chats
from scrapers.files.chats import Conversations
from scrapers.files.mapping import Mapper
from scrapers.files.options import FileOptions, options_of
from scrapers.files.reading import opened
from scrapers.files.rows import Row
from scrapers.rows import Batch, Refused, prepared, refused
from scrapers.store import Counts, Store
from sql.connect import connect
from sql.named import queries

BATCH_ROWS = 2_000

Tick = Callable[[int, int, Counts], None]
"""Told after each batch: units read, units in all, counts so far."""


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """What an import did."""

    source: str
    path: Path
    crawl_id: int
    seen: int
    added: int
    changed: int
    quarantined: int

    def counts(self) -> dict[str, int]:
        """The counts alone."""
        names = ("seen", "added", "changed", "quarantined")
        return {name: getattr(self, name) for name in names}


def import_file(
    settings: Settings,
    source_name: str | None = None,
    path: Path | str | None = None,
    *,
    tick: Tick | None = None,
) -> ImportResult:
    """Import a file as the settings map it; importing it again adds nothing.

    Args:
        settings: the settings; the source must be of `kind = "file"`.
        source_name: the source; by default the one whose `path` it is, or the only one.
        path: the file; by default the source's own `path`.
        tick: told how far it is; by default a progress bar where a person looks on.

    Raises:
        FixSettings: the file or its mapping is wrong; nothing of it was stored, except where it
            breaks off in the middle.
        RetryLater: the database does not answer, or another process imports this source.
    """
    source = _chosen(settings, source_name, path)
    options = options_of(source)
    file = _path(settings, source, options, path)
    with connect(settings, application="earshot import") as conn:
        sync_catalogue(conn, settings)
        with (
            logged_crawl(conn, settings, source, "import") as crawl,
            opened(file, options) as (found, progress),
            _ticking(tick, file) as told,
        ):
            platform = options.platform or source.name
            _commit(conn, queries.store_commit_lazily)
            store = Store(conn, settings, source, crawl=crawl, platform=platform)
            rows, mapper = _mapped(found, source, options, platform)
            counts = Counts()
            with closing(_written(store, _batches(rows, mapper))) as written:
                for batch_counts in written:
                    counts += batch_counts
                    told(*progress(), counts)
            _refuse_nothing(counts, file, options)
            _commit(conn, queries.store_commit_durably)
            finish(conn, settings, crawl, status="ok")
    return ImportResult(source=source.name, path=file, crawl_id=crawl.id, **vars(counts))


def _mapped(
    rows: Iterator[Row | Refused], source: Source, options: FileOptions, platform: str
) -> tuple[Iterator[Row | Refused], Mapper]:
    """Rows and what maps them; of conversations the turns."""
    if options.chat is None:
        return rows, Mapper(source, options, platform)
    turns = Conversations(options.chat, options).turns(rows)
    placed = options.model_copy(
        update={
            "columns": {**options.columns, **chats.COLUMNS},
            "constants": {"kind": Kind.CHAT_TURN.value, **options.constants},
        }
    )
    return turns, Mapper(source, placed, platform)


def _written(store: Store, batches: Iterator[_Records]) -> Generator[Counts]:
    """One thread writes a batch while the next is read: the database has its own processor."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer") as writer:
        pending: Future[Counts] | None = None
        for records, bad in batches:
            batch: Batch = prepared(records, store.preparation, refused=bad)
            if pending is not None:
                yield pending.result()
            pending = writer.submit(store.write, batch)
        if pending is not None:
            yield pending.result()


_Records = tuple[list[dict[str, object]], list[Refused]]


def _batches(rows: Iterator[Row | Refused], mapper: Mapper) -> Iterator[_Records]:
    records: list[dict[str, object]] = []
    bad: list[Refused] = []
    for row in rows:
        if isinstance(row, Refused):
            bad.append(row)
        else:
            try:
                records.append({**mapper.record(row.values), "line_number": row.line_number})
            except SkipRecord as error:
                bad.append(_refused_row(row, error))
        if len(records) + len(bad) >= BATCH_ROWS:
            yield records, bad
            records, bad = [], []
    if records or bad:
        yield records, bad


def _refused_row(row: Row, error: SkipRecord) -> Refused:
    payload = json.dumps(row.values, default=str, ensure_ascii=False)
    try:
        raw = payload.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # JSON may name half a surrogate pair, which stands for no byte of the file.
        raw = payload.encode("utf-8", "backslashreplace")
    return refused(
        raw,
        str(error),
        field=error.field,
        line_number=row.line_number,
    )


def _refuse_nothing(counts: Counts, file: Path, options: FileOptions) -> None:
    """A file of which no row fits was mapped wrongly, or is not that file."""
    if counts.seen and counts.seen == counts.quarantined:
        raise FixSettings(
            f"{file}: none of its {counts.seen} rows could be read as {options.format_of(file)}; "
            "look at the reasons in earshot.quarantine and correct columns, format or encoding."
        )


def _commit(conn: Connection, how: Any) -> None:
    """Batches need not reach the disk one by one: the last commit takes them all along."""
    with conn, conn.cursor() as cursor:
        cursor.execute(how.sql)


def _chosen(settings: Settings, name: str | None, path: Path | str | None) -> Source:
    if name is not None:
        source = settings.source_named(name)
        if source.kind != "file":
            raise FixSettings(
                f'{SETTINGS_FILE}: [[source]] "{name}" is of kind "{source.kind}"; name one of '
                'kind "file".'
            )
        return source
    files = [source for source in settings.source if source.kind == "file"]
    if path is not None:
        same = [s for s in files if _same_file(settings, s.options.get("path"), path)]
        files = same or files
    if len(files) != 1:
        names = ", ".join(source.name for source in files) or "none"
        raise FixSettings(
            f'{SETTINGS_FILE}: expected one [[source]] of kind "file" for this import, found: '
            f"{names}; name it with --source."
        )
    return files[0]


def _same_file(settings: Settings, given: object, path: Path | str) -> bool:
    return given is not None and settings.path(str(given)) == Path(path).resolve()


def _path(
    settings: Settings, source: Source, options: FileOptions, path: Path | str | None
) -> Path:
    if path is not None:
        return Path(path).expanduser().resolve()
    if options.path is None:
        raise FixSettings(
            f'{SETTINGS_FILE}: [[source]] "{source.name}": path: is missing; add it or name the '
            "file: earshot import FILE."
        )
    return settings.path(options.path)


@contextmanager
def _ticking(tick: Tick | None, file: Path) -> Iterator[Tick]:
    """The caller's function, or a progress bar on standard error."""
    if tick is not None:
        yield tick
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=None, rows=0)

        def show(done: int, total: int, counts: Counts) -> None:
            bar.update(task, completed=done, total=total, rows=counts.seen)

        yield show
