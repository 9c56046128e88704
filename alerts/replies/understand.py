"""From a review to what went wrong, in the customer's own detail, without a language model.

Sentences are matched against the lexicon of the review's language; the issue that tells most
wins (`ranking`), the tagger's negative themes weigh in, and details (object, waiting time,
occasion …) are taken from the sentence that tells of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from alerts.replies import details_en, tone
from alerts.replies.lexicon import circumstances, normalised, sentences
from alerts.replies.points import find_points
from alerts.replies.praise import find_praise
from alerts.replies.quoting import quotable, remark
from alerts.replies.ranking import GENERAL, Hit, family, find_hits, matches, rank
from alerts.replies.records import Point, Problem, ReviewForReply, Understanding
from alerts.replies.retelling import retold
from alerts.replies.sanitise import is_tame, plain
from alerts.replies.trades import is_in_trade
from alerts.replies.wording import words_of


@lru_cache(maxsize=1024)
def understand(
    review: ReviewForReply, *, language: str, trades: frozenset[str] = frozenset()
) -> Understanding:
    """Problems (main one first), praise and tone of one review.

    Args:
        review: the review.
        language: the one it is written in.
        trades: those of the brand, as `trades.trades_of`; problems of others are not meant.
    """
    text = plain(review.whole_text)
    parts = sentences(text)
    is_sarcastic = _is_sarcastic(review, parts, language)
    is_negative = _is_negative(review, text) or is_sarcastic
    hits = find_hits(review, parts, language, is_sarcastic=is_sarcastic, trades=trades)
    problems = rank(hits, text, language) or _from_themes(review, parts, text, language)
    tame = is_tame(review.whole_text)
    if not tame:
        problems = tuple(_wary(problem) for problem in problems)
    pleased = _is_high(review) and not is_sarcastic
    praise = None
    if not is_sarcastic and (review.stars is None or review.stars >= 3):
        praise = find_praise(parts, language)
    return Understanding(
        language=language,
        problems=problems,
        remark=None if problems or is_sarcastic or not tame else remark(parts, language),
        retold=_retold(parts, hits, language) if tame and not is_sarcastic else None,
        circumstances=_circumstances(parts, language),
        points=() if pleased else _points(parts, language, problems, trades),
        words=words_of(text),
        praise=praise,
        is_sarcastic=is_sarcastic,
        is_settled=tone.is_settled(parts),
        is_pleased=not is_sarcastic and tone.is_pleased([normalised(part) for part in parts]),
        is_negative=is_negative or bool(problems and not _is_high(review)),
        is_unclear=is_negative and not problems,
    )


def _retold(parts: list[str], hits: list[Hit], language: str) -> str | None:
    """What the customer says, where the lexicon knows nothing or only a general complaint."""
    if any(hit.issue.weight >= GENERAL for hit in hits):
        return None
    named = {hit.position for hit in hits}
    return retold([part for i, part in enumerate(parts) if i not in named], language)


def _points(
    parts: list[str], language: str, problems: tuple[Problem, ...], trades: frozenset[str]
) -> tuple[Point, ...]:
    """Particulars beside the problems that are named already."""
    named = {problem.key for problem in problems}
    found = [point for point in find_points(parts, language) if not point.covers & named]
    return tuple(point for point in found if is_in_trade(point.trade, trades))


def _wary(problem: Problem) -> Problem:
    """The problem without quotation and sums, for a review that is not tame."""
    details = {name: said for name, said in problem.details.items() if name not in ("amt", "pct")}
    return replace(problem, quote=None, details=details)


def _is_high(review: ReviewForReply) -> bool:
    return review.stars is not None and review.stars >= 4


def _is_negative(review: ReviewForReply, text: str) -> bool:
    if review.stars is not None:
        return review.stars < 3
    if review.themes:
        negative = sum(theme.sentiment == "negative" for theme in review.themes)
        return negative * 2 >= len(review.themes)
    return not tone.GOOD.search(text.lower())


def _is_sarcastic(review: ReviewForReply, parts: list[str], language: str) -> bool:
    """Praise in words and a complaint in substance, by rating or in the same breath."""
    text = " ".join(parts).lower()
    if not tone.IRONY.search(text) and not tone.IRONY.search(review.text):
        return False
    if review.stars is not None:
        return review.stars <= 2
    return any(matches(sentence, language) for sentence in parts)


def _from_themes(
    review: ReviewForReply, parts: list[str], text: str, language: str
) -> tuple[Problem, ...]:
    """What the tagger knows where the lexicon finds nothing: a theme and the telling sentence."""
    negative = [t for t in review.themes if t.sentiment == "negative"]
    known = [t for t in negative if family(t.key) >= 0]
    if not known or _is_high(review):
        return ()
    theme = max(known, key=lambda t: t.probability)
    longest = max(parts, key=len, default="")
    details = details_en.find_details(longest, 0, text) if language == "en" else {}
    quote = quotable(longest, language, near=0)
    return (Problem(key=theme.key, theme=theme.key, details=details, quote=quote),)


def _circumstances(parts: list[str], language: str) -> tuple[str, ...]:
    folded = [normalised(part) for part in parts]
    return tuple(
        circumstance.key
        for circumstance in circumstances(language)
        if any(circumstance.find(part) is not None for part in folded)
    )
