"""Reply drafts and their guard: a pure engine, no database, no network.

`draft` writes, `check` objects, `prioritise` ranks, `load_facts` reads what may be promised;
`engine_llm` asks a language model instead and falls back to `draft`.
"""

from alerts.replies.compose import draft
from alerts.replies.facts import Facts, facts_from, load_facts
from alerts.replies.guard import check, explain
from alerts.replies.limits import LIMITS, ReplyLimit, limit_of
from alerts.replies.priority import Priority, ReplyTargets, prioritise
from alerts.replies.records import (
    Draft,
    Finding,
    NoDraft,
    Problem,
    ReviewForReply,
    ThemeMention,
    Understanding,
    Wish,
)

__all__ = [
    "LIMITS",
    "Draft",
    "Facts",
    "Finding",
    "NoDraft",
    "Priority",
    "Problem",
    "ReplyLimit",
    "ReplyTargets",
    "ReviewForReply",
    "ThemeMention",
    "Understanding",
    "Wish",
    "check",
    "draft",
    "explain",
    "facts_from",
    "limit_of",
    "load_facts",
    "prioritise",
]
