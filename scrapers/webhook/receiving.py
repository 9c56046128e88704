"""A delivery into the tables: once, by the same way as every other source."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from earshot.errors import FixSettings, RetryLater, SkipRecord
from earshot.settings import Settings, Source
from scrapers.catalogue import sync_catalogue
from scrapers.crawl_log import Crawl
from scrapers.credentials import credentials
from scrapers.files.documents import inside
from scrapers.files.mapping import Mapper
from scrapers.rows import Batch, Refused, prepared, refused
from scrapers.store import Counts, Store
from scrapers.webhook.options import WebhookOptions, options_of
from scrapers.webhook.signing import BadSignature, delivery_id
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

KIND = "webhook"
LEAST_SECRET = 16
MOST_RECORDS = 10_000
REMEMBERED = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the sender is told."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, message: str, **headers: str) -> Reply:
    """A reply that says what was wrong; headers by name, `_` for `-`."""
    return Reply(
        status=status,
        body={"error": message},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


@dataclass(frozen=True, kw_only=True)
class _Hook:
    source: Source
    options: WebhookOptions
    platform: str
    secret: str = field(repr=False)


class Receiver:
    """Every webhook of the settings; safe for threads, each delivery has its own connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        found = (_hook(settings, each) for each in webhooks(settings))
        self._hooks = {hook.source.name: hook for hook in found}

    def prepare(self) -> None:
        """Write the sources into the catalogue, so that deliveries find them."""
        with connect(self._settings, application="earshot listen") as conn:
            sync_catalogue(conn, self._settings)

    def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Check and store one delivery.

        Args:
            name: of the source.
            headers: names in lower case.
            body: as it came.
        """
        hook = self._hooks.get(name)
        if hook is None:
            return refusal(404, "there is no webhook of this name")
        try:
            number = delivery_id(headers, body, hook.secret, now=time.time())
        except BadSignature as error:
            return refusal(401, str(error))
        try:
            records = _records(body, hook.options)
        except FixSettings as error:
            return refusal(400, str(error))
        try:
            return self._stored(hook, number, records)
        except RetryLater:
            return refusal(503, "the database does not answer; send again", Retry_After="60")

    def _stored(self, hook: _Hook, number: str, records: list[Any]) -> Reply:
        with connect(self._settings, application="earshot listen") as conn:
            store = Store(
                conn,
                self._settings,
                hook.source,
                crawl=_crawl_of_hour(conn, self._settings, hook.source),
                platform=hook.platform,
            )
            batch = _batch(records, hook, store)
            if not batch.lines:
                counts = store.write(batch)
                what = f"none of {counts.seen} records could be read; see earshot.quarantine"
                return refusal(422, what)
            now = clock_now(conn, self._settings)
            queries.webhook_forget(conn, before=now - REMEMBERED)
            # It commits with the rows: a copy of the delivery waits here, and then does nothing.
            given = {"source_id": store.source_id, "delivery_id": number, "now": now}
            if queries.webhook_claim(conn, **given) is None:
                conn.rollback()
                return Reply(status=200, body={"repeated": True, **vars(Counts())})
            counts = store.write(batch)
        return Reply(status=200, body={"repeated": False, **vars(counts)})


def webhooks(settings: Settings) -> list[Source]:
    """The sources that wait for deliveries."""
    return [source for source in settings.source if source.kind == KIND and source.enabled]


def _hook(settings: Settings, source: Source) -> _Hook:
    options = options_of(source)
    secret = credentials(settings, source, (options.secret,)).get(options.secret, "")
    if any(len(each) < LEAST_SECRET for each in secret.split() or [""]):
        raise FixSettings(
            f'[[source]] "{source.name}": expected a secret of {LEAST_SECRET} characters or more '
            f"in {options.secret}, found none; set it in the environment, and at the sender."
        )
    platform = options.platform or source.name
    return _Hook(source=source, options=options, platform=platform, secret=secret)


def _records(body: bytes, options: WebhookOptions) -> list[Any]:
    """The records of a delivery.

    Raises:
        FixSettings: it holds none where `items` says, or too many.
    """
    try:
        whole = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise FixSettings("expected JSON in UTF-8, found something else") from None
    found = inside(whole, options.items, "the delivery")
    if len(found) > MOST_RECORDS:
        raise FixSettings(f"expected at most {MOST_RECORDS} records, found {len(found)}")
    return found


def _batch(records: list[Any], hook: _Hook, store: Store) -> Batch:
    mapper = Mapper(hook.source, hook.options, hook.platform)
    good: list[dict[str, Any]] = []
    bad: list[Refused] = []
    for number, record in enumerate(records, 1):
        try:
            if not isinstance(record, dict):
                raise SkipRecord(f"expected an object, found {type(record).__name__}")
            good.append({**mapper.record(record), "line_number": number})
        except SkipRecord as error:
            raw = json.dumps(record, default=str).encode()
            bad.append(refused(raw, str(error), field=error.field, line_number=number))
    return prepared(good, store.preparation, refused=bad)


def _crawl_of_hour(conn: Connection, settings: Settings, source: Source) -> Crawl:
    """Deliveries are logged by the hour, as crawls are: their counts say what is usual when."""
    with conn:
        source_id = queries.source_row(conn, name=source.name)["id"]
        moment = clock_now(conn, settings)
        queries.webhook_lock(conn, source_id=source_id)
        crawl_id = queries.webhook_crawl(conn, source_id=source_id, now=moment)
    return Crawl(id=crawl_id, source_id=source_id, purpose="live", cursor={})
