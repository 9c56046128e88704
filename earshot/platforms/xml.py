"""XML answers: whole or not at all, and no entities from outside."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from earshot.errors import RetryLater, StopSource
from earshot.platforms.answers import check, refusal_in
from earshot.platforms.base import Answer

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_END = re.compile(rb"</(?:\w+:)?(?:feed|rss|RDF)\s*>\s*(?:<!--.*?-->\s*)*$", re.S)


def root_of(answer: Answer) -> Any:
    """The root element.

    Raises:
        RetryLater: the document is empty or cut off.
        StopSource: it is a page instead of a feed.
    """
    check(answer)
    body = _CONTROL.sub(b"", _from_utf16(answer.body)).strip()
    place = answer.url.split("?", 1)[0]
    if (what := refusal_in(body)) or re.match(rb"<!doctype html|<html", body, re.I):
        raise StopSource(
            f"expected a feed, found {what or 'a page'} at {place}: look at it by hand"
        )
    if body.startswith((b"{", b"[")):
        raise StopSource(f"expected a feed, found JSON at {place}: correct the address")
    root = _parsed(body)
    if root is None:
        raise RetryLater(
            f"expected a whole feed, found {len(body)} bytes that end early at {place}: "
            "the call is repeated later"
        )
    return root


def _from_utf16(body: bytes) -> bytes:
    """UTF-16 as UTF-8: half of its bytes look like control characters."""
    if body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return body
    text = body.decode("utf-16", "replace")
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode()


def _parsed(body: bytes) -> Any:
    try:
        return etree.fromstring(body, _parser(recover=False))
    except etree.XMLSyntaxError:
        pass
    if not _END.search(body):
        return None
    for encoded in (body, _in_utf8(body)):
        root = etree.fromstring(encoded, _parser(recover=True))
        if root is not None:
            return root
    return None


def _in_utf8(body: bytes) -> bytes:
    """The document with its bytes read as Windows-1252: its declared encoding was wrong."""
    text = body.decode("cp1252", "replace")
    return re.sub(r"^<\?xml[^>]*\?>", "", text).encode()


def _parser(*, recover: bool) -> Any:
    return etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )


def local(element: Any) -> str:
    """The name of an element without its namespace; comments have none."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def child(element: Any, *names: str) -> Any:
    """The first child with one of the names, in any namespace."""
    return next((each for each in element if local(each) in names), None)


def children(element: Any, *names: str) -> list[Any]:
    """All children with one of the names, in any namespace."""
    return [each for each in element if local(each) in names]


def words(element: Any) -> str:
    """All text inside an element; nothing for no element."""
    return "" if element is None else "".join(element.itertext())
