"""From a review to what went wrong, in the customer's own detail, without a language model.

Sentences are matched against the lexicon of the review's language; the issue that tells most
wins, the tagger's negative themes weigh in, and details (object, waiting time, occasion …) are
taken from the sentence that tells of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from alerts.replies import details_en
from alerts.replies.lexicon import (
    Issue,
    circumstances,
    domains,
    issues,
    normalised,
    sentences,
    word_set,
)
from alerts.replies.points import find_points
from alerts.replies.records import Point, Problem, ReviewForReply, Understanding
from alerts.replies.sanitise import detail, is_tame, plain
from alerts.replies.trades import is_in_trade, trade_of
from alerts.replies.wording import words_of

_THEME_BOOST = 0.9
_SECOND_WEIGHT = 2.6
_REPEATED = 0.4
_CONTRAST = re.compile(
    r"\b(?:but|however|though|although|except|only (?:complaint|issue|problem|thing|downside)"
    r"|unfortunately|wish|sadly|aber|leider|jedoch|mais|malheureusement|pero|lamentablemente|maar"
    r"|helaas|però|purtroppo|ma|mas|infelizmente|yet|apart from|shame|pity|would be (?:nice|better)"
    r"|could be better|needs?)\b"
)
_IRONY = re.compile(
    r"\b(?:great job|good job|nice job|well done|bravo|congrat\w*|thanks (?:a lot )?for nothing"
    r"|slow clap|what a (?:joy|treat|surprise|delight)|how (?:nice|lovely|wonderful|thoughtful)"
    r"|kudos|impressive|brilliant(?:ly)?|genius|just what i (?:needed|wanted)|love how|love that"
    r"|love waiting|love (?:it )?when|so glad|lucky me|thrilled|a masterclass|masterpiece|fantastic"
    r"|amazing|wonderful|truly|perfect(?:ly)?|excellent|award|five stars for|10/10 for|gold medal"
    r"|toll gemacht|super gemacht|danke für nichts|glückwunsch|merci pour rien|gracias por nada"
    r"|bedankt voor niets|grazie di niente|obrigad[oa] por nada)\b|🙄|👏"
    r"|\bgreat\b[^.]{0,25}\bif you"
)
_GOOD = re.compile(
    r"\b(?:love|like|enjoy|glad|happy|pleased|great|good|nice|excellent|perfect|beautiful"
    r"|recommend|best|thank|amazing|fantastic|awesome|easy|smooth|quick|helpful|satisfied|"
    r"toll|super"
    r"|gut|zufrieden|bien|parfait|excelente|bueno|goed|mooi|ottimo|bello|bom|ótimo|muito bom)\b"
)
_NEGATED = re.compile(
    r"\b(?:no|not|n't|never|any|without) (?:\w+ )?(?:issue|problem|complaint|delay|bug|trouble"
    r"|hassle|hidden|crash|error)s?\b|\b(?:wasn't|isn't|not) (?:late|broken|damaged|rude|"
    r"expensive)\b"
)


_CLAUSES = re.compile(
    r",?\s(?:and|but|however|though|then|und|aber|et|mais|y|pero|en|maar|e|ma|mas)\s|[,;:]\s"
)
_SHORTEST_CLAUSE = 12


@dataclass(frozen=True, kw_only=True)
class _Hit:
    issue: Issue
    sentence: str
    position: int
    near: int
    score: float


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
    hits = [
        hit
        for hit in _hits(review, parts, language, is_sarcastic=is_sarcastic)
        if is_in_trade(trade_of(hit.issue.key, hit.issue.theme), trades)
    ]
    problems = _problems(hits, text, language) or _from_themes(review, parts, text, language)
    if not is_tame(review.whole_text):
        problems = tuple(_wary(problem) for problem in problems)
    pleased = _is_high(review) and not is_sarcastic
    praise = None
    if not is_sarcastic and (review.stars is None or review.stars >= 3):
        praise = find_praise(parts, language)
    return Understanding(
        language=language,
        problems=problems,
        remark=None
        if problems or is_sarcastic or not is_tame(review.whole_text)
        else _remark(parts, language),
        circumstances=_circumstances(parts, language),
        points=() if pleased else _points(parts, language, problems, trades),
        words=words_of(text),
        praise=praise,
        is_sarcastic=is_sarcastic,
        is_negative=is_negative or bool(problems and not _is_high(review)),
        is_unclear=is_negative and not problems,
    )


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
    return not _GOOD.search(text.lower())


def _is_sarcastic(review: ReviewForReply, parts: list[str], language: str) -> bool:
    """Praise in words and a complaint in substance, by rating or in the same breath."""
    text = " ".join(parts).lower()
    if not _IRONY.search(text) and not _IRONY.search(review.text):
        return False
    if review.stars is not None:
        return review.stars <= 2
    return any(_matches(sentence, language) for sentence in parts)


def _matches(sentence: str, language: str) -> list[tuple[Issue, int]]:
    """Issues that a sentence, or one clause of it taken alone, tells of, and where."""
    folded = normalised(sentence)
    if _NEGATED.search(folded) and not _CONTRAST.search(folded):
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


def _hits(
    review: ReviewForReply, parts: list[str], language: str, *, is_sarcastic: bool
) -> list[_Hit]:
    negative = {t.key: t.probability for t in review.themes if t.sentiment == "negative"}
    pleased = _is_high(review) and not is_sarcastic
    whole = normalised(" ".join(parts))
    impossible = _impossible_themes(whole, language)
    hits = []
    for position, sentence in enumerate(parts):
        if pleased and not _complains(sentence, parts[:position]):
            continue
        for issue, near in _matches(sentence, language):
            if issue.theme in impossible or not issue.fits(whole):
                continue
            boost = _THEME_BOOST * negative.get(issue.theme, 0.0)
            early = 0.5 if position == 0 else 0.3 if position < 3 else 0.0
            hits.append(
                _Hit(
                    issue=issue,
                    sentence=sentence,
                    position=position,
                    near=near,
                    score=issue.weight + boost + early,
                )
            )
    return hits


def _impossible_themes(review: str, language: str) -> frozenset[str]:
    """Themes that a review of an insurer or a trading app cannot mean, unless it names goods."""
    goods = details_en.find_object(review, 0) if language == "en" else None
    if goods and details_en.singular(goods.split()[-1]) not in word_set("en", "sets", "no_goods"):
        return frozenset()
    found = [without for words, without in domains(language) if words.search(review)]
    return frozenset().union(*found)


def _complains(sentence: str, before: list[str]) -> bool:
    """In a good review only a sentence with a turn in it, or right after one, complains."""
    if _CONTRAST.search(sentence.lower()):
        return True
    return bool(before) and bool(
        re.search(
            r"\b(?:only|one) (?:complaint|issue|problem|thing|downside)\b", before[-1].lower()
        )
    )


def _problems(hits: list[_Hit], text: str, language: str) -> tuple[Problem, ...]:
    """Best hit of each issue, repeated mentions counting a little; two problems at most."""
    totals: dict[str, float] = {}
    best: dict[str, _Hit] = {}
    for hit in hits:
        key = hit.issue.key
        totals[key] = max(totals.get(key, 0.0), hit.score) + (_REPEATED if key in totals else 0.0)
        if key not in best or hit.score > best[key].score:
            best[key] = hit
    chosen: list[str] = []
    for key in sorted(best, key=lambda k: (-totals[k], best[k].position)):
        if _adds(key, chosen, best):
            chosen.append(key)
        if len(chosen) == 2:
            break
    return tuple(_problem(best[key], totals[key], text, language) for key in chosen)


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


def _family(theme: str) -> int:
    return next((i for i, names in enumerate(_FAMILIES) if theme in names.split()), -1)


def _adds(key: str, chosen: list[str], best: dict[str, _Hit]) -> bool:
    """A further problem must be of another family and more than a general complaint."""
    if not chosen:
        return True
    family = _family(best[key].issue.theme)
    taken = {_family(best[other].issue.theme) for other in chosen}
    return family not in taken and best[key].issue.weight >= _SECOND_WEIGHT


def _problem(hit: _Hit, score: float, text: str, language: str) -> Problem:
    details = {}
    if language == "en":
        details = details_en.find_details(hit.sentence, hit.near, text)
    return Problem(
        key=hit.issue.key,
        theme=hit.issue.theme,
        details=details,
        quote=None
        if _IRONY.search(hit.sentence.lower())
        else quotable(hit.sentence, language, near=hit.near),
        score=score,
    )


def _from_themes(
    review: ReviewForReply, parts: list[str], text: str, language: str
) -> tuple[Problem, ...]:
    """What the tagger knows where the lexicon finds nothing: a theme and the telling sentence."""
    negative = [t for t in review.themes if t.sentiment == "negative"]
    known = [t for t in negative if _family(t.key) >= 0]
    if not known or _is_high(review):
        return ()
    theme = max(known, key=lambda t: t.probability)
    longest = max(parts, key=len, default="")
    details = details_en.find_details(longest, 0, text) if language == "en" else {}
    quote = quotable(longest, language, near=0)
    return (Problem(key=theme.key, theme=theme.key, details=details, quote=quote, score=1.0),)


def _circumstances(parts: list[str], language: str) -> tuple[str, ...]:
    folded = [normalised(part) for part in parts]
    return tuple(
        circumstance.key
        for circumstance in circumstances(language)
        if any(circumstance.find(part) is not None for part in folded)
    )


def _remark(parts: list[str], language: str) -> str | None:
    """The most telling sentence that can be quoted: the longest of the first three."""
    told = [
        part for part in parts[:3] if not part.rstrip().endswith("?") and _regrets(part, language)
    ]
    quotes = [quotable(part, language, near=0) for part in told]
    return max((quote for quote in quotes if quote), key=len, default=None)


_REGRET = re.compile(
    r"n't\b|\b(?:not|never|no|nothing|nobody|none|without|too|only|worst|bad|terrible|horrible|awful"
    r"|poor|hate|sucks?|useless|wast\w+|charg\w+|fees?|scam|lie[sd]?|lying|disappoint\w*|problem"
    r"|issue|error|fail\w*|wrong|slow|late|still|difficult|hard|impossible|ridiculous|garbage|trash"
    r"|cannot|cant|wont|dont|doesnt|unable|keeps?|trying|tried|stop)\b"
)


def _regrets(sentence: str, language: str) -> bool:
    """Whether an English sentence complains by its words; others are not looked at."""
    return language != "en" or bool(_REGRET.search(sentence.lower()))


_STAFF_NAME = re.compile(
    r"\b(?:named|name is|called|rep|agent|representative|mr|mrs|ms|manager|supervisor)\.? [A-Z]"
)
_CUT = re.compile(
    r",\s|\s-\s|:\s|\s(?=(?:and|but|because|so|which|even though|although|then|und|aber|et|mais|y"
    r"|pero|en|maar|e|ma|mas)\s)"
)


def quotable(sentence: str, language: str, *, near: int, most: int = 90) -> str | None:
    """A sentence, or whole clauses of it in other languages than English, to quote in public.

    Nothing with insults, accusations, names of staff, links or numbers that could identify.
    """
    fragment = _around(sentence.rstrip(".!?… "), near, most)
    if language == "en" and len(sentence.rstrip(".!?… ")) > most:
        return None
    if not fragment or _STAFF_NAME.search(sentence) or len(fragment.split()) < 5:
        return None
    cleaned = detail(fragment, most=most)
    if cleaned is None:
        return None
    if {word.strip("'.,").lower() for word in cleaned.split()} & word_set("en", "never"):
        return None
    if cleaned.isupper() or sum(c.isupper() for c in cleaned) > len(cleaned) * 0.3:
        cleaned = cleaned.lower()
    return cleaned


def _around(sentence: str, near: int, most: int) -> str:
    """The clauses around a position, whole ones only, as many as fit."""
    edges = [0, *(match.end() for match in _CUT.finditer(sentence)), len(sentence)]
    spans = [(a, b) for a, b in pairwise(edges) if b > a]
    at = next((i for i, (a, b) in enumerate(spans) if a <= near < b), 0)
    first = last = at
    if not spans or spans[at][1] - spans[at][0] > most:
        return ""
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= most:
        last += 1
    while first > 0 and spans[last][1] - spans[first - 1][0] <= most:
        first -= 1
    fragment = sentence[spans[first][0] : spans[last][1]].strip(" ,:-")
    return re.sub(
        r"^(?:and|but|because|so|which|then|or)\s|\s(?:and|but|because|so|which|then|or|the|"
        r"a|to|of)$",
        "",
        fragment,
        flags=re.I,
    )


def find_praise(parts: list[str], language: str) -> str | None:
    """What the customer liked, as "the colour"; None where nothing is praised plainly."""
    if language != "en":
        return None
    liked = word_set("en", "praised")
    good = word_set("en", "praised", "adjectives")
    for sentence in parts:
        folded = normalised(sentence)
        if re.search(r"\b(?:not|n't|never|no|used to|was (?:great|good) until|would)\b", folded):
            folded = re.split(r"\b(?:but|however|though|although|except)\b", folded)[0]
            if re.search(r"\b(?:not|n't|never|no|used to|would|until)\b", folded):
                continue
        if found := _praised(folded.split(), liked, good):
            return found
    return None


def _praised(tokens: list[str], liked: frozenset[str], good: frozenset[str]) -> str | None:
    clean = [token.strip(".,!?;:()\"'") for token in tokens]
    for index, word in enumerate(clean):
        is_thing = word in liked or details_en.singular(word) in details_en._heads()
        if not is_thing:
            continue
        before, after = clean[max(0, index - 3) : index], clean[index + 1 : index + 5]
        praises = set(before) & (good | {"love", "loved", "like", "liked", "enjoy", "adore"})
        copula = after[:1] and after[0] in ("is", "are", "was", "were", "looks", "look", "works")
        if praises or (copula and set(after[1:4]) & good):
            noun = "the customer service" if word == "service" and "customer" in before else word
            return noun if noun.startswith("the ") else f"the {noun}"
    return None
