"""One crawl of a mailbox: every folder from its cursor on, rows and cursor in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings, RetryLater, SkipRecord, StopSource
from earshot.platforms.base import Contract, Page, Span
from earshot.record import Feedback
from earshot.settings import Settings, Source
from scrapers.catalogue import sync_catalogue
from scrapers.crawl_log import Crawl, Purpose, finish, logged_crawl
from scrapers.credentials import adopt_connection, credentials
from scrapers.health import Verdict, record_failure, record_success
from scrapers.mailbox.messages import record_of
from scrapers.mailbox.options import ImapOptions, options_of
from scrapers.mailbox.server import BATCH_MAILS, Mail, Mailbox, mailbox
from scrapers.pipeline import Tally
from scrapers.rows import Refused, refused, valid
from scrapers.run import CrawlResult
from scrapers.store import Beside, Counts, Store
from sql.connect import connect

_A_DAY = timedelta(days=1)
_REQUIRED = ("published_at", "author_id")


def probe(settings: Settings, source: Source) -> str:
    """Log in and look into the folders; nothing is read."""
    options = options_of(source)
    adopt_connection(source)
    with mailbox(options, _known(settings, source, options)) as box:
        counts = []
        for folder in options.folders:
            box.open(folder)
            counts.append(f"{len(box.uids()):,} mails in {folder}")
    return ", ".join(counts)


def crawl(settings: Settings, source: Source, span: Span | None) -> CrawlResult:
    """Read what is new in a mailbox, or what was received in a span.

    Raises:
        RetryLater, StopSource, FixSettings: as `scrapers.run.crawl`.
    """
    adopt_connection(source)
    purpose: Purpose = "backfill" if span else "live"
    with connect(settings, application=f"earshot crawl {source.name}") as conn:
        sync_catalogue(conn, settings)
        try:
            with logged_crawl(conn, settings, source, purpose) as log:
                return _crawled(conn, settings, source, log, span)
        except (StopSource, FixSettings, RetryLater) as error:
            if span is None and not conn.closed:
                record_failure(conn, settings, source, error)
            raise


def _crawled(
    conn: Connection, settings: Settings, source: Source, log: Crawl, span: Span | None
) -> CrawlResult:
    options = options_of(source)
    store = Store(conn, settings, source, crawl=log, platform=source.name)
    tally, counts = Tally(), Counts()
    cursor: dict[str, Any] = dict(log.cursor)
    common = {
        "source": source.name,
        "platform": source.name,
        "brand": (source.brand,),
        "language_hint": source.language,
    }
    with mailbox(options, _known(settings, source, options)) as box:
        for folder, state, mails in _batches(box, options, cursor, span):
            records, bad = _read(mails, folder, options, common, span)
            tally.count(Page(items=records), _REQUIRED)
            tally.rejected += len(bad)
            cursor = {**cursor, folder: state}
            beside = Beside(cursor=None if span else cursor)
            counts += store.put(records, refused=bad, beside=beside)
    verdict = Verdict()
    if span is None:
        verdict = record_success(conn, settings, source, log, _contract(options), tally)
    found = "; ".join(verdict.breaches) or None
    finish(conn, settings, log, status="broken" if found else "ok", error=found)
    return CrawlResult(
        source=source.name,
        crawl_id=log.id,
        status="broken" if found else "ok",
        warnings=verdict.breaches,
        **vars(counts),
    )


def _contract(options: ImapOptions) -> Contract:
    """Uids ascend, so nothing is read again to find late mails."""
    days = options.newest_within_days
    age = None if days is None else timedelta(days=days)
    return Contract(required=_REQUIRED, newest_at_most=age, overlap=timedelta(0))


def _known(settings: Settings, source: Source, options: ImapOptions) -> dict[str, str]:
    return credentials(settings, source, (options.user, options.password))


def _batches(
    box: Mailbox, options: ImapOptions, cursor: dict[str, Any], span: Span | None
) -> Iterator[tuple[str, dict[str, int], list[Mail]]]:
    """Mails of every folder in batches, with where the folder's cursor stands after each."""
    for folder in options.folders:
        validity = box.open(folder)
        known = cursor.get(folder) or {}
        above = known.get("uid", 0) if known.get("validity") == validity and not span else 0
        since = span.since - _A_DAY if span else options.start
        before = span.until + 2 * _A_DAY if span else None
        uids = box.uids(above=above, since=since, before=before)
        for first in range(0, len(uids), BATCH_MAILS):
            batch = uids[first : first + BATCH_MAILS]
            yield folder, {"validity": validity, "uid": batch[-1]}, box.fetch(batch)


def _read(
    mails: list[Mail],
    folder: str,
    options: ImapOptions,
    common: dict[str, Any],
    span: Span | None,
) -> tuple[list[Feedback], list[Refused]]:
    records: list[Feedback] = []
    bad: list[Refused] = []
    for mail in mails:
        try:
            record = valid(record_of(mail.raw, mail.received_at, folder, options, common))
        except (SkipRecord, ValueError, LookupError, TypeError, AttributeError) as error:
            reason = str(error) if isinstance(error, SkipRecord) else type(error).__name__
            bad.append(refused(mail.raw, f"a mail that cannot be read: {reason}"))
            continue
        if span is None or span.holds(record.published_at):
            records.append(record)
    return records, bad
