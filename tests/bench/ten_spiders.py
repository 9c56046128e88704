"""Ten crawls at once against a server that answers after 100 ms.

    python -m tests.bench.ten_spiders [PAGES]

Each source may send a request every half second to its own host name. Prints the rate of each
crawl between its first and last page, as a share of the rate that these politeness settings
allow, and the items stored.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from earshot.local import postgres
from earshot.settings import Settings
from scrapers.run import crawl
from sql.connect import connect

SPIDERS = 10
DELAY_SECONDS = 0.5
LATENCY_SECONDS = 0.1


def _page(shop: str, number: int, pages: int) -> bytes:
    reviews = [
        {
            "@type": "Review",
            "reviewBody": f"Review {number}-{n} of a lamp in shop {shop}, bright and steady.",
            "author": f"Author {number} {n}",
            "datePublished": f"2026-01-{28 - number % 28:02d}T10:{n:02d}:00Z",
            "reviewRating": {"ratingValue": n % 5 + 1},
        }
        for n in range(20)
    ]
    data = json.dumps({"@type": "Product", "name": "Lamp", "sku": shop, "review": reviews})
    link = f'<link rel="next" href="/{shop}?page={number + 1}">' if number < pages else ""
    script = f'<script type="application/ld+json">{data}</script>'
    return f"<html><head>{link}{script}</head><body>x</body></html>".encode()


@contextmanager
def _server(pages: int, seen: dict[str, list[float]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            shop = address.path.strip("/")
            body = b""
            if shop != "robots.txt":
                seen[shop].append(time.perf_counter())
                number = int(parse_qs(address.query).get("page", ["1"])[0])
                body = _page(shop, number, pages)
                time.sleep(LATENCY_SECONDS)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the console quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def _settings(folder: Path, url: str) -> Settings:
    sources = [
        {
            "name": f"shop-{n}",
            "kind": "schemaorg",
            "brand": "b",
            "urls": [f"{url}/s{n}"],
            "delay_seconds": DELAY_SECONDS,
        }
        for n in range(SPIDERS)
    ]
    brand = {"key": "b", "name": "B"}
    values = {"contact": "bench@example.org", "home": folder / "home", "brand": [brand]}
    return Settings.model_validate({**values, "source": sources})


def main() -> None:
    """Measure and print."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    os.environ.setdefault("EARSHOT_AUTHOR_KEY", "a key for the benchmark only")
    seen: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="earshot-bench-") as name:
        os.chmod(name, 0o711)
        with _server(pages, seen) as url:
            settings = _settings(Path(name), url)
            try:
                with connect(settings), ThreadPoolExecutor(SPIDERS) as pool:
                    results = list(pool.map(lambda s: crawl(settings, s.name), settings.source))
            finally:
                postgres.remove(settings.home_folder)
    allowed = 1 / DELAY_SECONDS
    shares = [(len(t) - 1) / (t[-1] - t[0]) / allowed for t in seen.values()]
    print(f"{sum(r.added for r in results):,} items stored by {SPIDERS} crawls of {pages} pages")
    print(f"share of the allowed rate: median {statistics.median(shares):.2f}, "
          f"least {min(shares):.2f} (goal: 0.90 or more)")  # fmt: skip


if __name__ == "__main__":
    main()
