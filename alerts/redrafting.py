"""The engine and the guard for one draft that a person edits or wants written anew."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast, get_args

from psycopg2.extensions import connection as Connection

from alerts import approvals
from alerts.replies.facts import Facts
from alerts.replies.guard import check
from alerts.replies.records import ReviewForReply, Wish, Written
from alerts.writing import Writer, claimed, facts_of, recent_replies, review_of, seed_of
from earshot.settings import Settings
from sql.clock import now as clock_now
from sql.connect import connect
from sql.named import queries


def objections(
    conn: Connection, settings: Settings, draft_id: int, text: str
) -> list[dict[str, Any]]:
    """What the guard has against a text as the reply to this draft's review.

    Without a facts file nothing can be checked against policies; then nothing is objected.
    """
    row = queries.approvals_review(conn, draft_id=draft_id)
    facts = facts_of(settings, row["brand"])
    if facts is None:
        return []
    own = queries.slack_draft(conn, draft_id=draft_id)["text"]
    recent = recent_replies(conn, row["brand"], but=own)
    found = check(text, review_of(row), facts, row["platform"], recent)
    return [asdict(finding) for finding in found]


def write_again(settings: Settings, draft_id: int) -> str | None:
    """Write the text that somebody wished for (`approvals.ask_again`).

    No transaction is open while the engine writes. A kill leaves the wish as it is; the next run
    of the reply step writes it.

    Returns:
        What to tell the person; None where it was written, or another process is at it.
    """
    with connect(settings, application="earshot again") as conn:
        return _fulfil(conn, settings, Writer(settings), draft_id)


def write_what_was_wished(conn: Connection, settings: Settings, writer: Writer) -> None:
    """Write every text that was wished for and is not written, as after a kill."""
    with conn:
        wished = [row["id"] for row in queries.approvals_wished(conn)]
    for draft_id in wished:
        _fulfil(conn, settings, writer, draft_id)


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What a wish asks the engine for, as it was read."""

    review: ReviewForReply
    facts: Facts
    platform: str
    recent: tuple[str, ...]
    seed: str
    wish: Wish | None

    def given_to(self, writer: Writer) -> Written:
        """What the engine makes of it."""
        return writer.write(
            self.review,
            self.facts,
            platform=self.platform,
            recent_replies=self.recent,
            seed=self.seed,
            wish=self.wish,
        )


def _fulfil(conn: Connection, settings: Settings, writer: Writer, draft_id: int) -> str | None:
    with conn:
        review = queries.approvals_review(conn, draft_id=draft_id)
    if review is None:
        return None  # erased meanwhile
    with claimed(conn, review["id"]) as is_ours:
        if not is_ours:
            return None
        with conn:
            order = _read(conn, settings, draft_id, review)
        written = order.given_to(writer) if order else None
        with conn:
            if queries.slack_draft(conn, draft_id=draft_id) is None:
                return None
            now = clock_now(conn, settings)
            decision = approvals.rewrite(conn, settings, draft_id, written=written, now=now)
    return None if decision.outcome == "done" else decision.explanation


def _read(conn: Connection, settings: Settings, draft_id: int, row: Any) -> _Order | None:
    """None where there is no wish any more, or no facts file."""
    asked = queries.approvals_wish(conn, draft_id=draft_id)
    facts = facts_of(settings, row["brand"])
    draft = queries.slack_draft(conn, draft_id=draft_id)
    if asked is None or facts is None or draft is None:
        return None
    attempt = queries.approvals_next_attempt(conn, feedback_id=row["id"], version=row["version"])
    wish = asked["detail"]["wish"]
    return _Order(
        review=review_of(row),
        facts=facts,
        platform=row["platform"],
        recent=recent_replies(conn, row["brand"], but=draft["text"]),
        seed=seed_of(row, attempt),
        wish=cast("Wish", wish) if wish in get_args(Wish) else None,
    )
