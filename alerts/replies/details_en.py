"""Details in an English customer's own words: the object, how long, for whom, how much."""

from __future__ import annotations

import re
from functools import cache

from alerts.replies.lexicon import word_set, words
from alerts.replies.sanitise import detail

_TOKEN = re.compile(r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9'&-]*")
_NUMBERS = (
    "a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|several|many"
    r"|\d{1,3}(?:\s?(?:-|to|or)\s?\d{1,3})?|a couple of|couple of|a few|few|a whole|half an?|a full"
)
_DURATION = re.compile(
    r"(?:\b(over|more than|almost|nearly|about|at least|around|well over|close to)\s)?"
    rf"\b({_NUMBERS})\+?\s?(?:whole |full |long |business |working |entire )?"
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
_BOUGHT = re.compile(
    r"\b(?:ordered|order|bought|purchased|purchase|buy)\s+"
    r"(?:(?:myself|my \w+|her|him|us)\s)?(?:an?|the|this|these|some|my|two|three|2|3|4)\s"
    r"((?:[A-Za-z'-]+\s){0,3}[A-Za-z'-]+?)"
    r"(?=\s*(?:[.,;:!?(]|$|\s(?:for|from|on|in|and|but|that|which|with|at|through|to|as|"
    r"it|they|i|we"
    r"|back|online|about|last|this|over|because|so|when|who|was|is|were|are|a|the|my|by|around|off"
    r"|direct|directly|via|during|after|before|has|have|had|only|then|almost|nearly|it's|never"
    r"|still|yesterday|today)\b))",
    re.I,
)
_VAGUE = word_set("en", "sets", "vague")
_PLURAL_ONLY = word_set("en", "sets", "plural_only")


def find_details(sentence: str, near: int, text: str) -> dict[str, str]:
    """Details for one problem: from its sentence first, some from the whole text.

    Args:
        sentence: the sentence that tells of the problem, original spelling.
        near: position in it to which amounts and durations should be close.
        text: the whole sanitised review.
    """
    found = {
        "obj": find_object(sentence, near) or find_object(text, 0),
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
        "cond": _phrase(sentence, "conditions") or _phrase(text, "conditions"),
        "promo": _phrase(sentence, "promos"),
        "feat": _phrase(sentence, "features"),
        "coin": _coin(sentence) or _coin(text),
        "where": _where(sentence),
    }
    return {name: value for name, value in found.items() if value}


def is_plural(noun_phrase: str) -> bool:
    """Whether a noun phrase takes a plural verb."""
    head = noun_phrase.split(" of ")[0].split()[-1].lower()
    if head in ("pair", "set", "pack") or head.endswith(("ss", "us")):
        return False
    return head in _PLURAL_ONLY - {"apparel"} or (
        head.endswith("s") and not head.endswith("'s") and head not in ("lens", "glass", "canvas")
    )


@cache
def _heads() -> dict[str, str]:
    table: dict[str, str] = words("en").get("objects", {})
    return {noun: kind for kind, nouns in table.items() for noun in nouns.split()}


def singular(word: str) -> str:
    """The singular of a regular English noun that the object list knows, else the word."""
    lowered = word.lower()
    for ending, instead in (("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ves", "f")):
        stem = lowered.removesuffix(ending) + instead if lowered.endswith(ending) else ""
        if stem in _heads():
            return stem
    return lowered


def find_object(sentence: str, near: int) -> str | None:
    """The thing bought, as a noun phrase without article, closest before or after `near`."""
    phrases = list(_object_phrases(sentence))
    if phrases:
        best = min(phrases, key=lambda item: (_is_small_part(item[1]), abs(item[0] - near)))
        if cleaned := detail(best[1], most=40):
            return cleaned
    for bought in _BOUGHT.finditer(sentence):
        if phrase := _bought_phrase(bought.group(1)):
            return phrase
    return None


_SMALL_PARTS = frozenset({"sticker", "decal", "print", "patch", "pin", "magnet", "flag"})


def _is_small_part(phrase: str) -> bool:
    return singular(phrase.split()[-1]) in _SMALL_PARTS


def _bought_phrase(phrase: str) -> str | None:
    parts = phrase.split()
    if any(part.lower() in _VAGUE or part.lower() in _BLOCKED for part in parts):
        return None
    if any(part.lower().endswith(("ed", "ly", "ing")) for part in parts):
        return None
    return detail(phrase.lower() if phrase.isupper() else phrase, most=40)


_BLOCKED = word_set("en", "sets", "blocked")


def _object_phrases(sentence: str) -> list[tuple[int, str]]:
    tokens = list(_TOKEN.finditer(sentence))
    phrases: list[tuple[int, str]] = []
    for index, token in enumerate(tokens):
        if singular(token.group()) not in _heads() or _is_swallowed(tokens, index, sentence):
            continue
        if _is_verbal(tokens, index) or _is_event(tokens, index):
            continue
        start = index
        while start > 0 and index - start < 3 and _modifies(tokens, start - 1, sentence):
            start -= 1
        part = [word.group() for word in tokens[start : index + 1]]
        if _begins_sentence(tokens[start], sentence) and _is_ordinary(part[0]):
            part[0] = part[0].lower()
        phrases.append((token.start(), _tidy(" ".join(part))))
    return phrases


def _is_swallowed(tokens: list[re.Match[str]], index: int, sentence: str) -> bool:
    """A noun that only modifies the next one ("phone number", "gift card") is no object."""
    if index + 1 >= len(tokens):
        return False
    following = tokens[index + 1]
    if sentence[tokens[index].end() : following.start()] != " ":
        return False
    return following.group().lower() in word_set("en", "sets", "swallowing") or (
        singular(following.group()) in _heads()
    )


_EVENTS = frozenset({"super bowl", "world cup", "stanley cup", "rose bowl"})
_VERBAL_HEADS = word_set("en", "sets", "verbal_heads")
_DETERMINERS = word_set("en", "sets", "determiners")


def _is_verbal(tokens: list[re.Match[str]], index: int) -> bool:
    """Ambiguous nouns ("top", "card", "phone") count only after an article and a purchase word."""
    if tokens[index].group().lower() not in _VERBAL_HEADS:
        return False
    before = [token.group().lower() for token in tokens[max(0, index - 7) : index]]
    if not before or not (set(before[-3:]) & _DETERMINERS):
        return True
    bought = {"ordered", "bought", "purchased", "received", "buy", "order", "got", "sent", "vase"}
    return not (set(before) & bought) or tokens[index].group().lower() in {"card", "phone"}


def _is_event(tokens: list[re.Match[str]], index: int) -> bool:
    """Whether a noun is part of an event's name ("Super Bowl"), which nobody buys."""
    pair = " ".join(token.group().lower() for token in tokens[max(0, index - 1) : index + 1])
    return pair in _EVENTS


def _modifies(tokens: list[re.Match[str]], index: int, sentence: str) -> bool:
    token, following = tokens[index], tokens[index + 1]
    if sentence[token.end() : following.start()] != " ":
        return False
    word = token.group().lower()
    if word in word_set("en", "modifiers") or (
        singular(word) in _heads() and word not in _DETERMINERS
    ):
        return True
    is_name = token.group()[0].isupper() and not token.group().isupper() and token.start() > 0
    return (
        is_name
        and word not in _BLOCKED | _DETERMINERS
        and not sentence[: token.start()].rstrip().endswith((".", "!", "?", ":"))
    )


def _begins_sentence(token: re.Match[str], sentence: str) -> bool:
    before = sentence[: token.start()].rstrip()
    return not before or before.endswith((".", "!", "?", ":"))


def _is_ordinary(word: str) -> bool:
    return singular(word) in _heads() or word.lower() in word_set("en", "modifiers")


def _tidy(phrase: str) -> str:
    return phrase.lower() if phrase.isupper() and len(phrase) > 3 else phrase


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
        if _NOT_A_WAIT.search(after) or not _BEFORE_WAIT.search(before):
            continue
        if not _AGO.search(after) and not re.search(r"(?:for|after|over|been|took|in)\s*$", before):
            continue
        hits.append((abs(match.start() - near), _wait_words(match)))
    return min(hits)[1] if hits else None


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
    found = _PERCENT.search(sentence)
    return f"{found.group(1)} %" if found else None


def _ordinal(sentence: str) -> str | None:
    found = _ORDINAL.search(sentence)
    return _ORDINALS.get(found.group(1).lower(), found.group(1).lower()) if found else None


def _wash(sentence: str) -> str | None:
    found = _WASH.search(sentence)
    if not found:
        return None
    number = (found.group(1) or "").lower()
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
    for token in _TOKEN.finditer(sentence):
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
    for token in _TOKEN.finditer(sentence):
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
    for token in _TOKEN.finditer(sentence):
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
