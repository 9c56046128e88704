"""Telling a text that was copied under several products from one that many people wrote."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LEAST_LETTERS = 40
"""Shorter texts ("Great product, fast delivery!") are alike by chance."""

_NOTE = re.compile(r"^\s*\[[^\]]{0,160}\]")
_NOT_WORD = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """Letters and digits only, case folded: what stays the same when a text is copied.

    A leading note in brackets ("[This review was collected as part of a promotion.]") is what
    syndicating shops add, so it does not count.
    """
    bare = _NOTE.sub("", text)
    if not bare.isascii():
        bare = unicodedata.normalize("NFKC", bare)
    return _NOT_WORD.sub("", bare.casefold())


def copy_key(body: str) -> bytes | None:
    """16 bytes that equal texts share, or nothing where the text is too short to tell."""
    if len(body) < LEAST_LETTERS:
        return None
    letters = normalised(body)
    if len(letters) < LEAST_LETTERS:
        return None
    return hashlib.blake2b(letters.encode(), digest_size=16).digest()


def content_hash(title: str, body: str, rating: float | None, scale: float | None) -> bytes:
    """16 bytes that change exactly when the customer changed the text or the rating."""
    stars = "" if rating is None else f"{rating:g}/{scale or 0:g}"
    written = f"{title}\x1f{body}\x1f{stars}"
    return hashlib.blake2b(written.encode(), digest_size=16).digest()
