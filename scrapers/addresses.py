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
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""


class PrivateAddress(Exception):
    """A link leads to an address that is not on the public internet."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f'expected a public address, found that "{host}" is a private one: name it in hosts if '
            "it is meant"
        )


def is_private(address: str) -> bool:
    """Whether an IP address is loopback, link-local, private or otherwise not public.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, NAT64, Teredo) is as public as that.
    """
    try:
        given = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    return any(not each.is_global or each.is_multicast for each in (given, *_inside(given)))


def _inside(given: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    if isinstance(given, ipaddress.IPv4Address):
        return []
    nat64 = ipaddress.IPv4Address(int(given) & 0xFFFFFFFF) if given in NAT64 else None
    found = (given.ipv4_mapped, given.sixtofour, *(given.teredo or ()), nat64)
    return [each for each in found if each is not None]


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
        is_local = host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")
        if host not in self._named and (is_private(host) or is_local):
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
