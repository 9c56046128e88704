"""The engine and the guard for one draft that a person edits or wants written anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args

from psycopg2.extensions import connection as Connection

from alerts.drafting import RECENT_REPLIES, review_of
from alerts.replies.compose import draft as compose
from alerts.replies.facts import Facts, load_facts
from alerts.replies.guard import check
from alerts.replies.records import Draft, Wish
from earshot.settings import Settings
from sql.named import queries


def objections(
    conn: Connection, settings: Settings, draft_id: int, text: str
) -> list[dict[str, Any]]:
    """What the guard has against a text as the reply to this draft's review.

    Without a facts file nothing can be checked against policies; then nothing is objected.
    """
    row = queries.approvals_review(conn, draft_id=draft_id)
    facts = _facts_of(settings, row["brand"])
    if facts is None:
        return []
    found = check(text, review_of(row), facts, row["platform"], _recent(conn, row, draft_id))
    return [asdict(finding) for finding in found]


def write_again(
    conn: Connection, settings: Settings, row: Mapping[str, Any], attempt: int, wish: str
) -> tuple[str, Sequence[Mapping[str, Any]]] | None:
    """Another text for the same review with a wish; None where the engine has none."""
    review = queries.approvals_review(conn, draft_id=row["id"])
    facts = _facts_of(settings, review["brand"])
    if facts is None:
        return None
    written = compose(
        review_of(review),
        facts,
        platform=review["platform"],
        recent_replies=_recent(conn, review, row["id"]),
        seed=f"{review['platform']}:{review['external_id']}:{review['version']}:{attempt}",
        wish=cast("Wish", wish) if wish in get_args(Wish) else None,
    )
    return (written.text, ()) if isinstance(written, Draft) else None


def _facts_of(settings: Settings, brand: str) -> Facts | None:
    file = settings.brand_named(brand).facts
    return None if file is None else _facts(settings.path(file))


@cache
def _facts(path: Path) -> Facts:
    return load_facts(path)


def _recent(conn: Connection, review: Mapping[str, Any], draft_id: int) -> tuple[str, ...]:
    """The brand's last replies other than this draft's own text."""
    own = queries.slack_draft(conn, draft_id=draft_id)["text"]
    recent = queries.drafting_recent_replies(conn, brand=review["brand"], most=RECENT_REPLIES)
    return tuple(reply["text"] for reply in recent if reply["text"] != own)
