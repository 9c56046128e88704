"""The world outside of the load test: a shop's review API, and history for the baseline.

Texts are made from the sample shop's own phrases; a clause of its own makes each sentence one that
no tagger has read before, so that its memory of sentences helps no more than it would in life.
"""

from __future__ import annotations

import json
import random
import tomllib
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from earshot.shop.products import PRODUCTS

PAGE = 500
CRISIS_SHARE = 0.5
"""Of what a burst adds, this much is about the courier that stands still; the rest is as usual."""
UNANSWERED = 0.005
"""Share of reviews that the shop's own staff has not answered before we read them."""
SHOWN = PRODUCTS[:6]
_MOODS = (("positive", 0.64), ("mixed", 0.16), ("negative", 0.20))
_STARS = {"positive": (5, 5, 4), "mixed": (3, 3, 4), "negative": (1, 2, 2)}
_WHO = (
    "my sister, my brother, our neighbour, my flatmate, the caretaker, my aunt, my uncle, a friend"
)
_DAYS = "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"
_ADVERBS = "again, rightly, at once, later, quietly, cheerfully, dryly, finally, politely, over tea"


class Writer:
    """Makes reviews, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        text = files("earshot.shop").joinpath("phrases.toml").read_text("utf-8")
        self._phrases: dict[str, Any] = tomllib.loads(text)
        self._written = 0

    def review(self, moment: datetime, *, is_crisis: bool = False) -> dict[str, Any]:
        """One review as the API shows it."""
        self._written += 1
        chance, product = self._chance, self._chance.choice(SHOWN)
        mood = "negative" if is_crisis else chance.choices(*zip(*_MOODS, strict=True))[0]
        said = self._courier() if is_crisis else self._everyday(mood)
        is_answered = chance.random() >= UNANSWERED
        return {
            "id": f"r{self._written}",
            "title": "",
            "text": " ".join(self._own(self._filled(each, product.noun)) for each in said),
            "stars": chance.choice(_STARS[mood]),
            "created_at": moment.isoformat(timespec="milliseconds"),
            "user": f"user {self._written}",
            "sku": product.sku,
            "reply": "Thank you for writing to us." if is_answered else None,
            "replied_at": moment.isoformat(timespec="milliseconds") if is_answered else None,
        }

    def _everyday(self, mood: str) -> list[str]:
        themes = self._phrases["theme"]
        minds = ["positive", "negative"] if mood == "mixed" else [mood] * self._chance.randint(1, 2)
        weights = [theme["weight"] for theme in themes]
        chosen = self._chance.choices(themes, weights=weights, k=len(minds))
        said = [self._chance.choice(theme[mind]) for theme, mind in zip(chosen, minds, strict=True)]
        opener = self._chance.choice(self._phrases["openers"][mood])
        return [opener, *said] if opener else said

    def _courier(self) -> list[str]:
        return [self._chance.choice(self._phrases["courier"][part]) for part in ("first", "second")]

    def _own(self, sentence: str) -> str:
        """The sentence with a clause that makes it new: 80,000 clauses for each phrase."""
        chance = self._chance
        who, day, how = (chance.choice(words.split(", ")) for words in (_WHO, _DAYS, _ADVERBS))
        name = chance.choice(self._phrases["slots"]["first"])
        return f"{sentence.rstrip('.!?')}, as {who} {name} said {how} on {day}."

    def _filled(self, template: str, noun: str) -> str:
        slots, chance = self._phrases["slots"], self._chance
        values = {"product": noun, "days": str(chance.randint(2, 6)), "order": "4711"}
        values["day"] = chance.choice(_DAYS.split(", "))
        for name in ("room", "colour", "town", "courier", "amount", "name"):
            values[name] = chance.choice(slots[name])
        return template.format_map(values)


class Reviews:
    """A shop's reviews, growing at a rate; `GET /api/reviews?since=&page=` lists them."""

    def __init__(self, seed: int = 1) -> None:
        self.rate, self.burst = 0.0, 1.0
        self.first_crisis: datetime | None = None
        self._writer, self._lock = Writer(seed), Lock()
        self._chance = random.Random(seed)
        self._rows: list[bytes] = []
        self._moments: list[str] = []

    @property
    def published(self) -> int:
        """How many there are."""
        return len(self._rows)

    def write(self, seconds: float) -> None:
        """What customers write within so many seconds."""
        now = datetime.now(UTC)
        everyday = self.rate * seconds
        added = everyday * (self.burst - 1)
        for is_crisis, expected in (
            (False, everyday + added * (1 - CRISIS_SHARE)),
            (True, added * CRISIS_SHARE),
        ):
            for _ in range(int(expected) + (self._chance.random() < expected % 1)):
                self._add(now, is_crisis)

    def _add(self, now: datetime, is_crisis: bool) -> None:
        if is_crisis and self.first_crisis is None:
            self.first_crisis = now
        review = self._writer.review(now, is_crisis=is_crisis)
        with self._lock:
            self._rows.append(json.dumps(review).encode())
            self._moments.append(review["created_at"])

    def page(self, since: str, number: int) -> bytes:
        """Oldest first, so that what is written meanwhile moves nothing."""
        with self._lock:
            start = bisect_left(self._moments, since) + (number - 1) * PAGE
            rows = self._rows[start : start + PAGE]
        return b'{"data": [' + b",".join(rows) + b"]}"


@contextmanager
def serving(reviews: Reviews) -> Iterator[str]:
    """Serve them on loopback while they grow; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            body = reviews.page(asked.get("since", "").rstrip("Z"), int(asked.get("page", 1)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stop = Event()
    Thread(target=server.serve_forever, daemon=True).start()
    Thread(target=_grow, args=(reviews, stop), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        stop.set()
        server.shutdown()


def _grow(reviews: Reviews, stop: Event) -> None:
    last = datetime.now(UTC)
    while not stop.wait(0.2):
        now = datetime.now(UTC)
        reviews.write((now - last).total_seconds())
        last = now


def sample(count: int, days: int, seed: int = 2) -> list[dict[str, Any]]:
    """Reviews spread over the last days, from which history takes its mix."""
    writer, end = Writer(seed), datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    step = timedelta(days=days) / count
    return [{**writer.review(end - step * n), "id": f"h{n}"} for n in range(1, count + 1)]
