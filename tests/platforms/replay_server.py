"""Serves recorded answers on loopback, as a platform would have.

A recording matches a request with the same method and path whose paging parameters are equal;
of several, the one whose other parameters agree best, and of equals the next in order of
recording. Links to the recorded hosts in `Link` headers and paging fields lead back here. A page
that was not recorded is answered as the platform's empty last page; a recording that begins in the
middle of a listing answers its first request.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from earshot.platforms.payload import known

RESET = 0
"""A status that closes the connection without an answer."""
PAGING = known(
    """
    after before page page[after] page[before] cursor max_id min_id since_id pageToken start_time
    offset Offset starting_after token from
    """
)
_QUIET_HEADERS = frozenset(
    {"content-length", "content-encoding", "transfer-encoding", "connection"}
)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recorded interaction."""

    method: str
    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return _path(self.url)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


@dataclass
class Replay:
    """The answers of one scenario and what was asked."""

    recordings: Sequence[Recording]
    empty: tuple[int, str, bytes] = (404, "application/json", b"{}")
    is_once: bool = False
    """Paging is in the body: each recording is served once, in order."""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    served: Counter[str] = field(default_factory=Counter)

    def answer(self, method: str, target: str) -> tuple[int, dict[str, str], bytes]:
        path = _path(target)
        query = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        match = self._match(method, path, query)
        if match is None:
            status, kind, body = self.empty
            return status, {"Content-Type": kind}, body
        return match.status, match.headers, match.body

    def _match(self, method: str, path: str, query: dict[str, str]) -> Recording | None:
        fits = [r for r in self.recordings if r.method == method and r.path == path]
        if self.is_once:
            return self._nth(path, fits)
        paged = [r for r in fits if _paging(r.query) == _paging(query)]
        if paged or self.served:
            fits = paged
        if not fits:
            return None
        closest = max(_agreement(r.query, query) for r in fits)
        fits = [r for r in fits if _agreement(r.query, query) == closest]
        key = f"{method} {path} {sorted(_paging(query).items())}"
        return self._nth(key, fits) or fits[-1]

    def _nth(self, key: str, fits: Sequence[Recording]) -> Recording | None:
        at = self.served[key]
        self.served[key] += 1
        return fits[at] if at < len(fits) else None


def _path(url: str) -> str:
    """Apple's store takes `page=1/id=2` in any order and case."""
    path = unquote(urlsplit(url).path).rstrip("/")
    head, mark, tail = path.partition("/rss/customerreviews/")
    return path if not mark else head + mark + "/".join(sorted(tail.lower().split("/")))


def _paging(query: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in query.items() if k in PAGING}


def _agreement(one: dict[str, str], other: dict[str, str]) -> int:
    return len(set(one.items()) & set(other.items()))


def recordings(shared: Path, *prefixes: str) -> list[Recording]:
    """Interactions whose body file begins with one of the prefixes, in recorded order."""
    rows = [json.loads(line) for line in (shared / "recorded/index.jsonl").open()]
    found = [row for prefix in prefixes for row in rows if row["body"].startswith(prefix)]
    assert found, f"no recording begins with {prefixes}"
    return [_recording(shared, row) for row in found]


def _recording(shared: Path, row: dict[str, Any]) -> Recording:
    return Recording(
        method=row["method"],
        url=row["url"],
        status=row["status"],
        headers={k: v for k, v in row["headers"].items() if k.lower() not in _QUIET_HEADERS},
        body=(shared / "recorded" / row["body"]).read_bytes(),
    )


@contextmanager
def serving(replay: Replay) -> Iterator[str]:
    """The address of a server that plays the recordings."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(replay))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(replay: Replay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _play(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            replay.asked.append((self.command, self.path, dict(self.headers)))
            status, headers, body = replay.answer(self.command, self.path)
            if status == RESET:
                self.close_connection = True
                return
            here = f"http://{self.headers['Host']}"
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in {"date", "server"}:
                    self.send_header(name, _here(value, here) if name.lower() == "link" else value)
            body = b"" if status in (204, 304) else _paging_links_here(body, here)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _play  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    return Handler


def _here(value: str, here: str) -> str:
    return re.sub(r"https?://[^/,>\s]+", here, value)


def _paging_links_here(body: bytes, here: str) -> bytes:
    named = rb'"(next_page|after_url|next|prev|previous_page)"\s*:\s*"https?://[^/"]+'
    return re.sub(named, lambda m: b'"' + m.group(1) + b'":"' + here.encode(), body)
