"""`earshot doctor`: what must hold at any moment, whatever was killed."""

from __future__ import annotations

from dataclasses import dataclass

from earshot.settings import Settings
from sql.connect import connect
from sql.named import queries

INVARIANTS = {
    "version_missing": "every text has its current version",
    "version_gap": "versions of a text are numbered without a gap",
    "brand_missing": "every text belongs to a brand",
    "lease_stuck": "no claim outlives its lease by an hour",
    "tagging_misplaced": "a tagging belongs to the text of its version",
    "theme_without_tagging": "a theme tag has its tagging",
    "count_wrong": "hours that are not marked count each text once",
    "crawl_endless": "no crawl runs for more than a day",
    "message_nowhere": "a message that was sent is known by its place",
    "message_twice": "no two rows of the outbox are one message",
    "incident_twice": "an incident is posted once in a channel",
    "send_stuck": "no send is under way for an hour",
    "reply_unapproved": "no reply leaves without an approval of that exact text",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One invariant: how often it is broken, and up to five row ids (hours for counts)."""

    invariant: str
    meaning: str
    violations: int
    examples: tuple[str, ...]


def examine(settings: Settings) -> list[Finding]:
    """Check every invariant in one snapshot of the database."""
    with connect(settings, application="earshot doctor") as conn, conn:
        broken = {row["invariant"]: row for row in queries.doctor_violations(conn)}
    return [
        Finding(
            invariant=name,
            meaning=meaning,
            violations=broken[name]["violations"] if name in broken else 0,
            examples=tuple(broken[name]["examples"]) if name in broken else (),
        )
        for name, meaning in INVARIANTS.items()
    ]
