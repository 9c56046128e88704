"""Which language a review or reply is in; short texts are left undecided."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

_SURE = 0.75
_SHORTEST = 24


@cache
def _detector() -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder  # heavy: models load on first use

    names = "ENGLISH GERMAN FRENCH SPANISH DUTCH ITALIAN PORTUGUESE POLISH SWEDISH DANISH TURKISH"
    languages = [getattr(Language, name) for name in names.split()]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


def detect(text: str) -> str | None:
    """ISO 639-1 code of a text's language, or None where it is too short or unsure."""
    letters = sum(letter.isalpha() for letter in text)
    if letters < _SHORTEST:
        return None
    best = _detector().compute_language_confidence_values(text)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _SURE else None


def language_of(text: str, hint: str | None, *, default: str) -> str:
    """The language to answer in: the stored one, else the detected, else the brand's first."""
    if hint and hint not in ("undetermined", "und"):
        return hint.split("-")[0].split("_")[0].lower()
    return detect(text) or default
