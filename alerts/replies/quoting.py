"""Which sentence of a review may be quoted in public, and how much of it."""

from __future__ import annotations

import re
from itertools import pairwise

from alerts.replies.lexicon import word_set
from alerts.replies.sanitise import detail


def remark(parts: list[str], language: str) -> str | None:
    """The most telling sentence that can be quoted: the longest of the first three."""
    told = [
        part
        for part in parts[:3]
        if not part.rstrip().endswith("?") and regrets(part, language) and not _WARNING.search(part)
    ]
    quotes = [quotable(part, language, near=0) for part in told]
    return max((quote for quote in quotes if quote), key=len, default=None)


_REGRET = re.compile(
    r"n't\b|\b(?:not|never|no|nothing|nobody|none|without|too|only|worst|bad|terrible|horrible|awful"
    r"|poor|hate|sucks?|useless|wast\w+|charg\w+|fees?|scam|lie[sd]?|lying|disappoint\w*|problem"
    r"|issue|error|fail\w*|wrong|slow|late|still|difficult|hard|impossible|ridiculous|garbage|trash"
    r"|cannot|cant|wont|dont|doesnt|unable|keeps?|trying|tried|stop)\b"
)


def regrets(sentence: str, language: str) -> bool:
    """Whether an English sentence complains by its words; others are not looked at."""
    return language != "en" or bool(_REGRET.search(sentence.lower()))


_WARNING = re.compile(
    r"^(?:please )?(?:do not|don'?t|never|stay|keep|save|avoid|beware|run|look|go|buyers?)\b"
    r"(?! (?:received?|got|arrived|came|had|sent|heard|again))",
    re.I,
)
"""What is said to other customers reads oddly when we quote it."""
_STAFF_NAME = re.compile(
    r"\b(?:named|name is|called|rep|agent|representative|mr|mrs|ms|manager|supervisor)\.? [A-Z]"
)


def staff_is_named(sentence: str) -> bool:
    """Whether a sentence names somebody who works for us."""
    return bool(_STAFF_NAME.search(sentence))


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
    if not fragment or staff_is_named(sentence) or len(fragment.split()) < 5:
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
