"""The shop's web server on loopback: it shows what was published up to its own clock."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from earshot.shop import pages
from earshot.shop.generator import Review, generate
from earshot.shop.products import PRODUCTS, Product


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A running shop."""

    url: str
    """Address of its front page, without a slash at the end."""


@contextmanager
def serve(
    clock: Callable[[], datetime], port: int = 0, *, reviews: list[Review] | None = None
) -> Iterator[Shop]:
    """Run the shop on 127.0.0.1 for the length of a `with` block.

    Args:
        clock: tells the shop's time; asked at each request.
        port: TCP port; 0 takes a free one.
        reviews: what customers write, oldest first; by default the story of the demo.

    Raises:
        OSError: the port is in use.
    """
    handler = _handler_of(clock, _by_product(generate() if reviews is None else reviews))
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Shop(url=f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _by_product(reviews: list[Review]) -> dict[str, list[Review]]:
    return {
        product.sku: [review for review in reviews if review.sku == product.sku]
        for product in PRODUCTS
    }


def _page_of(
    path: str, now: datetime, products: dict[str, Product], reviews: dict[str, list[Review]]
) -> tuple[str, str] | None:
    """Body and content type at a path, or nothing."""
    address = urlsplit(path)
    if address.path == "/robots.txt":
        return pages.ROBOTS, "text/plain"
    if address.path == "/":
        return pages.catalogue(), "text/html"
    product = products.get(address.path.removeprefix("/products/"))
    number = parse_qs(address.query).get("page", ["1"])[0]
    if product is None or not number.isdecimal() or int(number) < 1:
        return None
    visible = _visible(reviews[product.sku], now)
    return pages.product_page(product, visible, int(number)), "text/html"


def _handler_of(
    clock: Callable[[], datetime], reviews: dict[str, list[Review]]
) -> type[BaseHTTPRequestHandler]:
    products = {product.slug: product for product in PRODUCTS}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found = _page_of(self.path, clock(), products, reviews)
            if found is None:
                self._send(404, b"Not found", "text/plain")
                return
            body = found[0].encode()
            tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if self.headers.get("If-None-Match") == tag:
                self._send(304, b"", found[1], tag)
                return
            self._send(200, body, found[1], tag)

        def _send(self, status: int, body: bytes, kind: str, tag: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if tag:
                self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the console quiet."""

    return Handler


def _visible(reviews: list[Review], now: datetime) -> list[Review]:
    """Newest first, up to the shop's clock."""
    count = bisect_right(reviews, now, key=lambda review: review.published_at)
    return reviews[:count][::-1]
