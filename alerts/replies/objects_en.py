"""The thing that an English customer bought, found in their own words."""

from __future__ import annotations

import re
from functools import cache

from alerts.replies.lexicon import word_set, words
from alerts.replies.sanitise import detail

TOKEN = re.compile(r"[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9'&-]*")
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


def is_plural(noun_phrase: str) -> bool:
    """Whether a noun phrase takes a plural verb."""
    head = noun_phrase.split(" of ")[0].split()[-1].lower()
    if head in ("pair", "set", "pack") or head.endswith(("ss", "us")):
        return False
    return head in _PLURAL_ONLY - {"apparel"} or (
        head.endswith("s") and not head.endswith("'s") and head not in ("lens", "glass", "canvas")
    )


@cache
def heads() -> dict[str, str]:
    """Nouns of things that are sold, singular, and the kind that each belongs to."""
    table: dict[str, str] = words("en").get("objects", {})
    return {noun: kind for kind, nouns in table.items() for noun in nouns.split()}


def singular(word: str) -> str:
    """The singular of a regular English noun that the object list knows, else the word."""
    lowered = word.lower()
    for ending, instead in (("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ves", "f")):
        stem = lowered.removesuffix(ending) + instead if lowered.endswith(ending) else ""
        if stem in heads():
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


def only_object(text: str) -> str | None:
    """The thing that a whole review is about; None where it names things of several kinds."""
    named = {singular(phrase.split()[-1]) for _, phrase in _object_phrases(text)}
    return find_object(text, 0) if len(named) <= 1 else None


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
    tokens = list(TOKEN.finditer(sentence))
    phrases: list[tuple[int, str]] = []
    for index, token in enumerate(tokens):
        if singular(token.group()) not in heads() or _is_swallowed(tokens, index, sentence):
            continue
        if _is_verbal(tokens, index) or _is_event(tokens, index) or _is_packing(tokens, index):
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
    if following.group().lower() in word_set("en", "modifiers") and index + 2 < len(tokens):
        return singular(tokens[index + 2].group()) in heads() and (
            sentence[following.end() : tokens[index + 2].start()] == " "
        )
    return following.group().lower() in word_set("en", "sets", "swallowing") or (
        singular(following.group()) in heads()
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


_PACKING = frozenset({"plastic", "poly", "paper", "shipping", "padded"})


def _is_packing(tokens: list[re.Match[str]], index: int) -> bool:
    """Whether a bag or box is what something came in and not what was bought."""
    return (
        index > 0
        and tokens[index - 1].group().lower() in _PACKING
        and (singular(tokens[index].group()) in ("bag", "box", "envelope"))
    )


def _modifies(tokens: list[re.Match[str]], index: int, sentence: str) -> bool:
    token, following = tokens[index], tokens[index + 1]
    if sentence[token.end() : following.start()] != " ":
        return False
    word = token.group().lower()
    if word in word_set("en", "modifiers") or (
        singular(word) in heads() and word not in _DETERMINERS
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
    return singular(word) in heads() or word.lower() in word_set("en", "modifiers")


def _tidy(phrase: str) -> str:
    return phrase.lower() if phrase.isupper() and len(phrase) > 3 else phrase
