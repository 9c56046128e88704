"""A plain driver of one crawl, as the crawler does it, for tests: one call after the other."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from earshot.errors import RetryLater
from earshot.platforms.base import Answer, Call, Headers, Options, Page, Platform, Span
from earshot.platforms.calls import signed
from earshot.platforms.session import Session
from earshot.record import Feedback

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TRIES = 3
TIMEOUT_SECONDS = 5.0


@dataclass
class Crawled:
    """What one crawl gave."""

    items: list[Feedback] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    cursor: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    retries: int = 0

    @property
    def ids(self) -> list[str]:
        return [item.external_id for item in self.items]


def crawl(
    platform: Platform[Any],
    options: Options,
    *,
    cursor: Mapping[str, Any] | None = None,
    credentials: Mapping[str, str] | None = None,
    span: Span | None = None,
    now: datetime = NOW,
) -> Crawled:
    """Everything that the platform gives, over all pages."""
    session = Session(platform, options, cursor=cursor, credentials=credentials, now=now, span=span)
    crawled, waiting = Crawled(), session.calls()
    while waiting:
        page = _received(session, waiting.pop(0), crawled)
        crawled.pages.append(page)
        crawled.items += page.items
        waiting += page.next_calls
    crawled.cursor, crawled.warnings = session.cursor, session.warnings
    crawled.unread = session.unread_fields
    return crawled


def _received(session: Session, call: Call, crawled: Crawled) -> Page:
    for attempt in range(TRIES):
        try:
            return session.receive(send(call, session.credentials), call)
        except RetryLater:
            crawled.retries += 1
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def send(call: Call, credentials: Mapping[str, str]) -> Answer:
    """One call over HTTP; redirects are not followed."""
    ready = signed(call, credentials)
    request = urllib.request.Request(
        ready.url, data=ready.body, method=ready.method, headers=dict(ready.headers)
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
            return _answer(response.status, response.headers, response.read(), call)
    except urllib.error.HTTPError as error:
        return _answer(error.code, error.headers, error.read(), call)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise RetryLater(f"expected an answer, found {type(error).__name__}") from error


def _answer(status: int, headers: Any, body: bytes, call: Call) -> Answer:
    return Answer(status=status, headers=Headers(list(headers.items())), body=body, url=call.url)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        del args


_OPENER = urllib.request.build_opener(_NoRedirect)
