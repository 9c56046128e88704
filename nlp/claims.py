"""Claims on the tag queue: nothing is tagged twice, and nothing is lost with a killed worker.

A claim is a short transaction that marks rows with worker, lease and a fence number; no
transaction is open while the model reads. Results are stored only where the fence is still the
claim's: a worker that stood still beyond its lease comes back to find its results refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from nlp.tags import TextTags, likeliest
from sql.named import queries

MOST_ATTEMPTS = 3
LEASE_SECONDS = 300.0
CLAIM_SIZE = 64


@dataclass(frozen=True, kw_only=True)
class ClaimedText:
    """One version of a text, as stored."""

    version_id: int
    feedback_id: int
    attempts: int
    title: str
    body: str
    language_hint: str | None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Texts that one worker may tag until the lease ends or somebody else's fence stands there."""

    model_id: str
    fence: int
    texts: tuple[ClaimedText, ...]


@contextmanager
def worker(conn: Connection) -> Iterator[int]:
    """A number for this process; while its session lives, its claims hold until their lease."""
    number = int(queries.tag_worker_start(conn))
    conn.commit()
    try:
        yield number
    finally:
        if not conn.closed:
            conn.rollback()
            queries.tag_worker_stop(conn, worker=number)
            conn.commit()


def claim(
    conn: Connection,
    model_id: str,
    worker_number: int,
    *,
    size: int = CLAIM_SIZE,
    lease_seconds: float = LEASE_SECONDS,
) -> Claim | None:
    """The newest free texts, or one that failed before where no fresh one is left, or None."""
    with conn:
        queries.tag_release_dead(conn, model_id=model_id)
        for least, most, number in ((0, 0, size), (1, MOST_ATTEMPTS - 1, 1)):
            rows = list(
                queries.tag_claim(
                    conn,
                    model_id=model_id,
                    worker=str(worker_number),
                    lease_seconds=lease_seconds,
                    size=number,
                    least_attempts=least,
                    most_attempts=most,
                )
            )
            if rows:
                return _claim(model_id, rows)
    return None


def store(
    conn: Connection, held: Claim, tags: Sequence[tuple[ClaimedText, TextTags]], now: datetime
) -> set[int]:
    """Store results in one transaction where the fence still holds; returns those version ids.

    Tags replace those that the same model gave the version before, the queue rows go, and the
    hours are marked to be counted again.
    """
    if not tags:
        return set()
    key = {"model_id": held.model_id, "fence": held.fence}
    wanted = [text.version_id for text, _ in tags]
    with conn:
        ours = {row[0] for row in queries.tag_hold(conn, **key, version_ids=wanted)}
        kept = [(text, tag) for text, tag in tags if text.version_id in ours]
        if not kept:
            return set()
        versions = [text.version_id for text, _ in kept]
        _write(conn, held.model_id, kept, now)
        queries.tag_done(conn, **key, version_ids=versions)
        queries.counts_mark_versions(conn, version_ids=versions)
    return set(versions)


def give_back(conn: Connection, held: Claim, texts: Sequence[ClaimedText]) -> None:
    """Free texts that gave no result; they are claimed again, one at a time."""
    if not texts:
        return
    with conn:
        queries.tag_give_back(
            conn,
            model_id=held.model_id,
            fence=held.fence,
            version_ids=[text.version_id for text in texts],
        )


def give_up(conn: Connection, model_id: str, now: datetime) -> int:
    """Store `failed` for texts with which every attempt ended; returns how many."""
    with conn:
        rows = list(
            queries.tag_given_up(
                conn, model_id=model_id, least_attempts=MOST_ATTEMPTS, size=CLAIM_SIZE
            )
        )
    if not rows:
        return 0
    texts = tuple(
        ClaimedText(
            version_id=version_id,
            feedback_id=feedback_id,
            attempts=MOST_ATTEMPTS,
            title="",
            body="",
            language_hint=None,
        )
        for version_id, _, feedback_id in rows
    )
    held = Claim(model_id=model_id, fence=rows[0][1], texts=texts)
    reason = f"the tagger was killed or stood still {MOST_ATTEMPTS} times while it had this text"
    return len(store(conn, held, [(text, failed(reason)) for text in texts], now))


def failed(reason: str) -> TextTags:
    """The outcome of a text that cannot be tagged; the reason never quotes it."""
    return TextTags(language="undetermined", outcome="failed", reason=reason)


def _claim(model_id: str, rows: list[Any]) -> Claim:
    texts = tuple(
        ClaimedText(
            version_id=version_id,
            attempts=attempts,
            feedback_id=feedback_id,
            title=title,
            body=body,
            language_hint=hint,
        )
        for version_id, _, attempts, feedback_id, title, body, hint in rows
    )
    return Claim(model_id=model_id, fence=rows[0][1], texts=texts)


def _write(
    conn: Connection, model_id: str, kept: list[tuple[ClaimedText, TextTags]], now: datetime
) -> None:
    versions = [text.version_id for text, _ in kept]
    taggings = [_tagging_row(text, tags) for text, tags in kept]
    themes = [row for text, tags in kept for row in _theme_rows(text, tags)]
    queries.tag_clear_themes(conn, model_id=model_id, version_ids=versions)
    queries.tag_store(conn, model_id=model_id, now=now, taggings=json.dumps(taggings))
    queries.tag_store_themes(conn, model_id=model_id, themes=json.dumps(themes))


def _tagging_row(text: ClaimedText, tags: TextTags) -> dict[str, Any]:
    negative, neutral, positive = tags.probabilities
    return {
        "feedback_version_id": text.version_id,
        "feedback_id": text.feedback_id,
        "language": tags.language,
        "is_supported": tags.outcome != "not_supported",
        "sentiment": likeliest(tags.probabilities)[0],
        "p_negative": negative,
        "p_neutral": neutral,
        "p_positive": positive,
        "sentences": [sentence.as_row() for sentence in tags.sentences],
        "outcome": tags.outcome,
        "reason": tags.reason,
    }


def _theme_rows(text: ClaimedText, tags: TextTags) -> list[dict[str, Any]]:
    rows = []
    for theme in tags.themes:
        sentiment, probability = likeliest(theme.probabilities)
        rows.append(
            {
                "feedback_version_id": text.version_id,
                "theme_id": theme.theme_id,
                "probability": theme.probability,
                "sentiment": sentiment,
                "p_sentiment": probability,
                "sentence": theme.sentence,
            }
        )
    return rows
