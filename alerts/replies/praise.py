"""What a customer liked, so that a reply can say that it was read."""

from __future__ import annotations

import re

from alerts.replies import objects_en
from alerts.replies.lexicon import normalised, word_set


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
        is_thing = word in liked or objects_en.singular(word) in objects_en.heads()
        if not is_thing:
            continue
        before, after = clean[max(0, index - 3) : index], clean[index + 1 : index + 5]
        praises = set(before) & (good | {"love", "loved", "like", "liked", "enjoy", "adore"})
        copula = after[:1] and after[0] in ("is", "are", "was", "were", "looks", "look", "works")
        if praises or (copula and set(after[1:4]) & good):
            noun = "the customer service" if word == "service" and "customer" in before else word
            return noun if noun.startswith("the ") else f"the {noun}"
    return None
