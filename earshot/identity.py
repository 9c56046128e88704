"""Who wrote it and which text it is, without keeping anybody's name."""

from __future__ import annotations

import hashlib
import hmac
from array import array

_NOBODY = frozenset(
    {
        "", "-", "--", ".", "?", "n/a", "na", "none", "null", "nil", "unknown", "undefined",
        "anonymous", "anonymous user", "anonymous customer", "anonym", "anonyme", "anonymer nutzer",
        "anónimo", "anonimo", "anônimo", "anoniem", "guest", "guest user", "gast", "invité",
        "invitado", "user", "a user", "a google user", "google user", "ein google-nutzer",
        "un utilisateur de google", "un utilisateur google", "un usuario de google",
        "um usuário do google", "un utente google", "een google-gebruiker", "facebook user",
        "facebook-nutzer", "customer", "a customer", "amazon customer", "amazon-kunde",
        "client d'amazon", "cliente amazon", "kindle customer", "verified buyer",
        "verified customer", "verified purchaser", "verified reviewer", "consumer", "buyer",
        "reviewer", "kunde", "kundin", "client", "cliente", "klant", "[deleted]", "deleted",
        "deleted user", "[removed]", "removed", "private", "private user", "hidden", "no name",
        "name withheld", "privater nutzer", "nan",
    }
)  # fmt: skip


def is_nobody(name: str | None) -> bool:
    """Whether a name is empty or one that a platform gives to anybody."""
    return name is None or " ".join(name.split()).casefold() in _NOBODY


def author_key(platform: str, author_id: str | None, *, key: bytes) -> str | None:
    """The pseudonym under which an author's texts belong together.

    Args:
        platform: separates authors of the same name on two platforms.
        author_id: the platform's id of the author, or the name where there is none.
        key: secret of the installation; another key gives unrelated pseudonyms.

    Returns:
        32 hexadecimal digits of HMAC-SHA256 (RFC 2104), or nothing for nobody in particular.
    """
    if author_id is None or is_nobody(author_id):
        return None
    message = f"{platform}\x1f{author_id.strip()}".encode("utf-8", "replace")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def made_id(
    *, product: str, author: str | None, published: str | None, ordinal: int = 0, body: str = ""
) -> str:
    """An external id for a text to which its platform gives none.

    The body takes part only where author and date are both missing, so that an edit or a move
    to another page stays the same text.

    Args:
        product: identity of the product: sku, gtin or canonical URL without the page.
        author: name or id as the platform writes it.
        published: publish time in a form that does not change from crawl to crawl.
        ordinal: position among texts that are equal in all of these, oldest first.
        body: text of the review.
    """
    return digest(identity_parts(product=product, author=author, published=published, body=body),
                  ordinal)  # fmt: skip


def identity_parts(*, product: str, author: str | None, published: str | None, body: str) -> str:
    """What tells a text without an id from others, but for the ordinal among equals."""
    who = "" if author is None or is_nobody(author) else " ".join(author.split())
    parts = [product.strip(), who, published or ""]
    if not who and not published:
        parts.append(" ".join(body.split()))
    return "\x1f".join(parts)


def digest(parts: str, ordinal: int) -> str:
    """The id made of identity parts and the ordinal."""
    written = f"{parts}\x1f{ordinal}".encode("utf-8", "replace")
    return "made-" + hashlib.sha256(written).hexdigest()[:32]


class Ordinals:
    """Counts equals in a stream of any length in 16 to 32 bytes a key.

    Open addressing over 64-bit hashes; what occurs twice or more has its count beside it. Two
    different keys share a hash once in 10^19 pairs; then one gets the ordinal 1 for 0.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 1024))
        self._used = 0
        self._repeats: dict[int, int] = {}

    def next(self, key: str) -> int:
        """How many equal keys came before this one."""
        encoded = key.encode("utf-8", "replace")
        hashed = int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little") or 1
        if self._add(hashed):
            return 0
        self._repeats[hashed] = self._repeats.get(hashed, 0) + 1
        return self._repeats[hashed]

    def _add(self, hashed: int) -> bool:
        slots, mask = self._slots, len(self._slots) - 1
        place = hashed & mask
        while slots[place]:
            if slots[place] == hashed:
                return False
            place = (place + 1) & mask
        slots[place] = hashed
        self._used += 1
        if self._used * 2 > len(slots):
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(16 * len(old)))
        self._used = 0
        for hashed in old:
            if hashed:
                self._add(hashed)
