"""Rows of CSV, JSON lines and Parquet as a stream in constant memory."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from earshot.errors import FixSettings
from scrapers.files.chats import transcript
from scrapers.files.documents import is_document, objects
from scrapers.files.lines import Lines, LineTooLong
from scrapers.files.options import FileOptions, Format
from scrapers.files.rows import Row
from scrapers.rows import Refused, refused

_PARQUET_ROWS = 500
_SNIFFED = 4096


@contextmanager
def opened(path: Path, options: FileOptions) -> Iterator[tuple[Iterator[Row | Refused], Progress]]:
    """The rows of a file, and how far reading has come.

    Raises:
        FixSettings: the file is missing, is not what its name says, or lacks a column.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise FixSettings(f"{path}: {reason}; name a file that can be read.") from error
    with raw:
        if options.format_of(path) == "parquet":
            yield _parquet(raw, path, options)
            return
        with _text(raw, path, options) as stream:
            rows = _READERS[options.format_of(path)]
            size = path.stat().st_size
            yield _guarded(rows(stream, path, options), path), lambda: (raw.tell(), size)


Progress = Callable[[], tuple[int, int]]
"""Units read and units in all: bytes of the file, or rows of a Parquet file."""


@contextmanager
def _text(raw: BinaryIO, path: Path, options: FileOptions) -> Iterator[TextIO]:
    is_zipped = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    stream: Any = gzip.GzipFile(fileobj=raw) if is_zipped else raw
    try:
        beginning = stream.peek(_SNIFFED)[:_SNIFFED]
        _refuse_binary(beginning, path, options)
        yield io.TextIOWrapper(
            stream, encoding=options.encoding, errors="surrogateescape", newline=""
        )
    except LookupError as error:
        raise FixSettings(
            f'{path}: encoding "{options.encoding}" is unknown; write one such as "utf-8" or '
            '"cp1252".'
        ) from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise FixSettings(f"{path}: is no readable gzip file ({error}); pack it again.") from error


def _refuse_binary(beginning: bytes, path: Path, options: FileOptions) -> None:
    if options.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        return
    odd = sum(byte < 9 or 13 < byte < 32 for byte in beginning)
    if odd * 20 > len(beginning):
        raise FixSettings(
            f"{path}: expected a text file of {options.format_of(path)}, found binary data; name "
            'the right file, or its "format" or "encoding".'
        )


def _guarded(rows: Iterator[Row | Refused], path: Path) -> Iterator[Row | Refused]:
    """A gzip file that ends in the middle is said in one sentence."""
    try:
        yield from rows
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FixSettings(
            f"{path}: the gzip file is cut off or damaged; what came before is stored, import a "
            "whole file to add the rest."
        ) from error


def _csv(stream: TextIO, path: Path, options: FileOptions) -> Iterator[Row | Refused]:
    csv.field_size_limit(4_000_000)
    lines = Lines(stream)
    reader = csv.reader(lines, delimiter=options.delimiter, strict=True)
    header = _header(reader, path, options)
    width = len(header)
    while True:
        lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except LineTooLong as error:
            yield _too_long(error)
            lines.give_back_all_but_first() if lines.taken else None
            continue
        except csv.Error as error:
            yield _faulty(lines.taken[0], f"not valid CSV: {error}")
            lines.give_back_all_but_first()
            continue
        if not cells:
            continue
        number = lines.taken[0][0]
        if len(cells) != width:
            what = f"expected {width} columns as in the header, found {len(cells)}"
            yield _faulty((number, "".join(text for _, text in lines.taken)), what)
        elif any(not text.isascii() and _has_stray_bytes(text) for _, text in lines.taken):
            whole = "".join(text for _, text in lines.taken)
            yield _faulty((number, whole), f"not {options.encoding}: name the file's encoding")
        else:
            yield Row(line_number=number, values=dict(zip(header, cells, strict=True)))


def _header(reader: Iterator[list[str]], path: Path, options: FileOptions) -> list[str]:
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise FixSettings(f"{path}: is empty; name a file with a header and rows.") from None
    except (csv.Error, LineTooLong) as error:
        raise FixSettings(
            f"{path}: expected a header of column names in the first line, found {error}; name "
            "the right file."
        ) from error
    _require_columns(set(header), path, options)
    return header


def _require_columns(found: set[str], path: Path, options: FileOptions) -> None:
    for name, column in options.columns.items():
        if not any(part in found or part.partition(".")[0] in found for part in column.split("|")):
            there = ", ".join(sorted(found))[:300]
            raise FixSettings(
                f'{path}: columns.{name}: there is no column "{column}"; the file has: {there}.'
            )


def _jsonl(stream: TextIO, path: Path, options: FileOptions) -> Iterator[Row | Refused]:
    lines = Lines(stream)
    is_first = True
    while True:
        lines.begin_record()
        try:
            line = next(lines)
        except StopIteration:
            return
        except LineTooLong as error:
            yield _too_long(error)
            continue
        if not line.strip():
            continue
        numbered = lines.taken[0]
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep"
            yield _faulty(numbered, f"not valid JSON: {reason}")
            continue
        if not isinstance(values, dict):
            yield _faulty(numbered, f"expected an object, found {type(values).__name__}")
        elif not line.isascii() and _has_stray_bytes(line):
            yield _faulty(numbered, f"not {options.encoding}: name the file's encoding")
        else:
            if is_first:
                _require_body(values, path, options)
                is_first = False
            yield Row(line_number=numbered[0], values=values)


def _json(stream: TextIO, path: Path, options: FileOptions) -> Iterator[Row | Refused]:
    """A JSON document, or an object a line."""
    beginning = stream.read(_SNIFFED).lstrip().partition("\n")[0]
    stream.seek(0)
    if not is_document(beginning, options):
        yield from _jsonl(stream, path, options)
        return
    for number, values in enumerate(objects(stream, path, options), 1):
        if isinstance(values, dict):
            if number == 1:
                _require_body(values, path, options)
            yield Row(line_number=number, values=values)
        else:
            what = f"expected an object, found {type(values).__name__}"
            yield refused(json.dumps(values).encode(), what, line_number=number)


def _transcript(stream: TextIO, path: Path, options: FileOptions) -> Iterator[Row | Refused]:
    del options
    yield from transcript(stream, path)


def _require_body(values: Mapping[str, Any], path: Path, options: FileOptions) -> None:
    """Later objects may lack keys; if the first has none at all, the mapping is wrong."""
    if options.chat and options.chat.turns:
        return
    tops = {
        part.partition(".")[0] for column in options.columns.values() for part in column.split("|")
    }
    if not tops & values.keys():
        _require_columns(set(values), path, options)


def _parquet(
    raw: BinaryIO, path: Path, options: FileOptions
) -> tuple[Iterator[Row | Refused], Progress]:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(raw)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise FixSettings(f"{path}: is no readable Parquet file; name the right file.") from error
    names = set(table.schema_arrow.names)
    _require_columns(names, path, options)
    wanted = {column if column in names else column.partition(".")[0]
              for column in options.columns.values()}  # fmt: skip
    done = 0

    def rows() -> Iterator[Row | Refused]:
        nonlocal done
        try:
            for batch in table.iter_batches(batch_size=_PARQUET_ROWS, columns=sorted(wanted)):
                for values in batch.to_pylist():
                    done += 1
                    yield Row(line_number=done, values=values)
        except (pyarrow.ArrowInvalid, OSError) as error:
            raise FixSettings(f"{path}: the Parquet file is damaged; export it again.") from error

    return rows(), lambda: (done, table.metadata.num_rows)


_Reader = Callable[[TextIO, Path, FileOptions], Iterator[Row | Refused]]
_READERS: Mapping[Format, _Reader] = {
    "csv": _csv, "jsonl": _jsonl, "json": _json, "transcript": _transcript,
}  # fmt: skip


def _has_stray_bytes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _faulty(numbered: tuple[int, str], reason: str) -> Refused:
    number, text = numbered
    return refused(text.encode("utf-8", "surrogateescape"), reason, line_number=number)


def _too_long(error: LineTooLong) -> Refused:
    return refused(
        error.beginning.encode("utf-8", "surrogateescape"),
        str(error),
        line_number=error.line_number,
        key=error.key,
    )
