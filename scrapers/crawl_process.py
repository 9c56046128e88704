"""The child process of one crawl: an order on standard input, one line of JSON on standard output.

Not to be imported by others: it installs Twisted's reactor.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from psycopg2.extensions import connection as Connection

from earshot.errors import EarshotError, FixSettings, RetryLater, StopSource
from earshot.logs import configure
from earshot.platforms.base import Page, Span
from earshot.platforms.session import Session
from earshot.settings import Settings, Source
from earshot.text.brands import assigner
from scrapers.catalogue import sync_catalogue
from scrapers.crawl_log import Crawl, Purpose, finish, logged_crawl
from scrapers.credentials import credentials, secrets_among, without
from scrapers.health import Verdict, record_failure, record_success
from scrapers.logs import redact_logs
from scrapers.pipeline import Collector
from scrapers.registry import HttpConnector, connector_of, politeness
from scrapers.store import Store
from scrapers.validators import CURSOR_KEY, Validators
from sql.clock import now
from sql.connect import connect

_DIE_WITH_PARENT = 1


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to crawl."""

    settings: Settings
    source: Source
    purpose: Purpose | Literal["check"]
    span: Span | None


def main() -> int:
    """Crawl as ordered; the exit status is 0 also where the crawl failed in an expected way."""
    _die_with_parent()
    # A host that does not answer is told once, as the crawl's error, and not as a stack trace.
    logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
    order = _order(json.load(sys.stdin))
    configure(order.settings)
    try:
        said = probe(order) if order.purpose == "check" else crawl(order)
    except EarshotError as error:
        said = {
            "error": _kind(error),
            "message": str(error),
            "retry_after_seconds": getattr(error, "retry_after_seconds", None),
        }
    print(json.dumps(said), flush=True)
    return 0


def crawl(order: Order) -> dict[str, Any]:
    """One crawl from lock to verdict."""
    settings, source = order.settings, order.source
    connector = _http_connector(source)
    with connect(settings, application=f"earshot crawl {source.name}") as conn:
        sync_catalogue(conn, settings)
        try:
            return _logged(conn, order, connector)
        except (StopSource, FixSettings, RetryLater) as error:
            if order.purpose == "live" and not conn.closed:
                record_failure(conn, settings, source, error)
            raise


def _logged(conn: Connection, order: Order, connector: HttpConnector) -> dict[str, Any]:
    settings, source = order.settings, order.source
    purpose: Purpose = "backfill" if order.span else "live"
    with logged_crawl(conn, settings, source, purpose) as log:
        collector, outcome, session = _fetched(conn, order, connector, log)
        if outcome.error is not None:
            if outcome.sample:
                collector.keep_sample(outcome.sample, str(outcome.error))
            collector.flush(with_cursor=False)
            raise _told(outcome.error, session)
        collector.finish()
        verdict = Verdict()
        if order.purpose == "live":
            verdict = record_success(
                conn, settings, source, log, session.contract, collector.tally,
                unchanged_pages=outcome.unchanged_pages,
            )  # fmt: skip
        finish(
            conn,
            settings,
            log,
            status="broken" if verdict.breaches else "ok",
            error="; ".join(verdict.breaches) or None,
            overlap_seen=verdict.overlap_seen,
            missed_share=verdict.missed_share,
        )
    return {
        "source": source.name,
        "crawl_id": log.id,
        "status": "broken" if verdict.breaches else "ok",
        **vars(collector.counts),
        "missed_share": verdict.missed_share,
        "warnings": [*session.warnings[:20], *verdict.breaches],
    }


def _told(error: EarshotError, session: Session) -> EarshotError:
    """The same error without secrets, which an answer may have quoted."""
    secrets = secrets_among(session.credentials, session.platform.needs)
    error.args = (without(str(error), secrets), *error.args[1:])
    return error


def _fetched(
    conn: Connection, order: Order, connector: HttpConnector, log: Crawl
) -> tuple[Collector, Any, Session]:
    """Run the spider to its end; what it stored stays whatever happens."""
    source, platform = order.source, connector.platform
    with conn:
        moment = now(conn, order.settings)
    cursor = {k: v for k, v in log.cursor.items() if k != CURSOR_KEY}
    options = connector.options(source)
    session = Session(
        platform,
        options,
        cursor=cursor,
        credentials=credentials(order.settings, source, platform.needs),
        now=moment,
        span=order.span,
        assign=assigner(order.settings.brand, only_named=options.only_named),
    )
    validators = Validators(log.cursor.get(CURSOR_KEY) if order.span is None else None)
    store = Store(conn, order.settings, source, crawl=log, platform=platform.name)
    collector = Collector(store, session, validators)
    outcome = _run_spider(order, connector, session, validators, collector)
    return collector, outcome, session


def _run_spider(
    order: Order,
    connector: HttpConnector,
    session: Session,
    validators: Validators,
    collector: Any,
) -> Any:
    """The reactor starts and stops here: once in the life of a process."""
    from scrapy.crawler import AsyncCrawlerProcess, Crawler

    from scrapers.politeness import scrapy_settings
    from scrapers.spider import Outcome, PlatformSpider

    source, terms = order.source, connector.platform.terms
    outcome = Outcome()
    made = scrapy_settings(order.settings, source, session.options, terms, politeness(source))
    process = AsyncCrawlerProcess(made)
    redact_logs(secrets_among(session.credentials, connector.platform.needs))
    crawler = Crawler(PlatformSpider, process.settings)
    crawler.collector = collector
    process.crawl(
        crawler,
        session=session,
        outcome=outcome,
        validators=validators,
        is_probe=order.purpose == "check",
    )
    process.start(stop_after_crawl=True, install_signal_handlers=True)
    _judge_end(crawler, outcome, source)
    return outcome


class _FirstRecord:
    """A collector that keeps nothing."""

    def __init__(self) -> None:
        self.records = 0
        self.rejected = 0

    def add(self, page: Page) -> None:
        """Count what a page holds."""
        self.records += len(page.items)
        self.rejected += len(page.rejected)


def probe(order: Order) -> dict[str, Any]:
    """Fetch one record; nothing is stored, so no database is needed."""
    connector = _http_connector(order.source)
    session = Session(
        connector.platform,
        connector.options(order.source),
        credentials=credentials(order.settings, order.source, connector.platform.needs),
        now=datetime.now(UTC),
    )
    first = _FirstRecord()
    outcome = _run_spider(order, connector, session, Validators(), first)
    if outcome.error is not None:
        raise _told(outcome.error, session)
    return {"records": first.records, "rejected": first.rejected}


def _judge_end(crawler: Any, outcome: Any, source: Source) -> None:
    """An error inside our own code must not look like the end of the pages."""
    if outcome.error is not None:
        return
    stats = crawler.stats.get_stats()
    reason = stats.get("finish_reason")
    if stats.get("spider_exceptions/count") or stats.get("log_count/ERROR"):
        outcome.error = StopSource(
            f'the crawl of "{source.name}" met an error of ours; see the log above and report it.'
        )
    elif reason != "finished":
        outcome.error = RetryLater(
            f'the crawl of "{source.name}" was ended ({reason}); run it again, nothing is lost.'
        )


def _http_connector(source: Source) -> HttpConnector:
    """The connector of a source that may be read over HTTP."""
    connector = connector_of(source)
    if not isinstance(connector, HttpConnector):
        raise FixSettings(f'[[source]] "{source.name}": kind "{source.kind}" cannot be crawled.')
    terms = connector.platform.terms
    if not terms.is_on_by_default and not source.options.get("accept_terms"):
        raise FixSettings(
            f'[[source]] "{source.name}": {terms.note} To read it all the same, write '
            "accept_terms = true."
        )
    return connector


def _order(said: dict[str, Any]) -> Order:
    settings = Settings.model_validate({**said["settings"], "folder": Path(said["folder"])})
    span = None
    if said["purpose"] == "backfill":
        span = Span(
            since=datetime.fromisoformat(said["since"]), until=datetime.fromisoformat(said["until"])
        )
    return Order(
        settings=settings,
        source=settings.source_named(said["source"]),
        purpose=said["purpose"],
        span=span,
    )


def _kind(error: EarshotError) -> str:
    known = (FixSettings, StopSource, RetryLater)
    return next((kind.__name__ for kind in known if isinstance(error, kind)), "StopSource")


def _die_with_parent() -> None:
    """On Linux the child ends with the process that waits for it; elsewhere it ends by itself."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
