"""What may pass from a review into a reply: letters, digits and simple punctuation, no more."""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(
    r"(?i)\b(?:https?|ftp|mailto|javascript|data|tel|file)\s*:\s*\S*"
    r"|\bwww\.\S+"
    r"|\S+@\S+"
    r"|\b[\w-]+(?:\s?\.\s?[\w-]+)*\.(?:com|net|org|info|biz|io|co|uk|de|fr|es|nl|it|pt|eu|ru|cn"
    r"|xyz|top|shop|app|dev|link|site|online|ly|me|tk|zip|example|test)\b\S*"
)
_CODE = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|```.*?```|`[^`]*`")
_MARK_UP = re.compile(r"[<>{}\[\]|\\`*~_^=;#@]|\(\W|:\w+:|--")
_ENTITY = re.compile(r"[<>{}|\\`~]|&#?\w{1,8};|\]\(|--\s*$|;\s*--")
_HANDLE = re.compile(r"@\s?\w|(?<!\w)[*_]\w[^*_]*\w[*_](?!\w)|:\w+_\w+:")
_MENTION = re.compile(
    r"@\s?\w[\w.-]*|!(?:channel|here|everyone)\b|<[^<>]{0,300}>|&[#\w]{1,12};|:[a-z0-9_+-]{2,32}:"
)
_MASK = re.compile(r"\[[A-Za-z _-]{1,30}\]|<[A-Z_]{2,30}>|\{[^{}]{0,40}\}")
_LONG_NUMBER = re.compile(r"(?:\d[\s-]?){6,}|\b\w*\d{5,}\w*\b")
_ORDER = (
    "ignore", "disregard", "system", "prompt", "instruction", "instructions", "assistant",
    "jailbreak", "pretend", "developer", "override", "execute", "script", "password", "reply with",
    "respond with", "write the", "you must", "output", "channel", "everyone", "here's the link",
)  # fmt: skip
_ORDER_WORDS = re.compile(r"(?i)\b(?:" + "|".join(_ORDER) + r")\b")
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "`": "'", "´": "'"})


def visible(text: str) -> str:
    """The text without control, format (bidi, zero-width) and private characters, NFKC, one line.

    Look-alike wide and mathematical letters become plain ones, so that no rule is evaded by them.
    """
    text = unicodedata.normalize("NFKC", text)
    kept = [
        " " if letter.isspace() else letter
        for letter in text
        if letter.isspace() or unicodedata.category(letter)[0] != "C"
    ]
    return re.sub(r"\s+", " ", "".join(kept).translate(_DASHES)).strip()


def is_tame(text: str) -> bool:
    """Whether a review is free of mark-up, links, mentions, hidden characters and orders.

    Only from a tame review are sentences quoted; from others we take single known words at most.
    """
    if any(not c.isspace() and unicodedata.category(c) in ("Cc", "Cf", "Co") for c in text):
        return False
    seen = visible(text)
    hostile = (_LINK, _CODE, _ENTITY, _MASK, _ORDER_WORDS, _HANDLE)
    return not any(pattern.search(seen) for pattern in hostile)


def plain(text: str) -> str:
    """Visible text without links, mentions, mark-up and masks; what matching works on."""
    text = visible(text)
    text = _LINK.sub(" ", _MASK.sub(" ", _CODE.sub(" ", text)))
    return re.sub(r"\s+", " ", _MENTION.sub(" ", text).replace("#", " ")).strip()


def detail(text: str, *, most: int = 60) -> str | None:
    """A customer's detail that is safe to print in a reply, or None where it is not.

    Only letters, digits, spaces and `' - . , % $ € £ /` inside remain; long numbers, links,
    mentions, mark-up and anything that reads like an order to a machine refuse the detail.
    """
    cleaned = visible(text)
    if _LINK.search(cleaned) or _MENTION.search(cleaned) or _MASK.search(cleaned):
        return None
    if _MARK_UP.search(cleaned) or _LONG_NUMBER.search(cleaned) or _ORDER_WORDS.search(cleaned):
        return None
    cleaned = "".join(c if _is_simple(c) else " " if c == "/" else "" for c in cleaned)
    cleaned = re.sub(r"(?<!\w)'|'(?!\w)", "", cleaned)
    cleaned = re.sub(r"\s+", " ", re.sub(r"\.{2,}|\s\.+|-{2,}", " ", cleaned)).strip(" -'.,/")
    if not 1 < len(cleaned) <= most or _LONG_NUMBER.search(cleaned):
        return None
    return cleaned


def _is_simple(letter: str) -> bool:
    if letter in " '-.,%$€£":
        return True
    category = unicodedata.category(letter)
    if category == "Nd":
        return True
    return category[0] == "L" and _is_latin(letter)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")
