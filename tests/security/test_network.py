"""A crawl reaches no private network, and no answer can exhaust it."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import defer

from earshot.errors import RetryLater, StopSource
from earshot.settings import Settings
from scrapers.addresses import AddressMiddleware, GuardedResolver, PrivateAddress, is_private
from scrapers.run import crawl

PRIVATE = (
    "127.0.0.1", "127.8.9.10", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "0.0.0.0", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
    "::", "::1", "fe80::1", "fc00::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:a00:1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::", "2001:db8::1",
)  # fmt: skip
PUBLIC = ("93.184.216.34", "1.1.1.1", "2606:2800:220:1::1", "64:ff9b::101:101", "2002:101:101::")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_in_a_link_is_refused(address: str) -> None:
    guard = AddressMiddleware(frozenset())
    host = f"[{address}]" if ":" in address else address
    request = _request(f"http://{host}/latest/meta-data")

    assert is_private(address)
    with pytest.raises(PrivateAddress):
        guard.process_request(request)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "x.localhost"])
def test_this_machine_by_name_is_refused(host: str) -> None:
    with pytest.raises(PrivateAddress):
        AddressMiddleware(frozenset()).process_request(_request(f"http://{host}/"))


def test_public_addresses_and_named_hosts_pass() -> None:
    guard = AddressMiddleware(frozenset({"10.1.2.3"}))

    assert not any(map(is_private, PUBLIC))
    guard.process_request(_request("http://10.1.2.3/"))
    guard.process_request(_request("https://shop.example/"))


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_inside_an_ipv6_one(address: Any) -> None:
    if is_private(str(address)):
        assert is_private(f"::ffff:{address}")
    assert is_private(f"64:ff9b::{address}") == is_private(str(address))


def _request(url: str) -> Any:
    from scrapy.http import Request

    return Request(url)


@pytest.mark.parametrize(
    ("name", "found"),
    [("rebound.example", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("127.1", "127.0.0.1"),
     ("0x7f000001", "127.0.0.1"), ("metadata.example", "169.254.169.254")],
)  # fmt: skip
def test_the_address_that_is_connected_to_is_the_one_that_was_judged(
    name: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that was public a moment ago (DNS rebinding) and odd spellings of an address."""
    resolver = _resolver(found, monkeypatch)

    answer = resolver.getHostByName(name)

    outcome: list[Any] = []
    answer.addBoth(outcome.append)
    assert outcome[0].check(PrivateAddress)
    assert name in GuardedResolver.refused


def test_a_public_name_resolves_to_what_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome: list[Any] = []

    _resolver("93.184.216.34", monkeypatch).getHostByName("shop.example").addBoth(outcome.append)

    assert outcome == ["93.184.216.34"]


def _resolver(found: str, monkeypatch: pytest.MonkeyPatch) -> GuardedResolver:
    from scrapy.resolver import CachingThreadedResolver

    monkeypatch.setattr(
        CachingThreadedResolver, "getHostByName", lambda *_, **__: defer.succeed(found)
    )
    reactor = SimpleNamespace(getThreadPool=lambda: None)
    return GuardedResolver(reactor, 0, 1.0, frozenset())


# Answers -------------------------------------------------------------------------------------

BOMB = b"<html>" + b"x" * 40_000_000
Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def shop(
    settings_with: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Settings]:
    monkeypatch.setenv("EARSHOT_AUTHOR_KEY", "a key for tests only, of enough characters")

    def make(url: str) -> Settings:
        source = {"name": "shop", "kind": "schemaorg", "brand": "northwind", "urls": [url]}
        limits = {"largest_answer_mb": 1, "timeout_seconds": 1}
        return settings_with(clock={"source": "system"}, source=[{**source, **limits}])

    return make


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_decompression_bomb_is_refused_at_the_limit(
    coding: str, shop: Callable[[str], Settings]
) -> None:
    packed = gzip.compress(BOMB) if coding == "gzip" else zlib.compress(BOMB)
    assert len(packed) < 200_000

    with (
        serving(lambda each: _send(each, packed, {"Content-Encoding": coding})) as url,
        pytest.raises(StopSource, match="larger"),
    ):
        crawl(shop(url), "shop")


def test_an_answer_that_never_ends_is_given_up(shop: Callable[[str], Settings]) -> None:
    began = time.monotonic()

    with serving(_trickle) as url, pytest.raises(RetryLater):
        crawl(shop(url), "shop")

    assert time.monotonic() - began < 60


def _send(handler: BaseHTTPRequestHandler, body: bytes, headers: dict[str, str]) -> None:
    if handler.path == "/robots.txt":
        body, headers = b"", {}
    handler.send_response(200)
    for name, value in {"Content-Type": "text/html", **headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _trickle(handler: BaseHTTPRequestHandler) -> None:
    if handler.path == "/robots.txt":
        _send(handler, b"", {})
        return
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"<p>")
        handler.wfile.flush()
        time.sleep(0.1)


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:
                return

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def status_of(port: int, headers: dict[str, str], body: bytes = b"") -> int:
    """What the server says to a request with exactly these headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.putrequest("POST", "/slack/events")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse().status
