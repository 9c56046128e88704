"""One convention for ratings: a number and the highest one possible, as the platform counts.

Half stars stay halves and ten-point scales stay ten-point: what compares platforms is
`Feedback.stars`. Words ("FIVE"), drawn stars and "4,5 von 5" are read; nothing else is guessed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from earshot.errors import SkipRecord

_WORDS = {"zero": 0.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0,
          "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0}  # fmt: skip
_NONE = {"", "null", "none", "n/a", "star_rating_unspecified"}
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_OF = re.compile(_NUMBER + r"\s*(?:/|out of|of|von|sur|de|di|su|van|av|på|z|/)\s*" + _NUMBER, re.I)
_STARS_LAST = re.compile(r"^5つ星のうち\s*" + _NUMBER)
_PERCENT = re.compile(r"^" + _NUMBER + r"\s*%$")
_LEADING = re.compile(
    r"^" + _NUMBER + r"(?:\s*(?:stars?|sterne?n?|étoiles?|estrellas?|stelle)?)$", re.I
)


class Rating(NamedTuple):
    """A rating in the platform's own unit; both are `None` where nothing was rated."""

    value: float | None
    scale: float | None


NOT_RATED = Rating(None, None)


def read(value: object, *, scale: float = 5.0) -> Rating:
    """A rating in any of the platforms' forms.

    Args:
        value: a number, text, or nothing.
        scale: the highest rating, where the value does not say.

    Raises:
        SkipRecord: there is a value, and it is no rating or above its scale.
    """
    if value is None or isinstance(value, bool):
        return NOT_RATED
    if isinstance(value, int | float):
        return _checked(float(value), scale, value)
    written = str(value).strip()
    if written.lower() in _NONE:
        return NOT_RATED
    found = _written(written, scale)
    if found is None:
        raise SkipRecord(f"expected a rating, found {written[:40]!r}", field="rating")
    return _checked(found[0], found[1], value)


def _written(written: str, scale: float) -> tuple[float, float] | None:
    word = written.lower().removesuffix(" stars").removesuffix(" star")
    if word in _WORDS:
        return _WORDS[word], scale
    if (match := _STARS_LAST.match(written)) is not None:
        return _float(match.group(1)), 5.0
    if (match := _OF.search(written)) is not None:
        return _float(match.group(1)), _float(match.group(2))
    if (match := _PERCENT.match(written)) is not None:
        return _float(match.group(1)), 100.0
    if (match := _LEADING.match(written)) is not None:
        return _float(match.group(1)), scale
    return _drawn(written)


def _drawn(written: str) -> tuple[float, float] | None:
    """Drawn stars (★★★½☆): full and half ones of as many as are drawn, at least five."""
    drawn = re.sub(r"[\s️]", "", written)
    if not drawn or not set(drawn) <= set("★⭐☆✩✮⯨½"):
        return None
    full = sum(drawn.count(star) for star in "★⭐")
    half = sum(drawn.count(star) for star in "½⯨✮") * 0.5
    return full + half, max(5.0, float(len(drawn)))


def _float(written: str) -> float:
    return float(written.replace(",", "."))


def _checked(value: float, scale: float, seen: object) -> Rating:
    if not 0.0 <= value <= scale:
        raise SkipRecord(f"expected a rating of 0 to {scale:g}, found {seen!r}", field="rating")
    return Rating(value, scale)
