"""Rules of the guard on what a reply is about: products, animals, coins and people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from alerts.replies import objects_en
from alerts.replies.guard_case import Case
from alerts.replies.lexicon import read_toml, word_set, words
from alerts.replies.records import Finding
from alerts.replies.sanitise import plain, visible

_AMBIGUOUS = word_set("en", "sets", "ambiguous")
_YOUR_NOUN = r"(?<!round )\b(?:your|the|that|our)\s+((?:[\w'-]+\s){0,2}?)(%s)(?:e?s)?\b"


def wrong_product(case: Case) -> Iterator[Finding]:
    """A product, coin or animal that the review is not about."""
    about = f"{case.review.whole_text} {case.review.product or ''}".lower()
    text = re.sub(r'"[^"\n]{0,200}"', '""', case.own)
    for product in case.facts.products:
        if product.lower() in text.lower() and not _is_about(product, about):
            yield _other_product(product)
            return
    heads = [noun for noun in objects_en.heads() if noun not in _AMBIGUOUS]
    nouns = "|".join(sorted(map(re.escape, heads), key=len, reverse=True))
    known = {objects_en.singular(token) for token in re.findall(r"[\w'-]+", plain(about))}
    approved = " ".join(policy.wording for policy in case.facts.policy).lower()
    for found in re.finditer(_YOUR_NOUN % nouns, text, re.I):
        noun = objects_en.singular(found.group(2))
        if noun not in known and noun not in approved and not _same_kind(noun, known):
            yield _other_product(found.group().strip())
            return
    yield from _other_things(text, about)


def _is_about(product: str, about: str) -> bool:
    return any(word in about for word in product.lower().split() if len(word) > 2)


_KINDS = (
    {"shirt", "tshirt", "t-shirt", "tee", "top", "jersey", "polo"},
    {"hat", "cap", "beanie"},
    {"hoodie", "hoody", "sweatshirt", "sweater", "jumper", "pullover"},
    {"throw", "blanket", "quilt", "duvet"},
    {"cushion", "pillow"},
    {"mug", "cup", "tumbler"},
    {"pants", "trousers", "jeans"},
    {"shoe", "sneaker", "trainer", "boot"},
)


def _same_kind(noun: str, known: set[str]) -> bool:
    return any(noun in kind and kind & known for kind in _KINDS)


_DOGS = "dog|pup|pet|retriever|poodle|terrier|shepherd|chihuahua|maltipoo|labrador|beagle"
_PETS = {
    "dog": _DOGS,
    "puppy": "pup|dog",
    "cat": "cat|kitt",
    "kitten": "kitt|cat",
    "horse": "horse",
    "rabbit": "rabbit",
}


def _other_things(text: str, about: str) -> Iterator[Finding]:
    coins: dict[str, str] = words("en").get("coins", {})
    for shown in sorted(set(coins.values())):
        names = [name for name, value in coins.items() if value == shown] + [shown.lower()]
        if re.search(rf"\b{re.escape(shown)}\b", text) and not any(name in about for name in names):
            yield _other_product(shown)
            return
    for pet, kin in _PETS.items():
        if re.search(rf"\byour {pet}s?\b", text, re.I) and not re.search(kin, about):
            yield _other_product(f"your {pet}")
            return


def _other_product(span: str) -> Finding:
    return Finding(rule="wrong_product", span=span[:60], reason="is not what this review is about")


_NAME = r"([A-ZÀ-Þ][a-zà-ÿ'-]{1,20}(?:\s[A-ZÀ-Þ][a-zà-ÿ'-]{1,20})?)"
_GREETING = re.compile(
    rf"(?m)^\s*(?:(?:[Hh]i|[Hh]ello|[Dd]ear|[Hh]ey|[Gg]ood (?:morning|day|evening)|[Hh]allo|"
    rf"[Ll]iebe[rs]?|"
    rf"[Ss]ehr geehrte[r]? (?:Frau|Herr)|[Bb]onjour|[Cc]h[eè]re?|[Hh]ola|[Ee]stimad[oa]|"
    rf"[Bb]este|[Gg]eachte|[Cc]iao|"
    rf"[Gg]entile|[Oo]lá|[Cc]aro|[Cc]ara|[Pp]rezad[oa]|[Tt]hank you|[Tt]hanks|[Ss]orry)(?: "
    rf"(?:Mr|Mrs|Ms|Miss|Dr|Frau|Herr|Mme|M|Sr|Sra)\.?)?)[, ]+{_NAME}\s*[,!.:]"
)
_PERSON = re.compile(
    rf"\b(?:[Mm]y name is|I am|I'm|[Tt]his is|[Oo]ur colleagues?|[Mm]y colleagues?|[Aa]sk "
    rf"for|[Ss]peak (?:to|with)|[Cc]ontact|[Cc]all|[Mm]anagers?|"
    rf"[Aa]gents?|[Rr]epresentatives?|[Dd]irector|CEO|[Tt]old by|[Mm]r\.?|[Mm]rs\.?|[Mm]s\.?|"
    rf"[Dd]r\.?|[Ss]incerely|[Rr]egards|[Bb]est|[Cc]heers|[Yy]ours"
    rf"|Herr|Frau|Kollegin|Kollege|Monsieur|Madame|Señor|Señora|Signor|Signora|mevrouw|"
    rf"meneer),?\s+{_NAME}"
)
_LAST_LINE = re.compile(rf"(?:^|[\n.!?]\s*|[-–—]\s?){_NAME}\s*(?:,[^\n.!?]{{0,60}})?\s*$")
_NO_NAMES = word_set("en", "sets", "no_names")


def invented_names(case: Case) -> Iterator[Finding]:
    """Names of people that neither facts, review nor platform know."""
    known = f"{case.facts.wording} {case.facts.brand} {' '.join(case.known_names)}".lower()
    known += " " + visible(case.review.whole_text).lower()
    for pattern in (_GREETING, _PERSON, _LAST_LINE):
        for found in pattern.finditer(case.text):
            name = found.group(1)
            parts = [part.lower().removesuffix("'s") for part in name.split()]
            unknown = [p for p in parts if p not in _NO_NAMES and not _stands_in(p, known)]
            if unknown and parts[0] not in _NO_NAMES and not _is_common(parts[0], case.language):
                yield Finding(
                    rule="invented_name",
                    span=name,
                    reason="is a name that neither the facts file nor the review gives",
                )
                return


def _stands_in(word: str, text: str) -> bool:
    return bool(re.search(rf"\b{re.escape(word)}\b", text))


@cache
def _stock_words(language: str) -> frozenset[str]:
    content = str(read_toml("phrases", language)).lower()
    return frozenset(re.findall(r"[^\W\d_]+", content))


def _is_common(word: str, language: str) -> bool:
    """Ordinary words that only stand at the start of a sentence."""
    return word in _stock_words(language) or word in word_set("en", "praised")
