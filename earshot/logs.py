"""Structured logs: one line an event, with the ids of what it is about, and nothing else of it.

No line holds what customers wrote or a secret: known secrets are cut out of every message, the
details of database errors (which quote rows) too, and of an unexpected error only its class and
place are written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any

from earshot.errors import EarshotError

if TYPE_CHECKING:
    from earshot.settings import Settings

ROOMS = ("earshot", "scrapers", "nlp", "alerts", "sql", "dags")
SHORTEST_SECRET = 6
_NO_IDS: Mapping[str, str | int] = MappingProxyType({})
_ids: ContextVar[Mapping[str, str | int]] = ContextVar("earshot_ids", default=_NO_IDS)
_QUOTED_ROWS = re.compile(r"\s*(?:DETAIL|CONTEXT|HINT|QUERY):.*", re.S)


@contextmanager
def ids(**known: str | int | None) -> Iterator[None]:
    """Every line logged inside the block carries these, as `crawl=12, source="shop"`."""
    given = {name: value for name, value in known.items() if value is not None}
    token = _ids.set({**_ids.get(), **given})
    try:
        with _in_airflow(given):
            yield
    finally:
        _ids.reset(token)


@contextmanager
def _in_airflow(given: Mapping[str, str | int]) -> Iterator[None]:
    """Airflow writes the logs of its tasks by structlog; elsewhere it is not loaded."""
    if "airflow" not in sys.modules or "structlog" not in sys.modules:
        yield
        return
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(**given):
        yield


def configure(settings: Settings) -> None:
    """Send the logs of this process to standard error, as `[log]` of the settings says."""
    handler = _ToStandardError()
    handler.setFormatter(JsonLines() if settings.log.format == "json" else TextLines())
    handler.addFilter(_is_worth_a_line)
    handler.addFilter(Redaction(secrets_of(settings)))
    for earlier in [each for each in logging.root.handlers if isinstance(each, _ToStandardError)]:
        logging.root.removeHandler(earlier)
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.WARNING)
    for room in ROOMS:
        logging.getLogger(room).setLevel(settings.log.level)
    sys.excepthook = _tell_crash


def secrets_of(settings: Settings) -> list[str]:
    """Every secret that this installation knows: environment and `secrets.env`."""
    from earshot.local.secrets import recall

    given = [value for value in vars(settings.secrets).values() if value is not None]
    return [*(value.get_secret_value() for value in given), *recall(settings.home_folder).values()]


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Of others only warnings, whatever they set their loggers to: Scrapy logs every request."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in ROOMS


class _ToStandardError(logging.Handler):
    """Writes to whatever standard error is at the moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by logging."""
        try:
            print(self.format(record), file=sys.stderr, flush=True)
        except Exception:
            self.handleError(record)


class Redaction(logging.Filter):
    """Cuts secrets and quoted rows out of what is written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        known = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        self._secrets = sorted(known, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        """Called by logging; every record passes."""
        record.msg, record.args = redacted(record.getMessage(), self._secrets), ()
        return True


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets and without rows that a database error quotes."""
    text = _QUOTED_ROWS.sub("", text)
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return text


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, ids, and the error's class and place."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by logging."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_ids.get(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = bare(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """For people: time, level, ids, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by logging."""
        moment = datetime.fromtimestamp(record.created, UTC)
        about = "".join(f" {name}={value}" for name, value in _ids.get().items())
        line = f"{moment:%Y-%m-%d %H:%M:%S} {record.levelname:<7} {record.name}{about}: "
        line += record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            line += f" ({bare(record.exc_info[1])})"
        return line


def bare(error: BaseException) -> str:
    """Class and place of an error; the words only of our own, which quote nobody."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    words = f": {' '.join(str(error).split())}" if isinstance(error, EarshotError) else ""
    return f"{type(error).__name__}{words}{f' at {places}' if places else ''}"


def _tell_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An error that nobody caught: where it happened, and nothing that it quotes."""
    del kind, trace
    logging.getLogger("earshot").critical("The process ends: %s", bare(error))
