"""Run one crawl in a process of its own, so that Scrapy's reactor always starts fresh."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from earshot.errors import EarshotError, FixSettings, RetryLater, StopSource
from earshot.platforms.base import Span
from earshot.settings import Settings, Source
from scrapers.crawl_log import Purpose
from scrapers.credentials import adopt_connection
from scrapers.registry import HttpConnector, connector_of

_ERRORS: dict[str, type[EarshotError]] = {
    error.__name__: error for error in (FixSettings, StopSource, RetryLater)
}


@dataclass(frozen=True, kw_only=True)
class CrawlResult:
    """What a crawl did; errors are raised instead."""

    source: str
    crawl_id: int
    status: str
    seen: int
    added: int
    changed: int
    quarantined: int
    missed_share: float | None = None
    warnings: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """The counts alone."""
        names = ("seen", "added", "changed", "quarantined")
        return {name: getattr(self, name) for name in names}


def crawl(
    settings: Settings,
    source_name: str,
    purpose: Purpose = "live",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> CrawlResult:
    """Read what is new at a source and store it.

    Args:
        settings: the settings; go to the child process as they are, without secrets.
        source_name: name of a `[[source]]`.
        purpose: `live` goes on from the cursor; `backfill` reads a span and leaves the cursor.
        since: begin of a backfill.
        until: end of a backfill, excluded.

    Raises:
        RetryLater: the source or the database is slow or briefly broken.
        StopSource: the source no longer answers as agreed.
        FixSettings: settings or credentials must be changed.
    """
    source = settings.source_named(source_name)
    if source.kind == "file":
        return _imported(settings, source)
    if purpose == "backfill" and (since is None or until is None or since >= until):
        raise FixSettings("a backfill needs a beginning and, later, an end: --from T --to T.")
    if source.kind == "webhook":
        raise FixSettings(
            f'[[source]] "{source.name}": waits for deliveries; run `earshot listen`.'
        )
    if source.kind == "imap":
        from scrapers.mailbox.reading import crawl as read

        return read(settings, source, Span(since=since, until=until) if since and until else None)
    adopt_connection(source)
    return _result(source, _child(_order(settings, source, purpose, since, until)))


def probe(settings: Settings, source_name: str) -> str:
    """Fetch one record of a source, store nothing, and say what was found in one sentence.

    Raises:
        RetryLater, StopSource, FixSettings: as `crawl`.
    """
    source = settings.source_named(source_name)
    connector = connector_of(source)
    connector.check(source)
    if source.kind == "imap":
        from scrapers.mailbox.reading import probe as look

        return look(settings, source)
    if not isinstance(connector, HttpConnector):
        return "options understood"
    adopt_connection(source)
    line = _child(_order(settings, source, "check", None, None))
    said = _said(source, line)
    terms = connector.platform.terms
    notes = [terms.state if "documentation" in terms.state else "", terms.note]
    found = f"{said['records']} records on the first page" if said["records"] else "no record yet"
    return "; ".join((found, *filter(None, notes)))


def _order(
    settings: Settings,
    source: Source,
    purpose: str,
    since: datetime | None,
    until: datetime | None,
) -> dict[str, Any]:
    return {
        "settings": settings.model_dump(mode="json"),
        "folder": str(settings.folder.resolve()),
        "source": source.name,
        "purpose": purpose,
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
    }


def _child(order: dict[str, Any]) -> str:
    """The last line that the child writes, or nothing where it was killed."""
    command = [sys.executable, "-m", "scrapers.crawl_process"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            written, _ = child.communicate(json.dumps(order))
        except BaseException:
            child.terminate()
            raise
    lines = written.strip().splitlines()
    return lines[-1] if lines else ""


def _result(source: Source, line: str) -> CrawlResult:
    said = _said(source, line)
    return CrawlResult(**{**said, "warnings": tuple(said["warnings"])})


def _said(source: Source, line: str) -> dict[str, Any]:
    """What the child says; its error is raised here as the error that it was there."""
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        raise RetryLater(
            f'the crawl of "{source.name}" ended without a word, as a killed process does; run it '
            "again, nothing is lost."
        ) from None
    if not said.get("error"):
        return said
    error = _ERRORS.get(said["error"], StopSource)
    if error is RetryLater:
        raise RetryLater(said["message"], retry_after_seconds=said.get("retry_after_seconds"))
    raise error(said["message"])


def _imported(settings: Settings, source: Source) -> CrawlResult:
    from scrapers.files import import_file

    done = import_file(settings, source.name)
    return CrawlResult(
        source=source.name,
        crawl_id=done.crawl_id,
        status="ok",
        seen=done.seen,
        added=done.added,
        changed=done.changed,
        quarantined=done.quarantined,
    )
