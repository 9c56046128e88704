"""Text as Slack shows it: made harmless, shortened with a mark, numbers and times in words.

Customers' words pass through `clean` and stand in rich-text elements, which Slack never parses.
Where they must stand in mrkdwn (fall-back text, headlines) they pass through `escape` as well.
Source: docs.slack.dev/messaging/formatting-message-text ("Escaping text").
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

_WORD_JOINER = "\u2060"
_LOOK_ALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ", "|": "¦"})
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_MENTION_OR_EMOJI = re.compile(r"(@(?=\w)|:(?=[\w+-]+:))")
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{6,20}")
_SLACK_GROUP = re.compile(r"S[A-Z0-9]{6,20}")
_MOST_MARKS = 3
_KEPT_FORMATS = {"\u200d"}
"""The zero-width joiner inside emoji sequences; alone it shows nothing and hides nothing."""


def clean(text: str) -> str:
    """One line without control, bidi, zero-width and private characters or towers of accents."""
    kept: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFC", text):
        category = unicodedata.category(letter)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if letter.isspace():
            kept.append(" ")
        elif (category[0] != "C" or letter in _KEPT_FORMATS) and marks <= _MOST_MARKS:
            kept.append(letter)
    return re.sub(r" +", " ", "".join(kept)).strip()


def escape(text: str) -> str:
    """Cleaned text that mrkdwn shows as it is: no mention, link, emoji code or formatting."""
    safe = clean(text).translate(_LOOK_ALIKES)
    safe = _EDGE_UNDERSCORE.sub("ˍ", safe)
    safe = _MENTION_OR_EMOJI.sub(rf"\1{_WORD_JOINER}", safe)
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, most: int) -> str:
    """The text, or its beginning up to a word's end and "…"; never longer than `most`."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at_word = head.rsplit(" ", 1)[0]
    return (at_word if len(at_word) > most // 2 else head).rstrip(" ,;:") + "…"


def gist(title: str, body: str, most: int) -> str:
    """Title and beginning of a review as one cleaned line; a title that the body repeats is out."""
    head, rest = clean(title).rstrip("…").rstrip(" .:"), clean(body)
    is_repeated = not head or rest.lower().startswith(head.lower())
    return shorten(rest if is_repeated or not rest else f"{head}: {rest}", most) or head


def label(text: str, most: int = 80) -> str:
    """Escaped text of at most `most` characters before escaping: for names and short phrases."""
    return escape(shorten(clean(text), most))


def safe_url(url: str | None) -> str | None:
    """The address if it is plain http(s) with a host, percent-encoded for mrkdwn; else None."""
    if not url or len(url) > 2000:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        return None
    return quote(url.strip(), safe=":/?#[]!$&'()+,;=%~-._")


def link(url: str | None, label: str) -> str:
    """A mrkdwn link, or the bare label where the address is not safe."""
    address = safe_url(url)
    return f"<{address.replace('&', '&amp;')}|{escape(label)}>" if address else escape(label)


def person(actor: str | None) -> str:
    """A Slack user or group id as a mention, any other name as plain text."""
    name = actor or "nobody"
    if _SLACK_USER.fullmatch(name):
        return f"<@{name}>"
    if _SLACK_GROUP.fullmatch(name):
        return f"<!subteam^{name}>"
    return label(name)


def stars(rating: float | None) -> str:
    """★★☆☆☆ for 2 of 5; empty where nothing was rated."""
    if rating is None:
        return ""
    full = min(5, max(0, int(rating + 0.5)))
    return "★" * full + "☆" * (5 - full)


def stars_spoken(rating: float | None) -> str:
    """What a screen reader should say instead of the stars."""
    return "not rated" if rating is None else f"{rating:g} of 5 stars"


def number(value: float) -> str:
    """1,204 · 3 · 0.4: whole from ten on, one digit below, nothing after a whole number."""
    rounded = round(value, 1) if abs(value) < 10 else round(value)
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:.1f}"


def counted(items: int, noun: str) -> str:
    """Such as "1 complaint" or "1,204 complaints": the noun is given in the plural."""
    one = noun[:-1] if noun.endswith("s") else noun
    return f"{items:,} {one if items == 1 else noun}"


def percent(share: float) -> str:
    """A share of one as a whole percentage."""
    return f"{round(share * 100)} %"


def odds(probability: float | None) -> str:
    """Such as "1 in 4 million", from a probability by chance."""
    if probability is None:
        return "not computed"
    if probability <= 1e-12:
        return "below 1 in a trillion"
    ratio = 1 / probability
    for size, name in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if ratio >= size:
            return f"1 in {ratio / size:.0f} {name}"
    return f"1 in {ratio:.0f}"


def day_and_time(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Such as "07:12", "yesterday 18:22", "14 March 06:00"; with the year if another."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return f"yesterday {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%B}{year} {local:%H:%M}"


def duration(seconds: float) -> str:
    """Such as "38 min", "5 h", "3 days"."""
    if seconds < 5400:
        return f"{max(1, round(seconds / 60))} min"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h"
    days = round(seconds / 86400)
    return f"{days} days" if days > 1 else "1 day"
