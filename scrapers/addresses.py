"""Crawled links may not lead into private networks, except to hosts that the settings name."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar, Self

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

NAMED_HOSTS = "NAMED_HOSTS"


class PrivateAddress(Exception):
    """A link leads to an address that is not on the public internet."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f'expected a public address, found that "{host}" is a private one: name it in hosts if '
            "it is meant"
        )


def is_private(address: str) -> bool:
    """Whether an IP address is loopback, link-local, private or otherwise not public."""
    try:
        return not ipaddress.ip_address(address.strip("[]")).is_global
    except ValueError:
        return False


class AddressMiddleware:
    """Refuses private addresses that stand in the link itself."""

    def __init__(self, named: frozenset[str]) -> None:
        self._named = named

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Called by Scrapy."""
        return cls(frozenset(crawler.settings.getlist(NAMED_HOSTS)))

    def process_request(self, request: Request) -> None:
        """Called by Scrapy before each request, redirects and robots.txt included."""
        host = urlparse_cached(request).hostname or ""
        if host not in self._named and (is_private(host) or host == "localhost"):
            raise PrivateAddress(host)


class GuardedResolver(CachingThreadedResolver):  # type: ignore[misc]
    """Refuses names that resolve to private addresses, at the moment of connecting."""

    refused: ClassVar[set[str]] = set()
    """Names refused in this process: Twisted reports them as unknown hosts only."""

    def __init__(
        self, reactor: Any, cache_size: int, timeout: float, named: frozenset[str]
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._named = named

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Called by Scrapy."""
        settings = crawler.settings
        return cls(
            reactor,
            10_000 if settings.getbool("DNSCACHE_ENABLED") else 0,
            settings.getfloat("DNS_TIMEOUT"),
            frozenset(settings.getlist(NAMED_HOSTS)),
        )

    def getHostByName(  # noqa: N802 - Twisted's name
        self, name: str, timeout: tuple[int, ...] = ()
    ) -> Deferred[str]:
        """The address of a name."""
        found: Deferred[str] = super().getHostByName(name, timeout)

        def guard(address: str) -> str:
            if name not in self._named and is_private(address):
                self.refused.add(name)
                raise PrivateAddress(name)
            return address

        return found.addCallback(guard)
