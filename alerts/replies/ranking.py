"""Which of the problems that a review's sentences tell of is the main one, and which is worth
naming beside it.

A kind of problem weighs by how much it tells, by how many sentences speak of it and where they
stand. A second one is named only where it is told about as plainly: a reply that answers something
the customer never complained of is worse than one that leaves a side remark out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from alerts.replies import details_en, objects_en, tone
from alerts.replies.lexicon import Issue, domains, issues, normalised, word_set
from alerts.replies.quoting import quotable
from alerts.replies.records import Problem, ReviewForReply
from alerts.replies.trades import is_in_trade, trade_of

_THEME_BOOST = 0.9
GENERAL = 2.6
"""Below this weight a kind of problem says little: bad service, a high price, lost trust."""
_PLAIN = 3.3
"""From this weight on one sentence is enough to tell of a further problem."""
_REPEATED = 0.5
_MOST_REPEATS = 3
_BEGINS, _EARLY, _ENDS = 0.6, 0.2, 0.2
_TURN = 0.4
_SUPPOSED = 1.2
_ASIDE = 0.6
_BEHIND = 1.2
"""How far a further problem of a long review may fall behind the main one."""
_MOST_NAMED = 2
_SHORT = 200
"""Characters up to which each problem is told about as plainly as the other."""
_CLAUSES = re.compile(
    r",?\s(?:and|or|but|nor|so|because|while|although|yet|however|though|then|und|aber|et|mais|y"
    r"|pero|en|maar|e|ma|mas)\s|[,;:]\s|\.{2,}\s?"
)
_SHORTEST_CLAUSE = 12
_AFTER_TURN = re.compile(r"\b(?:until|but|however|the (?:main|only|biggest|real) (?:\w+ )?is)\b")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A sentence that tells of a kind of problem."""

    issue: Issue
    sentence: str
    position: int
    near: int
    score: float


def matches(sentence: str, language: str) -> list[tuple[Issue, int]]:
    """Issues that a sentence, or one clause of it taken alone, tells of, and where."""
    folded = normalised(sentence)
    if tone.NEGATED.search(folded) and not tone.CONTRAST.search(folded):
        return []
    clauses = [part for part in _CLAUSES.split(folded) if len(part) >= _SHORTEST_CLAUSE]
    found = []
    for issue in issues(language):
        position = issue.find(folded)
        if position is None:
            told = ((clause, issue.find(clause)) for clause in clauses if clause != folded)
            clause, at = next(((c, a) for c, a in told if a is not None), ("", None))
            position = None if at is None else folded.find(clause) + at
        if position is not None:
            found.append((issue, position))
    return found


def find_hits(
    review: ReviewForReply,
    parts: list[str],
    language: str,
    *,
    is_sarcastic: bool,
    trades: frozenset[str] = frozenset(),
) -> list[Hit]:
    """Everything that the sentences of a review tell of, scored.

    Args:
        review: the review.
        parts: its sentences.
        language: the one it is written in.
        is_sarcastic: whether it praises in words only.
        trades: those of the brand, as `trades.trades_of`; where there is one only, the words of
            a review need not show the trade.
    """
    negative = {t.key: t.probability for t in review.themes if t.sentiment == "negative"}
    is_pleased = review.stars is not None and review.stars >= 4 and not is_sarcastic
    whole = normalised(" ".join(parts))
    impossible = frozenset() if trades else _impossible_themes(whole, language)
    hits = []
    for position, sentence in enumerate(parts):
        folded = normalised(sentence)
        if is_pleased and not _complains(sentence, parts[:position]):
            continue
        if not is_sarcastic and len(parts) > 1 and tone.is_praise(folded):
            continue
        for issue, near in matches(sentence, language):
            trade = trade_of(issue.key, issue.theme)
            if not is_in_trade(trade, trades) or issue.theme in impossible:
                continue
            if not issue.fits(whole, is_sure=trades == {trade}):
                continue
            boost = _THEME_BOOST * negative.get(issue.theme, 0.0)
            score = issue.weight + boost + _standing(folded, near, position, len(parts))
            hits.append(
                Hit(issue=issue, sentence=sentence, position=position, near=near, score=score)
            )
    return hits


def _standing(folded: str, near: int, position: int, count: int) -> float:
    """What the place of a sentence, and of the words in it, says about their weight."""
    standing = _BEGINS if position == 0 else _EARLY if position < 3 else 0.0
    if position == count - 1 and count > 1:
        standing += _ENDS
    if any(turn.end() <= near for turn in _AFTER_TURN.finditer(folded)):
        standing += _TURN
    if tone.is_aside(folded):
        standing -= _ASIDE
    return standing - (_SUPPOSED if tone.is_supposed(folded) else 0.0)


def _impossible_themes(review: str, language: str) -> frozenset[str]:
    """Themes that a review of an insurer or a trading app cannot mean, unless it names goods."""
    goods = objects_en.find_object(review, 0) if language == "en" else None
    if goods and objects_en.singular(goods.split()[-1]) not in word_set("en", "sets", "no_goods"):
        return frozenset()
    found = [without for words, without in domains(language) if words.search(review)]
    return frozenset().union(*found)


def _complains(sentence: str, before: list[str]) -> bool:
    """In a good review only a sentence with a turn in it, or right after one, complains."""
    if tone.CONTRAST.search(sentence.lower()):
        return True
    return bool(before) and bool(
        re.search(
            r"\b(?:only|one) (?:complaint|issue|problem|thing|downside)\b", before[-1].lower()
        )
    )


def rank(hits: list[Hit], text: str, language: str) -> tuple[Problem, ...]:
    """The main problem and, where it is told about as plainly, a second one.

    Args:
        hits: as `find_hits`.
        text: the whole sanitised review.
        language: its language.
    """
    best: dict[str, Hit] = {}
    told: dict[str, set[int]] = {}
    for hit in _refusals_together(hits):
        key = hit.issue.key
        told.setdefault(key, set()).add(hit.position)
        if key not in best or hit.score > best[key].score:
            best[key] = hit
    totals = {
        key: best[key].score + _REPEATED * min(len(places) - 1, _MOST_REPEATS)
        for key, places in told.items()
    }
    ranked = sorted(best, key=lambda key: (-totals[key], best[key].position))
    chosen = ranked[:1]
    for key in ranked[1:]:
        is_near = totals[key] >= totals[chosen[0]] - _BEHIND
        is_strong = best[key].issue.weight >= _PLAIN and key not in _SHAKY
        is_plain = is_near and (len(told[key]) > 1 or is_strong)
        is_short = len(text) <= _SHORT and len(chosen) == 1
        if (is_short or is_plain) and all(_adds(key, other, best) for other in chosen):
            chosen.append(key)
    return tuple(_problem(best[key], text, language) for key in chosen[:_MOST_NAMED])


_SHAKY = frozenset(
    {"coverage_misleading", "policy_cancel", "account_locked", "data_misuse", "unwanted_mail"}
    | {"funds_stolen", "cannot_register", "charged_more", "fake_product", "return_refused"}
    | {"cannot_close_account", "feature_missing", "premium_increase", "money_lost"}
    | {"wrong_size_sent", "claim_waiting", "refund_partial", "refund_refused"}
    | {"payment_declined", "differs_from_picture"}
)
"""Kinds that a side remark is easily mistaken for: beside another, two sentences must tell."""


def _refusals_together(hits: list[Hit]) -> list[Hit]:
    """Not being paid is part of being refused, where a review tells of both."""
    refused = next((hit.issue for hit in hits if hit.issue.key == "claim_denied"), None)
    return [
        replace(hit, issue=refused) if refused and hit.issue.key == "claim_unpaid" else hit
        for hit in hits
    ]


_FAMILIES = (
    "delivery_delay lost_or_wrong_parcel",
    "damaged_in_transit product_quality not_as_described scam_counterfeit",
    "returns_exchanges refunds",
    "service_attitude service_responsiveness order_status",
    "price_value discounts_promotions",
    "website_app account_login",
    "billing_payment privacy_security",
    "sizing_fit",
    "stock_availability",
)


def family(theme: str) -> int:
    """Number of the themes that mean much the same; -1 for one that we have no phrases for."""
    return next((i for i, names in enumerate(_FAMILIES) if theme in names.split()), -1)


def _adds(key: str, other: str, best: dict[str, Hit]) -> bool:
    """A further problem must be of another family and more than a general complaint."""
    if key.startswith("claim_") and other.startswith("claim_"):
        return (key in _ON_THE_WAY) != (other in _ON_THE_WAY)
    if {key, other} in _AT_ODDS:
        return False
    is_other = family(best[key].issue.theme) != family(best[other].issue.theme)
    return is_other and best[key].issue.weight >= GENERAL


_AT_ODDS = (
    {"cancelled_by_shop", "not_shipped"},
    {"cancelled_by_shop", "late_delivery"},
    {"listing_promised", "coin_not_listed"},
)
"""Pairs of which a reply names one only: what was cancelled is not late."""
_ON_THE_WAY = frozenset({"claim_slow", "claim_documents"})
"""Kinds of claim trouble that come before a decision, and may come with one."""


def _problem(hit: Hit, text: str, language: str) -> Problem:
    details = {}
    if language == "en":
        details = details_en.find_details(hit.sentence, hit.near, text)
    return Problem(
        key=hit.issue.key,
        theme=hit.issue.theme,
        details=details,
        quote=None
        if tone.IRONY.search(hit.sentence.lower())
        else quotable(hit.sentence, language, near=hit.near),
    )
