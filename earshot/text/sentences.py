"""Sentences, and clauses where a sentence turns, so that each says one thing about few things."""

from __future__ import annotations

import re

from earshot.text.cleaning import has_content

MAX_CHARACTERS = 240
"""Longest piece: about 60 tokens, near the length that the model was trained on."""

MIN_WORDS = 2
"""A clause shorter than this stays with its neighbour."""

_TURNS = {
    "en": r"but|however|although|though|except that|whereas",
    "de": r"aber|jedoch|allerdings|obwohl|sondern|leider",
    "fr": r"mais|cependant|par contre|pourtant|toutefois|en revanche",
    "es": r"pero|sin embargo|aunque|en cambio|lo malo",
    "it": r"ma|però|tuttavia|purtroppo|anche se",
    "pt": r"mas|porém|no entanto|contudo|embora",
    "nl": r"maar|echter|helaas|hoewel",
    "hi": r"लेकिन|मगर|परंतु|पर",
    "ar": r"لكن|ولكن|إلا أن|غير أن",
}
_TURN = {
    code: re.compile(rf"(?:[,;:–—-]\s*|\s)(?=(?:{words})\b)", re.I)
    for code, words in _TURNS.items()
}
_PAUSE = re.compile(r"(?<=[,;:،؛।])\s+|\s+[–—-]+\s+")
_AND = re.compile(
    r"\s+(?=(?:and|und|et|y|e|en|और|و|because|so|then|which|weil|parce|porque)\s)", re.I
)
_EMOJI = (
    "[\u2600-\u27bf\U0001f000-\U0001faff]"
    "[\u200d\ufe0f\u2600-\u27bf\U0001f000-\U0001faff\U0001f3fb-\U0001f3ff\\s]*"
)
_AFTER_EMOJI = re.compile(rf"({_EMOJI})(?=[^\W_])")
_STOPS = re.compile(r"(?<=[.!?…])\s*(?=[A-ZÄÖÜ][a-z]+\s)|(?<=[!?…])\s+(?=\w)")
_GLUED = re.compile(r"(?<=[a-z]{2}[.!?])(?=[A-Z][a-z]+\s)")
_MIN_BEFORE_EMOJI = 3


def sentences(text: str, language: str = "en") -> list[str]:
    """Split a cleaned text into short pieces in reading order; nothing but blanks is lost.

    Boundaries come from sentencex by the language's rules, then from line ends, runs of emoji
    that end a thought, and turning words ("but", "aber", "mais"); a piece that is still longer
    than MAX_CHARACTERS is split at a comma, at "and", at a blank, or as a last resort anywhere.
    """
    code = language if language in _TURN else "en"
    pieces = [
        piece
        for line in text.split("\n")
        for sentence in _segment(line, code)
        for thought in _after_emoji(sentence)
        for clause in _clauses(thought, code)
        for piece in _short(clause)
    ]
    return _with_content(pieces)


def _segment(line: str, code: str) -> list[str]:
    if not line.strip():
        return []
    import sentencex

    found = [str(part).strip() for part in sentencex.segment(code, _GLUED.sub(" ", line))]
    return [part for part in found if part]


def _after_emoji(sentence: str) -> list[str]:
    """Split behind emoji that follow at least three words: there they stand for a full stop."""
    if sentence.isascii():
        return [sentence]
    parts: list[str] = []
    start = 0
    for run in _AFTER_EMOJI.finditer(sentence):
        if len(sentence[start : run.start()].split()) >= _MIN_BEFORE_EMOJI:
            parts.append(sentence[start : run.end()].strip())
            start = run.end()
    return [*parts, sentence[start:].strip()]


def _clauses(sentence: str, code: str) -> list[str]:
    return _joined(_TURN[code].split(sentence)) if _TURN[code].search(sentence) else [sentence]


def _joined(parts: list[str]) -> list[str]:
    """Parts with those that are too short to say something put back to the one before."""
    clauses: list[str] = []
    for part in (part.strip() for part in parts):
        is_short = len(part.split()) <= MIN_WORDS
        if clauses and (is_short or len(clauses[-1].split()) < MIN_WORDS):
            clauses[-1] = f"{clauses[-1]} {part}"
        elif part:
            clauses.append(part)
    return clauses


def _short(clause: str) -> list[str]:
    if len(clause) <= MAX_CHARACTERS:
        return [clause]
    for boundary in (_STOPS, _PAUSE, _AND):
        parts = _packed([part for part in boundary.split(clause) if part and part.strip()])
        if len(parts) > 1:
            return [piece for part in parts for piece in _short(part)]
    return _packed(_words(clause))


def _words(clause: str) -> list[str]:
    """Blank-separated words, those longer than a whole piece cut: a megabyte of one letter."""
    return [
        word[at : at + MAX_CHARACTERS]
        for word in clause.split()
        for at in range(0, len(word), MAX_CHARACTERS)
    ]


def _packed(parts: list[str]) -> list[str]:
    """Neighbouring parts joined as long as they fit into one piece."""
    packed: list[str] = []
    for part in parts:
        if packed and len(packed[-1]) + 1 + len(part) <= MAX_CHARACTERS:
            packed[-1] = f"{packed[-1]} {part}"
        else:
            packed.append(part)
    return packed


def _with_content(pieces: list[str]) -> list[str]:
    """Pieces of punctuation or emoji alone go to the sentence before; the rest stay."""
    kept: list[str] = []
    for piece in (piece.strip() for piece in pieces):
        is_wordless = not any(character.isalnum() for character in piece)
        if kept and is_wordless and len(kept[-1]) + len(piece) < MAX_CHARACTERS:
            kept[-1] = f"{kept[-1]} {piece}"
        elif has_content(piece):
            kept.append(piece)
    return kept
