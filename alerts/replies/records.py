"""What goes into the reply engine and what comes out; plain values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Sentiment = Literal["negative", "neutral", "positive"]
Wish = Literal["shorter", "warmer", "more formal"]
EngineName = Literal["builtin", "llm"]
Reason = Literal[
    "urgent", "spam", "abuse", "answered", "empty", "language", "uncovered", "guard", "length"
]


@dataclass(frozen=True, kw_only=True)
class ThemeMention:
    """One theme that the tagger found, with the sentiment towards that theme."""

    key: str
    sentiment: Sentiment = "negative"
    probability: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ReviewForReply:
    """One stored review version as the engine needs it; texts are masked already."""

    id: str
    text: str
    version: int = 1
    title: str = ""
    stars: float | None = None
    """Rating on a scale of five, as `Feedback.stars`."""
    product: str | None = None
    language: str | None = None
    """BCP 47 tag; None or `undetermined` lets the engine decide."""
    themes: tuple[ThemeMention, ...] = ()
    urgent_tags: tuple[str, ...] = ()
    """`urgent_safety`, `urgent_data_leak`, `urgent_fraud`, `urgent_legal` …"""
    platform: str = "shop"
    severity: str | None = None
    """Severity of the incident that the review belongs to, if any."""
    published_at: datetime | None = None
    has_brand_reply: bool = False
    reach: int = 0
    """People who may have seen it, as the platform counts."""

    @property
    def whole_text(self) -> str:
        """Title and body as one text; a title that the body repeats is left out."""
        title = self.title.strip().rstrip("…").rstrip(".")
        if not title or self.text.strip().lower().startswith(title.lower()):
            return self.text
        return f"{title}. {self.text}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What went wrong, in terms of our lexicon and in the customer's own detail."""

    key: str
    """Issue key of the lexicon (`refund_missing`) or a theme key where nothing finer is known."""
    theme: str
    """Theme key that the issue belongs to; policies govern either."""
    details: dict[str, str] = field(default_factory=dict)
    """Named details in the customer's words, sanitised: object, duration, occasion …"""
    quote: str | None = None
    """A short sanitised fragment of the sentence that says it."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """A particular of one review beside its problem, with clauses of ours that say it."""

    key: str
    clauses: tuple[str, ...]
    """What may follow "that", in the second person."""
    weight: float = 1.0
    """The higher, the more it sets a review apart."""
    covers: frozenset[str] = frozenset()
    """Issue keys that say as much already."""
    opens: bool = False
    """Whether an apology may consist of it alone."""
    trade: str | None = None
    """`goods`, `money` or `cover`; None where it occurs in every trade."""


@dataclass(frozen=True, kw_only=True)
class Understanding:
    """What a review says, as far as the engine can tell without a language model."""

    language: str
    problems: tuple[Problem, ...] = ()
    """Main problem first."""
    remark: str | None = None
    """A quotable sentence of a review whose problem could not be named."""
    retold: str | None = None
    """A clause of the review in the second person, where no or only a general problem is named."""
    circumstances: tuple[str, ...] = ()
    """What else the review tells: `gift`, `loyal`, `asked_often` …; keys of the lexicon."""
    points: tuple[Point, ...] = ()
    """Particulars that the problems do not say already, the most telling first."""
    praise: str | None = None
    """What the customer liked, as a sanitised noun phrase."""
    words: frozenset[str] = frozenset()
    """Words of the review, as `wording.words_of` gives them."""
    is_sarcastic: bool = False
    is_settled: bool = False
    """The customer says that the matter has been put right since."""
    is_negative: bool = True
    is_pleased: bool = False
    """The words praise and complain of nothing, whatever the rating says."""
    is_unclear: bool = False
    """Negative, but no problem could be named."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One objection of the guard; `reason` is a whole phrase that a reader understands."""

    rule: str
    span: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A reply that may be shown for approval."""

    text: str
    language: str
    problems: tuple[Problem, ...] = ()
    policy_ids: tuple[str, ...] = ()
    engine: EngineName = "builtin"
    length: int
    limit: int
    unit: str
    seed: str
    findings: tuple[Finding, ...] = ()
    """Empty for drafts of the built-in engine: what the guard refuses is never returned."""


@dataclass(frozen=True, kw_only=True)
class NoDraft:
    """Why no draft was written; `explanation` is one sentence for the person who decides."""

    reason: Reason
    explanation: str


BUILT_IN = "built-in"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What an engine wrote, and which one it was."""

    outcome: Draft | NoDraft
    writer: str = BUILT_IN
    """`built-in`, or the language model's name."""
    fallback: str | None = None
    """Why the language model of the settings did not write it; None where it was not needed."""
    is_failure: bool = False
    """The language model failed to answer; False where it answered and the guard refused."""

    def about(self) -> dict[str, str]:
        """Who wrote it, for the event that tells of the draft."""
        told = {"writer": self.writer}
        return told if self.fallback is None else {**told, "fallback": self.fallback}
