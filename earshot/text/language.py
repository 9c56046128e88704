"""Which language a text is in, without refusing what is merely short, misspelt or full of names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

UNDETERMINED = "undetermined"
SUPPORTED = ("en", "de", "fr", "es", "it", "pt", "nl", "hi", "ar")

_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl")
_CERTAIN_LETTERS = 25
_CERTAIN_WORDS = 5
_SAMPLE_CHARACTERS = 1_000
_REFUSE_ABOVE = 0.8
"""Confidence in all unsupported languages together that is positive evidence …"""
_REFUSE_SUPPORTED_BELOW = 0.08
"""… if every supported language has less than this, and few words are known to one."""
_ACCEPT_ABOVE = 0.45
_KNOWN_WORD_SHARE = 0.12

_FUNCTION_WORDS = {
    "en": "the and to is it of for i you my not this that in with have but was they are on so very"
    " good great app best love easy use all just me no be your can can't don't it's i'm from or"
    " if get money like nice what when how had has been them there more would will an at after"
    " now trying still please fix bad worst time app account we our never ever only really",
    "de": "der die das und ist nicht ich es ein eine zu mit sehr auf den von für aber war sie wir"
    " auch nur noch man mir bei gut dem im habe hat wie oder schon immer nach wird kein keine",
    "fr": "le la les et est je pas de un une des pour que qui en très mais vous nous avec dans ce"
    " sur bien plus du au il elle sont mon ma c'est j'ai tout cette aussi ne a été bon",
    "es": "el la los las y es no de que en un una por muy pero con para me se lo mi su más como"
    " todo bien está ya al del buena bueno son fue si cuando porque esta este he yo les",
    "it": "il la le gli e è non di che un una per molto ma con mi si lo più come tutto bene ho"
    " sono anche del della da dei nel ottimo questo questa ottima ha al se stato",
    "pt": "o a os as e é não de que um uma para por muito mas com me se do da no na meu minha mais"
    " como bom boa está foi eu já ele isso ao são tem em ótimo só fazer",
    # Hindi as it is typed in Latin letters.
    "hi": "hai hain nahi nahin ka ki ke ko se mein bhi kya aur ho kar raha rahe rahi tha thi hum"
    " tum aap mera meri mere yeh ye woh wo bahut bohot accha acha paisa paise karo karne liye toh"
    " koi sab jo jab tak ek apne apni kuch kyu kyon hi par hota gaya diya",
    "nl": "de het een en is niet van ik dat te voor maar met zeer op in je was ze wij heel goed"
    " ook er aan zijn heb wel geen bij nog mijn naar dit als al om deze erg",
}
_WORDS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOT_PROSE = re.compile(r"https?://\S+|www\.\S+|[@#]\w+|\S+@\S+|\[[a-z ]{3,20}\]")

_SCRIPTS = (
    ("Arab", 0x0600, 0x06FF), ("Arab", 0x0750, 0x077F), ("Arab", 0xFB50, 0xFDFF),
    ("Arab", 0xFE70, 0xFEFC), ("Deva", 0x0900, 0x097F), ("Cyrl", 0x0400, 0x052F),
    ("Grek", 0x0370, 0x03FF), ("Hebr", 0x0590, 0x05FF), ("Beng", 0x0980, 0x09FF),
    ("Guru", 0x0A00, 0x0A7F), ("Gujr", 0x0A80, 0x0AFF), ("Taml", 0x0B80, 0x0BFF),
    ("Telu", 0x0C00, 0x0C7F), ("Knda", 0x0C80, 0x0CFF), ("Mlym", 0x0D00, 0x0D7F),
    ("Sinh", 0x0D80, 0x0DFF), ("Thai", 0x0E00, 0x0E7F), ("Geor", 0x10A0, 0x10FF),
    ("Armn", 0x0530, 0x058F), ("Ethi", 0x1200, 0x137F), ("Khmr", 0x1780, 0x17FF),
    ("Jpan", 0x3040, 0x30FF), ("Hani", 0x3400, 0x9FFF), ("Kore", 0xAC00, 0xD7AF),
    ("Kore", 0x1100, 0x11FF), ("Latn", 0x0041, 0x024F), ("Latn", 0x1E00, 0x1EFF),
)  # fmt: skip
_SCRIPT_OF_LANGUAGE = {
    "Thai": "th", "Jpan": "ja", "Hani": "zh", "Kore": "ko", "Grek": "el", "Hebr": "he",
    "Beng": "bn", "Guru": "pa", "Gujr": "gu", "Taml": "ta", "Telu": "te", "Knda": "kn",
    "Mlym": "ml", "Sinh": "si", "Geor": "ka", "Armn": "hy", "Ethi": "am", "Khmr": "km",
    "Cyrl": "ru",
}  # fmt: skip
_SCRIPT_PROOF_LETTERS = 2
_OTHER_SCRIPT_SHARE = 0.6

_IDENTIFIED = (
    "ENGLISH GERMAN FRENCH SPANISH ITALIAN PORTUGUESE DUTCH HINDI ARABIC POLISH CZECH SLOVAK"
    " SWEDISH DANISH BOKMAL FINNISH HUNGARIAN ROMANIAN CROATIAN SLOVENE ALBANIAN LITHUANIAN"
    " LATVIAN ESTONIAN TURKISH AZERBAIJANI INDONESIAN VIETNAMESE TAGALOG SWAHILI SOMALI YORUBA"
    " RUSSIAN UKRAINIAN BULGARIAN SERBIAN PERSIAN URDU MARATHI"
)


@dataclass(frozen=True, kw_only=True)
class Language:
    """The verdict on one text."""

    code: str
    """ISO 639-1 code, or `undetermined`."""
    is_supported: bool = True
    """False only on positive evidence of a language that the tagger cannot read."""


def language_of(text: str, hint: str | None = None) -> Language:
    """The language of a cleaned text.

    Args:
        text: cleaned text; its first thousand characters decide.
        hint: BCP 47 tag that the platform gives, else the source's locale. Short or uncertain
            text takes it where it names a supported language, and is `undetermined` otherwise.
    """
    prose = _NOT_PROSE.sub(" ", text[:_SAMPLE_CHARACTERS])
    if not prose.isascii():
        script, share, letters = _main_script(prose)
        if script != "Latn" and share >= _OTHER_SCRIPT_SHARE and letters >= _SCRIPT_PROOF_LETTERS:
            return _of_script(script, prose)
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(prose)]
    known = _known_words(words)
    best, hits = known[0]
    if hits >= 3 and hits >= 1.5 * known[1][1] and hits >= 0.2 * len(words):
        return Language(code=best)
    if len(words) < _CERTAIN_WORDS or sum(map(len, words)) < _CERTAIN_LETTERS:
        return _from_hint(hint)
    return _identified(" ".join(words), hits / len(words), hint)


def supported_code(hint: str | None) -> str | None:
    """`en` for `en`, `en-GB` or `en_US`; None where the tag names no supported language."""
    code = re.split(r"[-_]", (hint or "").strip().lower())[0]
    return code if code in SUPPORTED else None


def _from_hint(hint: str | None) -> Language:
    return Language(code=supported_code(hint) or UNDETERMINED)


def _known_words(words: list[str]) -> list[tuple[str, int]]:
    hits = {code: sum(word in known for word in words) for code, known in _WORDS.items()}
    return sorted(hits.items(), key=lambda pair: -pair[1])


def _main_script(text: str) -> tuple[str, float, int]:
    """The script of most letters, its share of all letters, and their number."""
    counts = Counter(_script(letter) for letter in text if letter.isalpha())
    if not counts:
        return "Latn", 0.0, 0
    if counts["Jpan"]:
        counts["Jpan"] += counts.pop("Hani", 0)
    script, number = counts.most_common(1)[0]
    return script, number / counts.total(), number


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    point = ord(letter)
    for script, low, high in _SCRIPTS:
        if low <= point <= high:
            return script
    return "Zyyy"


def _of_script(script: str, text: str) -> Language:
    """Script alone decides, except among the languages that share the Arabic or Nagari letters."""
    if script in ("Arab", "Deva"):
        home = "ar" if script == "Arab" else "hi"
        ranked = _confidences(text)
        if len(text) >= _CERTAIN_LETTERS and _is_other(ranked):
            return Language(code=ranked[0][0], is_supported=False)
        return Language(code=home)
    if script in ("Latn", "Zyyy"):
        return Language(code=UNDETERMINED)
    code = _SCRIPT_OF_LANGUAGE[script]
    if script == "Cyrl":
        code = next((found for found, _ in _confidences(text)), code)
    return Language(code=code, is_supported=False)


def _identified(text: str, known_share: float, hint: str | None) -> Language:
    ranked = _confidences(text)
    if not ranked:
        return _from_hint(hint)
    code, confidence = ranked[0]
    supported, own = next(((c, p) for c, p in ranked if c in SUPPORTED), (UNDETERMINED, 0.0))
    if code in SUPPORTED:
        return Language(code=code) if confidence >= _ACCEPT_ABOVE else _from_hint(hint)
    if known_share < _KNOWN_WORD_SHARE and _is_other(ranked):
        return Language(code=code, is_supported=False)
    return _from_hint(hint) if hint or own < _ACCEPT_ABOVE else Language(code=supported)


def _is_other(ranked: list[tuple[str, float]]) -> bool:
    """Whether the identifier is sure that none of the supported languages is meant."""
    own = [confidence for code, confidence in ranked if code in SUPPORTED]
    is_sure = 1.0 - sum(own) >= _REFUSE_ABOVE and max(own, default=0.0) < _REFUSE_SUPPORTED_BELOW
    return bool(ranked) and is_sure


def _confidences(text: str) -> list[tuple[str, float]]:
    """ISO 639-1 codes with confidences, best first, from lingua's small models (about 40 MB)."""
    return [
        (value.language.iso_code_639_1.name.lower(), value.value)
        for value in _identifier().compute_language_confidence_values(text)
        if value.value > 0
    ]


@lru_cache(maxsize=1)
def _identifier() -> Any:
    import lingua

    chosen = [getattr(lingua.Language, name) for name in _IDENTIFIED.split()]
    return lingua.LanguageDetectorBuilder.from_languages(*chosen).with_low_accuracy_mode().build()
