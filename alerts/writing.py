"""What one draft is written with: the engine of the settings, the brand's facts, a claim."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.replies.compose import draft
from alerts.replies.engine_llm import draft_with_model
from alerts.replies.facts import Facts, load_facts
from alerts.replies.records import (
    Draft,
    NoDraft,
    ReviewForReply,
    ThemeMention,
    Wish,
    Written,
)
from earshot.logs import ids
from earshot.settings import Settings
from sql.named import queries

RECENT_REPLIES = 50
MOST_FAILURES = 3
"""After so many failures in a row a run asks the model no more: a dead one costs minutes else."""
log = logging.getLogger(__name__)


class Writer:
    """The engine that the settings name; it touches no database."""

    def __init__(self, settings: Settings) -> None:
        self._model = settings.replies.language_model
        self._key = settings.secrets.llm_api_key if self._model else None
        self._failures = 0

    def write(
        self,
        review: ReviewForReply,
        facts: Facts,
        *,
        platform: str,
        recent_replies: tuple[str, ...],
        seed: str,
        wish: Wish | None = None,
    ) -> Written:
        """A text by the language model, else by the built-in engine with the reason."""
        if self._model is None or self._failures >= MOST_FAILURES:
            outcome = draft(
                review, facts, platform=platform, recent_replies=recent_replies, seed=seed,
                wish=wish,
            )  # fmt: skip
            return Written(outcome=outcome, fallback=self._why_not_asked(outcome))
        written = draft_with_model(
            review, facts, self._model, key=self._key, platform=platform,
            recent_replies=recent_replies, seed=seed, wish=wish,
        )  # fmt: skip
        self._note(review, self._model.model, written)
        return written

    def _why_not_asked(self, outcome: Draft | NoDraft) -> str | None:
        if self._model is None or isinstance(outcome, NoDraft):
            return None
        return f"not asked after {MOST_FAILURES} failures"

    def _note(self, review: ReviewForReply, name: str, written: Written) -> None:
        """Count failures in a row, and log why a draft is not the model's."""
        if written.is_failure:
            self._failures += 1
        elif written.fallback is not None or written.writer == name:
            self._failures = 0
        if written.fallback is None:
            return
        with ids(feedback=review.id):
            log.warning("the built-in engine drafts, not %s: %s", name, written.fallback)
            if self._failures == MOST_FAILURES:
                log.warning("%s is asked no more in this run: it failed too often", name)


def facts_of(settings: Settings, brand: str) -> Facts | None:
    """The brand's facts, read once a process; None where the settings name no file.

    Raises:
        FixSettings: the file cannot be read, or a field is wrong.
    """
    file = settings.brand_named(brand).facts
    return None if file is None else _facts(settings.path(file))


@cache
def _facts(path: Path) -> Facts:
    return load_facts(path)


def recent_replies(conn: Connection, brand: str, *, but: str | None = None) -> tuple[str, ...]:
    """The brand's last replies, other than the text `but`."""
    found = queries.drafting_recent_replies(conn, brand=brand, most=RECENT_REPLIES)
    return tuple(reply["text"] for reply in found if reply["text"] != but)


@contextmanager
def claimed(conn: Connection, feedback_id: int) -> Iterator[bool]:
    """Whether this process alone writes about the text; no transaction is open inside.

    The session holds it, so that a kill frees it.
    """
    with conn:
        is_ours = bool(queries.drafting_claim(conn, feedback_id=feedback_id))
    try:
        yield is_ours
    finally:
        if is_ours and not conn.closed:
            with conn:
                queries.drafting_release(conn, feedback_id=feedback_id)


def seed_of(row: Mapping[str, Any], attempt: int) -> str:
    """The same review, version and attempt give the same built-in draft."""
    return f"{row['platform']}:{row['external_id']}:{row['version']}:{attempt}"


def review_of(row: Any) -> ReviewForReply:
    """The stored text as the reply engine reads it."""
    themes, urgent = [], []
    for tag in row["themes"]:
        if tag["kind"] == "urgent":
            urgent.append(tag["key"])
        else:
            themes.append(
                ThemeMention(
                    key=tag["key"],
                    sentiment=tag["sentiment"],
                    probability=tag["probability"],
                )
            )
    return ReviewForReply(
        id=str(row["id"]),
        text=row["body"],
        version=row["version"],
        title=row["title"],
        stars=row["stars"],
        product=row["product"],
        language=row["language"],
        themes=tuple(themes),
        urgent_tags=tuple(urgent),
        platform=row["platform"],
        severity=row["severity"],
        published_at=row["published_at"],
        reach=row["reach"],
    )
