"""The one spider: drives a platform's requests and answers through Scrapy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import scrapy
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    CloseSpider,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet import error as network
from twisted.python.failure import Failure

from earshot.errors import EarshotError, RetryLater, StopSource
from earshot.platforms.base import Answer, Call, Headers, Page
from earshot.platforms.calls import signed
from earshot.platforms.session import Session
from scrapers.addresses import GuardedResolver, PrivateAddress
from scrapers.validators import Validators

MOST_TRIES = 4
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
"""A longer wait is left to the next run of the crawl."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What one answer brought, for the item pipeline."""

    page: Page = field(repr=False)


@dataclass
class Outcome:
    """How a crawl ended; filled by the spider, read by the process that runs it."""

    error: EarshotError | None = None
    fault: str | None = None
    """Class of an error that is a fault of ours."""
    sample: bytes = field(default=b"", repr=False)
    """The answer that ended the crawl, where it was another one than agreed."""
    unchanged_pages: int = 0
    retries: int = 0


class PlatformSpider(scrapy.Spider):  # type: ignore[misc]
    """Sends the calls of a session and hands every page on to be stored.

    A call that fails for a passing reason is sent again at most three times, with the pauses that
    the platform asks for; any other failure ends the crawl, and what was stored stays. A probe
    follows a single way, and only to the first record.
    """

    name = "platform"

    def __init__(
        self,
        session: Session,
        outcome: Outcome,
        validators: Validators,
        *,
        is_probe: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._widest = 1 if is_probe else None
        self.session = session
        self.outcome = outcome
        self.validators = validators

    async def start(self) -> AsyncIterator[Request]:
        """The first calls."""
        try:
            requests = [self._request(call) for call in self.session.calls()[: self._widest]]
        except EarshotError as error:
            self.outcome.error = error
            return
        for request in requests:
            yield request

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Any]:
        """One answer: its page to the pipeline, its next calls to the scheduler."""
        call: Call = response.meta["call"]
        answer = _answer(response, call)
        self._heed_limits(answer, response.request)
        try:
            page = self.session.receive(answer, call)
            next_requests = [self._request(next_) for next_ in page.next_calls]
        except RetryLater as error:
            async for request in self._again(response.request, error):
                yield request
            return
        except EarshotError as error:
            if isinstance(error, StopSource):
                self.outcome.sample = self.outcome.sample or answer.body
            self._stop(error)
        if response.status == 304:
            self.outcome.unchanged_pages += 1
        elif call.wants_validators:
            self.validators.remember(call.url, answer.headers)
        yield Fetched(page=page)
        if self._widest is not None and page.items:
            return
        for request in next_requests[: self._widest]:
            yield request

    async def failed(self, failure: Failure) -> AsyncIterator[Request]:
        """No answer came: retry what may pass, stop at what will not."""
        request: Request = failure.request
        place = request.meta["call"].url.split("?", 1)[0]
        if failure.check(PrivateAddress):
            self._stop(StopSource(str(failure.value)))
        if (host := urlparse_cached(request).hostname) in GuardedResolver.refused:
            self._stop(StopSource(str(PrivateAddress(str(host)))))
        # Scrapy ignores an answer that grows too large when it is unpacked.
        is_unpacked = failure.check(IgnoreRequest) and "robots.txt" not in str(failure.value)
        if failure.check(DownloadCancelledError) or is_unpacked:
            self._stop(
                StopSource(
                    f"expected an answer of at most {self.settings['DOWNLOAD_MAXSIZE']:,} bytes, "
                    f"found a larger one at {place}: raise largest_answer_mb if it is meant"
                )
            )
        if failure.check(IgnoreRequest):
            self._forbidden(request, place)
            return
        if not failure.check(*_PASSING):
            self.outcome.fault = failure.type.__name__
            self._stop(
                StopSource(
                    f"expected an answer, found {failure.type.__name__} at {place}: report it"
                )
            )
        what = type(failure.value).__name__
        error = RetryLater(f"expected an answer, found {what} at {place}: the host is slow or down")
        async for each in self._again(request, error):
            yield each

    def _forbidden(self, request: Request, place: str) -> None:
        """robots.txt forbids a page: a start page ends the crawl, others are left out."""
        call: Call = request.meta["call"]
        if call.note.get("role", "start") == "start":
            self._stop(
                StopSource(
                    f"expected leave to read {place}, found that robots.txt forbids it: ask the "
                    "site, or use its API"
                )
            )
        self.session.warnings.append(f"robots.txt forbids {place}")

    async def _again(self, request: Request | None, error: RetryLater) -> AsyncIterator[Request]:
        """The request once more after a pause, or the end of the crawl."""
        assert request is not None
        tries = int(request.meta.get("tries", 1))
        pause = error.retry_after_seconds
        if pause is None:
            pause = FIRST_PAUSE_SECONDS * 4 ** (tries - 1) * self.settings.getfloat("PAUSE_SCALE")
        if tries >= MOST_TRIES or pause > LONGEST_PAUSE_SECONDS:
            self._stop(error)
        self.outcome.retries += 1
        self._pause_host(request, pause)
        await asyncio.sleep(pause)
        yield self._request(request.meta["call"], tries=tries + 1)

    def _request(self, call: Call, *, tries: int = 1) -> Request:
        ready = signed(call, self.session.credentials)
        headers = dict(ready.headers)
        if call.wants_validators and tries == 1:
            headers.update(self.validators.headers(call.url))
        return Request(
            ready.url,
            method=ready.method,
            headers=headers,
            body=ready.body or b"",
            callback=self.parse,
            errback=self.failed,
            dont_filter=True,
            meta={"call": call, "tries": tries},
        )

    def _heed_limits(self, answer: Answer, request: Request | None) -> None:
        limits = self.session.platform.limits(answer, self.session.now)
        if limits.pause_seconds and request is not None and answer.status < 400:
            self._pause_host(request, min(limits.pause_seconds, LONGEST_PAUSE_SECONDS))

    def _pause_host(self, request: Request, seconds: float) -> None:
        host = urlparse_cached(request).netloc
        until = asyncio.get_running_loop().time() + seconds
        self.crawler.pauses[host] = max(until, self.crawler.pauses.get(host, 0.0))

    def _stop(self, error: EarshotError) -> None:
        """End the crawl with the first error; the later ones only follow from it."""
        if self.outcome.error is None:
            self.outcome.error = error
        raise CloseSpider(type(error).__name__)


_PASSING = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    TunnelError,
    network.ConnectError,
    network.ConnectionDone,
    network.ConnectionLost,
    OSError,
)


def _answer(response: Response, call: Call) -> Answer:
    """The answer under the call's own address: the one sent may hold secrets."""
    headers = {
        name.decode("latin-1"): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return Answer(
        status=response.status, headers=Headers(headers), body=response.body, url=call.url
    )
