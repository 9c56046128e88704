"""The item pipeline: pages of feedback into the store, in batches, with what commits beside."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.logformatter import LogFormatter

from earshot.platforms.base import Page, TicketMetric
from earshot.platforms.session import Session
from earshot.record import Feedback
from scrapers.credentials import secrets_among, without
from scrapers.rows import Refused, refused
from scrapers.store import Beside, Counts, Store
from scrapers.validators import CURSOR_KEY, Validators

BATCH_RECORDS = 200


@dataclass
class Tally:
    """What a crawl met, for its contract."""

    pages: int = 0
    records: int = 0
    rejected: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    """By field, in how many records it is filled."""

    def count(self, page: Page, fields: tuple[str, ...]) -> None:
        """Take one page in."""
        self.pages += 1
        self.records += len(page.items)
        self.rejected += len(page.rejected)
        for name in fields:
            self.filled[name] += sum(getattr(item, name) not in (None, "") for item in page.items)


class Collector:
    """Gathers pages into batches; `store` is called with the cursor where one may be kept."""

    def __init__(self, store: Store, session: Session, validators: Validators) -> None:
        self._store = store
        self._session = session
        self._validators = validators
        self._records: list[Feedback] = []
        self._refused: list[Refused] = []
        self._deleted: list[str] = []
        self._metrics: list[TicketMetric] = []
        self.counts = Counts()
        self.tally = Tally()

    def add(self, page: Page) -> None:
        """Take a page; batches are written once they are large enough, checkpoints at once."""
        self.tally.count(page, self._session.platform.contract.required)
        self._records += page.items
        self._refused += [
            self.refused(piece.raw, piece.reason, field=piece.field) for piece in page.rejected
        ]
        self._deleted += page.deleted
        self._metrics += page.ticket_metrics
        is_full = len(self._records) + len(self._refused) >= BATCH_RECORDS
        if is_full or (page.is_checkpoint and self._records):
            self.flush(with_cursor=page.is_checkpoint)

    def refused(
        self, raw: bytes, reason: str, *, field: str | None = None, key: str | None = None
    ) -> Refused:
        """A piece of an answer for quarantine, without the secrets that it may quote."""
        secrets = secrets_among(self._session.credentials, self._session.platform.needs)
        for secret in secrets:
            raw = raw.replace(secret.encode(), b"[secret]")
        return refused(raw, without(reason, secrets), field=field, key=key)

    def keep_sample(self, body: bytes, reason: str) -> None:
        """What a source answered instead of records: one sample a reason, until it expires."""
        key = f"page:{hashlib.sha256(reason.encode()).hexdigest()[:27]}"
        self._refused.append(self.refused(body, reason, key=key))

    def flush(self, *, with_cursor: bool) -> None:
        """Write what has gathered, and the cursor with it where everything before is in."""
        cursor = self._session.cursor if with_cursor and self._session.span is None else None
        beside = Beside(
            cursor=cursor, deleted=tuple(self._deleted), ticket_metrics=tuple(self._metrics)
        )
        self.counts += self._store.put(self._records, refused=self._refused, beside=beside)
        self._records, self._refused, self._deleted, self._metrics = [], [], [], []

    def finish(self) -> None:
        """Write the rest; the crawl read everything that it meant to."""
        kept = self._validators.kept()
        if kept:
            self._session.cursor[CURSOR_KEY] = kept
        self.flush(with_cursor=True)


class StorePipeline:
    """Scrapy's way to the collector."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy; the collector comes with the crawler."""
        return cls(crawler.collector)

    def process_item(self, item: Any) -> Any:
        """Called by Scrapy with each page."""
        self._collector.add(item.page)
        return item


class SilentFormatter(LogFormatter):  # type: ignore[misc]
    """Logs never hold what customers wrote, so no item is ever written out."""

    def scraped(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing of an item that was stored."""

    def item_error(self, item: Any, exception: BaseException, *args: Any) -> Any:
        """Name the error alone."""
        return {
            "level": 40,
            "msg": "storing a page failed: %(error)s",
            "args": {"error": type(exception).__name__},
        }
