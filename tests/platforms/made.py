"""Crawls for the tests of faults that have no golden file: answers by hand."""

from __future__ import annotations

import json
from typing import Any

from tests.platforms.replay_server import Recording
from tests.platforms.scenarios import JSON, Scenario

_SHOP = "https://shop.example/p/lamp"
_REVIEW = (
    '<li itemprop="review" itemscope itemtype="https://schema.org/Review">'
    '<b itemprop="author">Reader {at}</b><time itemprop="datePublished" datetime="2026-10-{at:02}">'
    '</time><p itemprop="reviewBody">Très bien, no. {at}</p></li>'
)


def _shop(query: str, first: int, head: str = "") -> Recording:
    said = "\n".join(_REVIEW.format(at=at) for at in range(first, first - 5, -1))
    body = (
        f"<!doctype html><html><head><title>Lamp</title>{head}</head><body>"
        '<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Lamp</h1>'
        f'<meta itemprop="sku" content="L1"><ul>{said}</ul></div></body></html>'
    )
    return _answer(_SHOP + query, "text/html; charset=utf-8", body)


def _unit(page: int, first: int) -> Recording:
    reviews = [_trusted(at) for at in range(first, first - 5, -1)]
    url = f"https://api.trustpilot.com/v1/business-units/u1/reviews?page={page}"
    return _answer(url, JSON, json.dumps({"links": [], "reviews": reviews}, ensure_ascii=False))


def _trusted(at: int) -> dict[str, Any]:
    """As in the documentation; most of it may be null."""
    return {
        "id": f"r{at}",
        "stars": 1 + at % 5,
        "title": "Très bien",
        "text": f"No. {at}",
        "language": "fr",
        "createdAt": f"2026-10-{at:02}T10:00:00Z",
        "updatedAt": None,
        "companyReply": {"text": "Merci", "createdAt": "2026-11-01T10:00:00Z"} if at % 2 else None,
        "consumer": {"id": f"c{at}", "displayName": f"Reader {at}"},
        "location": None,
    }


def _answer(url: str, kind: str, body: str, **headers: str) -> Recording:
    named = {"Content-Type": kind, **headers}
    return Recording(method="GET", url=url, status=200, headers=named, body=body.encode())


_API = "https://reviews.example/api/reviews"


def _declared(style: str, parameter: str, second: str, path: str = "") -> Scenario:
    """Two pages of the shared REST reader, and the way from one to the other."""
    addresses = [
        _API + ("?page=1" if style == "page" else "?offset=0" if style == "offset" else "")
    ]
    addresses.append(f"{_API}?{parameter}={second}")
    onward = {"cursor": second, "next": addresses[1]}.get(style)
    bodies = [{"data": [_rated(at) for at in range(first, first - 5, -1)]} for first in (20, 15)]
    whole = [{**bodies[0], "meta": {"next": onward}} if onward else bodies[0], bodies[1]]
    link = {"Link": f'<{addresses[1]}>; rel="next"'} if style == "link" else {}
    paging = {"style": style, "parameter": parameter, "path": path, "first": int(style == "page")}
    return Scenario(
        name=f"rest_{style}",
        platform="rest",
        made=(
            _answer(addresses[0], JSON, json.dumps(whole[0], ensure_ascii=False), **link),
            _answer(addresses[1], JSON, json.dumps(whole[1], ensure_ascii=False)),
        ),
        options={
            "path": "api/reviews",
            "items": "data",
            "fields": {"id": "id", "body": "text", "rating": "stars", "published": "at"},
            "paging": paging,
            "auth": {"style": "bearer", "credential": "OUR_TOKEN"},
            "order": "published",
        },
        empty=(200, JSON, b'{"data":[]}'),
        credentials={"OUR_TOKEN": "canary-token"},
    )


def _rated(at: int) -> dict[str, Any]:
    return {
        "id": at,
        "text": f"Très bien, no. {at}",
        "stars": 4,
        "at": f"2026-10-{at:02}T10:00:00Z",
    }


SHARED_READER = (
    _declared("page", "page", "2"),
    _declared("offset", "offset", "5"),
    _declared("cursor", "cursor", "abc", "meta.next"),
    _declared("next", "after", "abc", "meta.next"),
    _declared("link", "page", "2"),
)


MADE = (
    Scenario(
        name="schemaorg_microdata",
        platform="schemaorg",
        made=(_shop("", 20, '<link rel="next" href="/p/lamp?page=2">'), _shop("?page=2", 15)),
        options={"urls": (_SHOP,)},
        empty=(404, "text/html", b"<!doctype html><html><title>Not found</title></html>"),
    ),
    Scenario(
        name="trustpilot_api",
        platform="trustpilot_api",
        made=(_unit(1, 20), _unit(2, 15)),
        options={"business_unit": "u1"},
        empty=(200, JSON, b'{"links":[],"reviews":[]}'),
        credentials={"TRUSTPILOT_API_KEY": "canary-key"},
    ),
    *SHARED_READER,
)
