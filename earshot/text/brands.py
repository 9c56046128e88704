"""Which brands a mention speaks of: names, aliases, handles, and words that speak against it.

* A name counts as a whole word, in any case; a name of up to three characters or all in capitals
  counts as it is written ("GAP" is not "gap"). Several words may be joined by a space, hyphen or
  nothing at all in a hashtag (#NorthwindHome). Scripts without spaces have no word boundary.
* A negative keyword within four words of a name, in the same sentence, takes that one occurrence
  away ("apple pie" is no phone). Handles, hashtags, domains and aliases of several words are not
  taken away: they are no accident.
* Mail addresses never count: they belong to a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from earshot.record import Feedback, Kind
from earshot.settings import Brand

_REACH = 4
_SHORT = 3
_SENTENCE_END = re.compile(r"[.!?。！？]\s|\n")
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HASHTAG = re.compile(r"#(\w+)")
_DOMAIN = r"(?=\.(?:com|co|de|fr|es|it|nl|pl|eu|net|org|shop|store|io|app)\b)"


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """One place where a brand is named."""

    brand: str
    start: int
    end: int
    is_certain: bool
    """A handle, hashtag, domain or name of several words: no negative keyword takes it away."""


class Matcher:
    """Finds the brands of the settings in texts."""

    def __init__(self, brands: Iterable[Brand]) -> None:
        self._brands = [(each.key, *_patterns(each)) for each in brands]

    def named(self, text: str) -> dict[str, bool]:
        """Each brand that the text names: `False` where negative keywords took it all away."""
        plain = _plain(text)
        found: dict[str, bool] = {}
        for key, certain, uncertain, negative in self._brands:
            for occurrence in _occurrences(plain, key, certain, uncertain):
                stands = occurrence.is_certain or not _is_taken_away(plain, occurrence, negative)
                found[key] = found.get(key, False) or stands
        return found


def assigner(
    brands: Iterable[Brand], *, only_named: bool = False
) -> Callable[[Feedback], Feedback | None]:
    """A function that gives a mention its brands, or nothing where it concerns none.

    Args:
        brands: all brands of the settings, competitors too.
        only_named: keep a mention only where it names a brand. Otherwise the source's own brand
            stays, as its query or page asked for it, unless negative keywords take it away.
    """
    matcher = Matcher(brands)

    def assign(item: Feedback) -> Feedback | None:
        if item.kind is not Kind.MENTION:
            return item
        found = matcher.named(f"{item.title}\n{item.body}")
        asked = () if only_named else item.brand
        kept = [key for key in asked if found.get(key, True)]
        kept += [key for key, stands in found.items() if stands and key not in kept]
        if not kept:
            return None
        return item if tuple(kept) == item.brand else item.model_copy(update={"brand": tuple(kept)})

    return assign


def _plain(text: str) -> str:
    """Compatibility forms unified, typographic apostrophes plain, mail addresses blanked."""
    unified = unicodedata.normalize("NFKC", text).replace("’", "'")
    blanked = _MAIL.sub(lambda match: " " * len(match.group()), unified)
    return _HASHTAG.sub(lambda match: "#" + _CAMEL.sub("_", match.group(1)), blanked)


def _patterns(brand: Brand) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    names = sorted({brand.name, *brand.aliases}, key=len, reverse=True)
    handles = [_handle(each) for each in brand.handles]
    phrases = [_name(each) for each in names if len(each.split()) > 1]
    singles = [_name(each) for each in names if len(each.split()) == 1]
    tagged = [rf"#(?:\w+_)?{_name(each, in_tag=True)}" for each in names]
    domains = [_name(each) + _DOMAIN for each in names if len(each.split()) == 1]
    words = [rf"(?<!\w)(?i:{re.escape(each)})(?!\w)" for each in brand.negative_keywords]
    return _any(handles + phrases + tagged + domains), _any(singles), _any(words)


def _any(alternatives: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(alternatives) if alternatives else r"(?!)")


def _name(name: str, *, in_tag: bool = False) -> str:
    """A pattern of the name with its boundaries."""
    written = unicodedata.normalize("NFKC", name)
    between = r"[\s_\-]*" if in_tag else r"[\s_\-]+"
    body = between.join(_word(part) for part in written.split())
    if _UNSPACED.search(written):
        return body
    is_exact = len(written) <= _SHORT or (written.isupper() and written.isalpha())
    body = body if is_exact else f"(?i:{body})"
    start = "" if in_tag else r"(?<![\w@])"
    return rf"{start}{body}(?=_|'s\b|(?!\w))"


def _word(part: str) -> str:
    """One word of a name; signs such as & may stand apart."""
    return r"\s?".join(re.escape(each) for each in re.split(r"(&)", part) if each)


def _handle(handle: str) -> str:
    bare = handle.removeprefix("@").removeprefix("u/")
    return rf"(?i:(?<![\w.])(?:@|u/|/u/){re.escape(bare)})(?![\w])"


def _occurrences(
    text: str, key: str, certain: re.Pattern[str], uncertain: re.Pattern[str]
) -> Iterator[Occurrence]:
    for pattern, is_certain in ((certain, True), (uncertain, False)):
        for match in pattern.finditer(text):
            yield Occurrence(brand=key, start=match.start(), end=match.end(), is_certain=is_certain)


def _is_taken_away(text: str, occurrence: Occurrence, negative: re.Pattern[str]) -> bool:
    """Whether a negative keyword stands near, in the same sentence."""
    before = _SENTENCE_END.split(text[: occurrence.start])[-1]
    after = _SENTENCE_END.split(text[occurrence.end :])[0]
    near_before = _tail(before)
    near_after = _head(after)
    return negative.search(f"{near_before} \x00 {near_after}") is not None


def _tail(text: str) -> str:
    words = list(_WORD.finditer(text))
    return text[words[-_REACH].start() :] if len(words) > _REACH else text


def _head(text: str) -> str:
    words = list(_WORD.finditer(text))
    return text[: words[_REACH - 1].end()] if len(words) > _REACH else text
