"""Details in an English customer's own words: how long, for whom, how much, where."""

from __future__ import annotations

import re

from alerts.replies.lexicon import word_set, words
from alerts.replies.objects_en import TOKEN, find_object, only_object

_NUMBERS = (
    "a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|many"
    r"|\d{1,3}(?:\s?(?:-|to|or)\s?\d{1,3})?|a couple of|couple of|a few|few|a whole|half an?|a full"
)
_DURATION = re.compile(
    r"(?:\b(over|more than|almost|nearly|about|at least|around|well over|close to)\s)?"
    rf"(?<![\d.,])\b({_NUMBERS})\+?\s?(?:whole |full |long |business |working |entire )?"
    r"(minutes?|mins?|hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?)\b",
    re.I,
)
_NOT_A_WAIT = re.compile(
    r"^\s?(?:of age|old|warranty|policy|guarantee|return|in advance|customer|free|shipping|delivery"
    r"|-)|^\s?(?:before|prior)",
    re.I,
)
_BEFORE_WAIT = re.compile(
    r"(?:after|for|been|over|waited|waiting|wait|took|take|taken|takes|taking|in|spent|past|last"
    r"|now|already|late by|had|almost|nearly|than|about|hold|is|was|it's|its|of|to|least|around"
    r"|and|,|\.|^)\s*$",
    re.I,
)
_AGO = re.compile(
    r"^\s?(?:ago|later|late|now|since|and|with|to|still|,|\.|!|\?|$|for|of|on|before)"
)
_AMOUNT = re.compile(r"(?<![\w.])([$£€]\s?\d{1,5}(?:[.,]\d{1,3})*)(?![\d%])")
_PERCENT = re.compile(
    r"(?<![\w.])(\d{1,3}(?:\.\d+)?)\s?(?:%|percent\b)(?! ?(?:reimburs|cover|off|of|deduct|rate|co))"
)
_ORDINAL = re.compile(r"\b(second|third|fourth|fifth|2nd|3rd|4th|5th) time\b", re.I)
_ORDINALS = {"2nd": "second", "3rd": "third", "4th": "fourth", "5th": "fifth"}
_WASH = re.compile(
    r"\b(?:(one|two|three|four|five|first|1st|single|second|couple|few|1|2|3|4|5)(?: of)? )?"
    r"wash(es|ing|ed)?\b",
    re.I,
)
_STATE = re.compile(
    r"\b(broken|damaged|smashed|shattered|cracked|dented|chipped|crushed|bent|ripped|torn"
    r"|scratched|in pieces)\b",
    re.I,
)


def find_details(sentence: str, near: int, text: str) -> dict[str, str]:
    """Details for one problem: from its sentence first, some from the whole text.

    Args:
        sentence: the sentence that tells of the problem, original spelling.
        near: position in it to which amounts and durations should be close.
        text: the whole sanitised review.
    """
    found = {
        "obj": find_object(sentence, near) or only_object(text),
        "dur": _duration(sentence, near),
        "amt": _nearest(_AMOUNT, sentence, near),
        "pct": _percent(sentence),
        "cnt": _ordinal(sentence) or _ordinal(text),
        "wash": _wash(sentence) or _wash(text),
        "state": _state(sentence),
        "part": _listed(sentence, "parts"),
        "occ": _occasion(sentence) or _occasion(text),
        "who": _person(sentence) or _person(text),
        "courier": _courier(sentence),
        "your_pet": _pet(sentence) or _pet(text),
        "cond": _phrase(sentence, "conditions"),
        "promo": _phrase(sentence, "promos"),
        "feat": _phrase(sentence, "features"),
        "coin": _coin(sentence) or _coin(text),
        "where": _where(sentence),
    }
    return {name: value for name, value in found.items() if value}


def _nearest(pattern: re.Pattern[str], sentence: str, near: int) -> str | None:
    hits = [(abs(m.start() - near), m.group(1)) for m in pattern.finditer(sentence)]
    if not hits:
        return None
    return min(hits)[1].replace(" ", "").rstrip(".,")


def _duration(sentence: str, near: int) -> str | None:
    hits = []
    for match in _DURATION.finditer(sentence):
        before, after = sentence[: match.start()], sentence[match.end() :]
        if "year" in match.group(3).lower() and "wait" not in before.lower():
            continue
        if re.search(r"\b(?:again in|(?:was|were|am|is|'m) past) $", before.lower()):
            continue
        if _NOT_A_WAIT.search(after) or not _BEFORE_WAIT.search(before):
            continue
        if not _AGO.search(after) and not re.search(r"(?:for|after|over|been|took|in)\s*$", before):
            continue
        hits.append((abs(match.start() - near), _wait_words(match)))
    return hits[0][1] if len({wait for _, wait in hits}) == 1 else None


_LONG_UNITS = {"min": "minute", "hr": "hour", "wk": "week", "yr": "year"}


def _wait_words(match: re.Match[str]) -> str:
    about, number, unit = (part.lower() if part else "" for part in match.groups())
    stem = unit.removesuffix("s")
    stem = _LONG_UNITS.get(stem, stem)
    number = {"couple of": "a couple of", "few": "a few"}.get(number, number)
    number = {"a": "a", "an": "an", "one": "one", "1": "one"}.get(number, number)
    is_one = number in ("a", "an", "one", "a whole", "a full", "half a", "half an")
    return " ".join(part for part in (about, number, stem if is_one else f"{stem}s") if part)


def _percent(sentence: str) -> str | None:
    found = set(_PERCENT.findall(sentence))
    return f"{found.pop()} %" if len(found) == 1 else None


def _ordinal(sentence: str) -> str | None:
    found = _ORDINAL.search(sentence)
    return _ORDINALS.get(found.group(1).lower(), found.group(1).lower()) if found else None


def _wash(sentence: str) -> str | None:
    found = _WASH.search(sentence)
    if not found:
        return None
    number = (found.group(1) or "").lower()
    if re.match(r"(?: \w+){0,2} once\b", sentence[found.end() :], re.I):
        return "one wash"
    if number in ("one", "first", "1st", "single", "1"):
        return "one wash"
    if number in ("couple", "few"):
        return f"a {number} of washes" if number == "couple" else "a few washes"
    return f"{number} washes" if number and number != "second" else "washing"


def _state(sentence: str) -> str | None:
    found = _STATE.search(sentence)
    return found.group(1).lower() if found else None


def _listed(sentence: str, table: str) -> str | None:
    wanted = word_set("en", table)
    for token in TOKEN.finditer(sentence):
        if token.group().lower() in wanted:
            return token.group().lower()
    return None


def _phrase(sentence: str, table: str) -> str | None:
    choices = str(words("en").get(table, {}).get("words", ""))
    found = re.search(rf"\b(?:{choices})\b", sentence, re.I) if choices else None
    return found.group().lower() if found else None


def _occasion(sentence: str) -> str | None:
    lowered = sentence.lower()
    table: dict[str, str] = words("en").get("occasions", {})
    for name, shown in table.items():
        if re.search(rf"\b{re.escape(name)}\b", lowered):
            return shown
    return None


def _person(sentence: str) -> str | None:
    found = re.search(
        r"\b(?:for|to|fits?|gift for|on) (?:my|our) (?:\w+ )?(" + _joined("people") + r")\b",
        sentence,
        re.I,
    )
    return f"your {found.group(1).lower()}" if found else None


def _joined(table: str) -> str:
    return "|".join(sorted(word_set("en", table), key=len, reverse=True))


def _courier(sentence: str) -> str | None:
    names: dict[str, str] = words("en").get("couriers", {}).get("names", {})
    for token in TOKEN.finditer(sentence):
        if token.group().lower() in names and (token.group() != "ups"):
            return names[token.group().lower()]
    return None


def _pet(sentence: str) -> str | None:
    found = re.search(
        r"\b(?:my|our) (?:(?:\w+|\d+)[ -]){0,4}?(" + _joined("pets") + r")s?\b", sentence, re.I
    )
    if not found:
        return None
    name = found.group(1).lower()
    return "your dog" if name in word_set("en", "pets", "generic") else f"your {name}"


def _coin(sentence: str) -> str | None:
    table: dict[str, str] = words("en").get("coins", {})
    for token in TOKEN.finditer(sentence):
        if shown := table.get(token.group().lower()):
            return shown
    return None


def _where(sentence: str) -> str | None:
    lowered = sentence.lower()
    table: dict[str, str] = words("en").get("where", {})
    for pattern, shown in table.items():
        if re.search(pattern, lowered):
            return shown
    return None
