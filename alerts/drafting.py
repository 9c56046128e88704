"""The reply step: a draft for each recent, unanswered complaint that deserves one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.replies.compose import draft
from alerts.replies.facts import Facts, load_facts
from alerts.replies.priority import Priority, prioritise
from alerts.replies.records import Draft, NoDraft, ReviewForReply, ThemeMention
from alerts.reply_targets import targets_of
from alerts.slack.drafts import announce_draft
from alerts.tending import tend_drafts
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

BATCH = 200
RECENT_REPLIES = 50
NO_FACTS = "The brand has no facts file; name one in earshot.toml, brand.facts."


@dataclass(frozen=True, kw_only=True)
class DraftingResult:
    """How many complaints were looked at, and what became of them."""

    waiting: int = 0
    """Drafts that ask for approval."""
    held: int = 0
    """Kept for a person, without a draft: an urgent tag, or a problem without a policy."""
    dropped: int = 0
    """Spam, abuse, or nothing to answer."""

    def counts(self) -> dict[str, int]:
        """For logs and asset events."""
        return asdict(self)


def draft_replies(settings: Settings) -> DraftingResult:
    """Draft, guard, store and ask for approval; nothing is sent from here.

    Each draft commits with its outbox row, so a killed run repeats nothing and skips nothing.
    """
    states: Counter[str] = Counter()
    with connect(settings) as conn:
        while True:
            with conn:
                moment = clock_now(conn, settings)
                candidates = _candidates(conn, settings, moment)
            for row in candidates:
                with conn:
                    states[_draft_one(conn, settings, row, moment)] += 1
            if len(candidates) < BATCH:
                with conn:
                    tend_drafts(conn, settings, moment)
                return DraftingResult(
                    waiting=states["waiting"], held=states["held"], dropped=states["dropped"]
                )


def _candidates(conn: Connection, settings: Settings, moment: datetime) -> list[Any]:
    oldest = moment - timedelta(days=settings.clock.reply_max_age_days)
    return list(queries.drafting_candidates(conn, since=oldest, until=moment, most=BATCH))


def _draft_one(conn: Connection, settings: Settings, row: Any, moment: datetime) -> str:
    """Store what became of one complaint; returns the state of its draft."""
    review = review_of(row)
    max_age = timedelta(days=settings.clock.reply_max_age_days)
    targets = targets_of(settings, row["source"])
    priority = prioritise(review, now=moment, max_age=max_age, targets=targets)
    facts_file = settings.brand_named(row["brand"]).facts
    if priority.decision in ("hold", "skip"):
        outcome = NoDraft(reason="urgent", explanation="; ".join(priority.reasons))
        state = "held" if priority.decision == "hold" else "dropped"
        return _store(conn, settings, row, outcome, state, priority, moment)
    if facts_file is None:
        outcome = NoDraft(reason="uncovered", explanation=NO_FACTS)
        return _store(conn, settings, row, outcome, "held", priority, moment)
    composed = _compose(conn, review, _facts(settings.path(facts_file)), row)
    state = "waiting" if isinstance(composed, Draft) else "held"
    return _store(conn, settings, row, composed, state, priority, moment)


def _compose(conn: Connection, review: ReviewForReply, facts: Facts, row: Any) -> Draft | NoDraft:
    recent = queries.drafting_recent_replies(conn, brand=row["brand"], most=RECENT_REPLIES)
    return draft(
        review,
        facts,
        platform=row["platform"],
        recent_replies=tuple(reply["text"] for reply in recent),
        seed=f"{row['platform']}:{row['external_id']}:{row['version']}:1",
    )


@cache
def _facts(path: Path) -> Facts:
    return load_facts(path)


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


def _store(
    conn: Connection,
    settings: Settings,
    row: Any,
    outcome: Draft | NoDraft,
    state: str,
    priority: Priority,
    moment: datetime,
) -> str:
    is_draft = isinstance(outcome, Draft)
    draft_id = queries.drafting_insert(
        conn,
        feedback_id=row["id"],
        version=row["version"],
        attempt=1,
        incident_id=row["incident_id"],
        brand=row["brand"],
        language=outcome.language if isinstance(outcome, Draft) else row["language"],
        engine=outcome.engine if isinstance(outcome, Draft) else "none",
        text=outcome.text if isinstance(outcome, Draft) else "",
        guard="[]",
        state=state,
        reason=outcome.explanation if isinstance(outcome, NoDraft) else None,
        created_at=moment,
        due_at=priority.due_at or moment,
    )
    if draft_id is None:
        return "known"
    detail = {"score": priority.score, "reasons": list(priority.reasons)}
    queries.drafting_event(
        conn,
        draft_id=draft_id,
        at=moment,
        kind="drafted" if is_draft else state,
        actor="earshot",
        detail=json.dumps(detail),
    )
    if is_draft or state == "held":
        announce_draft(conn, settings, draft_id, moment)
    return state
