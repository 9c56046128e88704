"""The three ways in which the pipeline writes: texts come in, get tags, and are counted."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from earshot.record import Feedback
from earshot.settings import Settings
from nlp import claims
from nlp.tags import SentenceTag, TextTags, ThemeTag
from scrapers.crawl_log import logged_crawl
from scrapers.rows import prepared
from scrapers.store import Store
from sql.connect import connect
from sql.counts import refresh_counts
from tests.bench import scale_world as world

TEXTS, BATCH = 4_000, 500
WORDS = "the parcel was late and nobody answered about the lovely oak table in green"


class Writes:
    """One database that is written to; a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._held = ExitStack()
        self._chance = random.Random(1)
        self._number = 0

    def __enter__(self) -> Writes:
        self._conn = self._held.enter_context(connect(self._settings))
        source = self._settings.source[0]
        crawl = self._held.enter_context(logged_crawl(self._conn, self._settings, source, "live"))
        self._store = Store(self._conn, self._settings, source, crawl=crawl, platform="bench")
        worker_conn = self._held.enter_context(connect(self._settings))
        self._worker = self._held.enter_context(claims.worker(worker_conn))
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def round(self) -> dict[str, float]:
        """Texts a second of each way, for one round of TEXTS."""
        batches = [
            prepared([self._text() for _ in range(BATCH)], self._store.preparation)
            for _ in range(TEXTS // BATCH)
        ]
        start = time.perf_counter()
        for batch in batches:
            self._store.write(batch)
        stored = time.perf_counter()
        tagged = self._tag()
        done = time.perf_counter()
        refresh_counts(self._conn, world.NOW + timedelta(days=1))
        counted = time.perf_counter()
        return {
            "ingest": TEXTS / (stored - start),
            "tags": tagged / (done - stored),
            "counts": TEXTS / (counted - done),
        }

    def _text(self) -> Feedback:
        self._number += 1
        return Feedback(
            source="s1",
            platform="bench",
            external_id=f"new-{self._number:09d}",
            brand=("b1",),
            product=f"Product {self._chance.randrange(world.PRODUCTS)}",
            title="A title",
            body=" ".join(self._chance.choices(WORDS.split(), k=40)),
            rating=self._chance.randint(1, 5),
            rating_scale=5,
            published_at=world.NOW - timedelta(minutes=self._chance.randrange(7 * 24 * 60)),
            author_id=f"author {self._chance.randrange(10**9)}",
        )

    def _tag(self) -> int:
        """Claim and store as the tagger does, without its reading."""
        done = 0
        while done < TEXTS:
            held = claims.claim(self._conn, world.MODEL, self._worker)
            if held is None:
                raise SystemExit(f"only {done} of {TEXTS} texts were in the queue")
            pairs = [(text, self._tags()) for text in held.texts]
            done += len(claims.store(self._conn, held, pairs, world.NOW))
        return done

    def _tags(self) -> TextTags:
        felt = (0.7, 0.2, 0.1)
        themes = self._chance.sample(range(1, world.THEMES + 1), k=self._chance.randrange(4))
        sentences: Any = [
            SentenceTag(start=n * 50, end=n * 50 + 49, probabilities=felt) for n in range(3)
        ]
        return TextTags(
            language="en",
            probabilities=felt,
            sentences=tuple(sentences),
            themes=tuple(
                ThemeTag(theme_id=id_, probability=0.8, probabilities=felt, sentence=0)
                for id_ in themes
            ),
        )
