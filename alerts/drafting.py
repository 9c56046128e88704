"""The reply step: a draft for each recent, unanswered complaint that deserves one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from alerts.redrafting import write_what_was_wished
from alerts.replies.facts import Facts
from alerts.replies.priority import Priority, prioritise
from alerts.replies.records import Draft, NoDraft, ReviewForReply, Written
from alerts.reply_targets import targets_of
from alerts.slack.drafts import announce_draft
from alerts.tending import tend_drafts
from alerts.writing import Writer, claimed, facts_of, recent_replies, review_of, seed_of
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries

BATCH = 200
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
    fell_back: int = 0
    """Of those waiting or held: the language model of the settings was of no use for them."""

    def counts(self) -> dict[str, int]:
        """For logs and asset events."""
        return asdict(self)


def draft_replies(settings: Settings) -> DraftingResult:
    """Draft, guard, store and ask for approval; nothing is sent from here.

    Each draft commits with its outbox row, so a killed run repeats nothing and skips nothing. No
    transaction is open while an engine writes.
    """
    states: Counter[str] = Counter()
    writer = Writer(settings)
    with connect(settings) as conn:
        while True:
            with conn:
                moment = clock_now(conn, settings)
                candidates = _candidates(conn, settings, moment)
            for row in candidates:
                states.update(_draft_one(conn, settings, writer, row, moment))
            if len(candidates) < BATCH:
                break
        write_what_was_wished(conn, settings, writer)
        with conn:
            tend_drafts(conn, settings, clock_now(conn, settings))
    named = {name: states[name] for name in asdict(DraftingResult())}
    return DraftingResult(**named)


def _candidates(conn: Connection, settings: Settings, moment: datetime) -> list[Any]:
    oldest = moment - timedelta(days=settings.clock.reply_max_age_days)
    return list(queries.drafting_candidates(conn, since=oldest, until=moment, most=BATCH))


def _draft_one(
    conn: Connection, settings: Settings, writer: Writer, row: Any, moment: datetime
) -> list[str]:
    """Store what became of one complaint; what it counts as in the result."""
    review = review_of(row)
    max_age = timedelta(days=settings.clock.reply_max_age_days)
    targets = targets_of(settings, row["source"])
    priority = prioritise(review, now=moment, max_age=max_age, targets=targets)
    if priority.decision in ("hold", "skip"):
        outcome = NoDraft(reason="urgent", explanation="; ".join(priority.reasons))
        state = "held" if priority.decision == "hold" else "dropped"
        return _store(conn, settings, row, Written(outcome=outcome), state, priority)
    facts = facts_of(settings, row["brand"])
    if facts is None:
        outcome = NoDraft(reason="uncovered", explanation=NO_FACTS)
        return _store(conn, settings, row, Written(outcome=outcome), "held", priority)
    with claimed(conn, row["id"]) as is_ours:
        written = _write(conn, writer, review, facts, row) if is_ours else None
        if written is None:
            return []
        state = "waiting" if isinstance(written.outcome, Draft) else "held"
        return _store(conn, settings, row, written, state, priority)


def _write(
    conn: Connection, writer: Writer, review: ReviewForReply, facts: Facts, row: Any
) -> Written | None:
    """A text for the review, unless another run drafted it or the customer changed it."""
    with conn:
        if not _is_wanted(conn, row):
            return None
        recent = recent_replies(conn, row["brand"])
    return writer.write(
        review,
        facts,
        platform=row["platform"],
        recent_replies=recent,
        seed=seed_of(row, 1),
    )


def _is_wanted(conn: Connection, row: Any) -> bool:
    """Whether the review still reads as it was read, and has neither answer nor draft."""
    return bool(queries.drafting_is_wanted(conn, feedback_id=row["id"], version=row["version"]))


def _store(
    conn: Connection,
    settings: Settings,
    row: Any,
    written: Written,
    state: str,
    priority: Priority,
) -> list[str]:
    """Store a draft, or why there is none, and announce it, unless it is no longer wanted."""
    with conn:
        if not _is_wanted(conn, row):
            return []
        now = clock_now(conn, settings)
        draft_id = _insert(conn, row, written.outcome, state, now=now, due_at=priority.due_at)
        if draft_id is None:
            return []
        detail = {"score": priority.score, "reasons": list(priority.reasons), **written.about()}
        queries.drafting_event(
            conn,
            draft_id=draft_id,
            at=now,
            kind="drafted" if isinstance(written.outcome, Draft) else state,
            actor="earshot",
            detail=json.dumps(detail),
        )
        if state in ("waiting", "held"):
            announce_draft(conn, settings, draft_id, now)
    return [state, "fell_back"] if written.fallback else [state]


def _insert(
    conn: Connection,
    row: Any,
    outcome: Draft | NoDraft,
    state: str,
    *,
    now: datetime,
    due_at: datetime | None,
) -> int | None:
    """The draft's id; None where another run drafted the same version first."""
    draft = outcome if isinstance(outcome, Draft) else None
    draft_id: int | None = queries.drafting_insert(
        conn,
        feedback_id=row["id"],
        version=row["version"],
        attempt=1,
        incident_id=row["incident_id"],
        brand=row["brand"],
        language=draft.language if draft else row["language"],
        engine=draft.engine if draft else "none",
        text=draft.text if draft else "",
        guard="[]",
        state=state,
        reason=outcome.explanation if isinstance(outcome, NoDraft) else None,
        created_at=now,
        due_at=due_at or now,
    )
    return draft_id
