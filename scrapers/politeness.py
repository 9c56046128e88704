"""Scrapy's settings for one source: named, throttled, bounded, and bound by robots.txt."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.utils.httpobj import urlparse_cached

from earshot.platforms.base import Options, Terms
from earshot.platforms.calls import is_loopback
from earshot.settings import Settings, Source
from scrapers.addresses import NAMED_HOSTS
from scrapers.registry import Politeness

DELAY_SECONDS = 0.5


def user_agent(settings: Settings) -> str:
    """Who we are and how to reach us, as RFC 9110 and robots.txt ask."""
    return f"earshot/{version('earshot')} (+{settings.contact})"


def scrapy_settings(
    settings: Settings, source: Source, options: Options, terms: Terms, polite: Politeness
) -> dict[str, Any]:
    """Scrapy's settings for one crawl."""
    urls = [url for url in (*getattr(options, "urls", ()), options.base_url) if url]
    is_local = bool(urls) and all(is_loopback(url) for url in urls)
    delay = polite.delay_seconds
    if delay is None:
        delay = 0.0 if is_local else DELAY_SECONDS
    named = {*polite.hosts, *(urlsplit(url).hostname or "" for url in urls)}
    largest = int(polite.largest_answer_mb * 2**20)
    return {
        "BOT_NAME": f"earshot {source.name}",
        "USER_AGENT": user_agent(settings),
        "ROBOTSTXT_OBEY": terms.is_page_crawl,
        "ROBOTSTXT_USER_AGENT": "earshot",
        "CONCURRENT_REQUESTS": polite.concurrent_requests,
        "CONCURRENT_REQUESTS_PER_DOMAIN": polite.concurrent_requests,
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_DELAY_JITTER": 0,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(polite.concurrent_requests),
        "DOWNLOAD_TIMEOUT": polite.timeout_seconds,
        "DOWNLOAD_MAXSIZE": largest,
        "DOWNLOAD_WARNSIZE": 0,
        "RETRY_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "COOKIES_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "TELNETCONSOLE_ENABLED": False,
        # Opens a port through which others on this machine could steer the crawl.
        "REMOTE_CONTROL_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "TWISTED_DNS_RESOLVER": "scrapers.addresses.GuardedResolver",
        "DOWNLOADER_MIDDLEWARES": {
            "scrapers.addresses.AddressMiddleware": 50,
            "scrapers.politeness.PauseMiddleware": 900,
        },
        "ITEM_PIPELINES": {"scrapers.pipeline.StorePipeline": 300},
        NAMED_HOSTS: sorted(named),
        "PAUSE_SCALE": 0.05 if is_local else 1.0,
        "LOG_LEVEL": "WARNING",
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOG_FORMATTER": "scrapers.pipeline.SilentFormatter",
        "STATS_DUMP": False,
    }


class PauseMiddleware:
    """Holds requests to a host that asked for a pause."""

    def __init__(self, pauses: dict[str, float]) -> None:
        self._pauses = pauses

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy."""
        crawler.pauses = {}
        return cls(crawler.pauses)

    async def process_request(self, request: Request) -> None:
        """Called by Scrapy before each request."""
        host = urlparse_cached(request).netloc
        clock = asyncio.get_running_loop().time
        while (wait := self._pauses.get(host, 0.0) - clock()) > 0:
            await asyncio.sleep(wait)
