"""Text as its reader sees it: HTML remains, control and invisible characters taken out."""

from __future__ import annotations

import re
from html import unescape
from unicodedata import category, normalize

MAX_CHARACTERS = 10_000
"""What follows is not read by the tagger: no platform's limit is higher, and cost stays bounded."""

_HIDDEN_ELEMENT = re.compile(
    r"<(script|style|template)\b[^>]{0,500}>.*?(?:</\1\s*>|\Z)", re.I | re.S
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_BREAK = re.compile(
    r"</?(?:p|br|div|li|ul|ol|tr|table|blockquote|pre|h[1-6])(?:\s[^<>]{0,500})?\s*/?>", re.I
)
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|body|center|cite|code|dd|dl|dt|em|font|head|hr|html|i|img|iframe|ins|del"
    r"|kbd|link|mark|meta|q|s|small|span|strike|strong|sub|sup|svg|td|th|tbody|thead|title|tt|u"
    r"|video|audio|source|button|input|form|label|section|article|header|footer|main|nav|aside"
    r"|figure|figcaption|path)(?:\s[^<>]{0,500})?\s*/?>",
    re.I,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.I)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_STRETCHED = re.compile(r"(\S)\1{3,}")


def clean(text: str) -> str:
    """Visible text in NFC, one line per paragraph, at most MAX_CHARACTERS long.

    Known HTML tags go, unknown `<words>` and "a < b" stay. Characters repeated more than three
    times are shortened to three. The result of hidden content alone is the empty string.
    """
    text = text[: 8 * MAX_CHARACTERS]
    if "<" in text:
        text = _without_tags(text)
    if "&" in text:
        text = _without_tags(_ENTITY.sub(lambda entity: unescape(entity[0]), text))
    if not text.isascii():
        text = _INVISIBLE.sub("", _SURROGATE.sub("", normalize("NFC", _SURROGATE.sub("", text))))
    text = _STRETCHED.sub(r"\1\1\1", _CONTROL.sub(" ", text))
    text = _LINES.sub("\n", _SPACES.sub(" ", text)).strip()
    return text[:MAX_CHARACTERS].rstrip()


def has_content(text: str) -> bool:
    """Whether there is anything to read: a letter, a digit or a symbol such as an emoji."""
    return any(character.isalnum() or category(character) == "So" for character in text)


def has_words(text: str) -> bool:
    """Whether there is a letter or digit; emoji alone carry sentiment but no theme."""
    return any(character.isalnum() for character in text)


def whole_text(title: str, body: str) -> str:
    """Title and body as one cleaned text; a title that the body begins with is not said twice."""
    title, body = clean(title), clean(body)
    start = title.rstrip("….! ").casefold()
    if not start or body.casefold().startswith(start):
        return body or title
    if not body:
        return title
    return f"{title}\n{body}"[:MAX_CHARACTERS].rstrip()


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _COMMENT.sub(" ", _HIDDEN_ELEMENT.sub(" ", text))
    return _TAG.sub("", _BREAK.sub("\n", text))
