"""The sample shop tells its story, and only up to its clock."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from earshot.shop import PRODUCTS, generate, story
from earshot.shop.server import serve


def _get(url: str, headers: dict[str, str] | None = None) -> str:
    request = urllib.request.Request(url, headers=headers or {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def _shown(page: str) -> list[dict[str, str]]:
    data = re.search(r'ld\+json">(.*?)</script>', page, re.S)
    assert data is not None
    return json.loads(data.group(1))["review"]


def test_same_seed_writes_the_same_reviews_and_another_writes_others():
    assert generate(7) == generate(7)
    assert generate(7) != generate(8)


def test_story_has_ninety_days_and_distinct_identities():
    reviews = generate()

    assert 1500 <= len(reviews) <= 2200
    assert {(r.published_at - story.START).days for r in reviews} == set(range(90))
    assert len({(r.sku, r.author, r.published_at) for r in reviews}) == len(reviews)


def test_failure_is_told_by_many_authors_over_many_products_and_names_the_courier():
    first_day = [r for r in generate() if r.episode == "failure" and r.published_at < story.day(89)]

    assert first_day[0].published_at >= story.FAILURE_FROM
    assert first_day[0].published_at < story.FAILURE_FROM + timedelta(hours=1)
    assert len(first_day) >= 50
    assert len({r.author for r in first_day}) >= 50
    assert len({r.sku for r in first_day}) >= 10
    assert all("Swiftline" in r.body and r.stars <= 2 for r in first_day)


def test_decoys_are_what_they_pretend_to_be():
    reviews = generate()
    by = {
        name: [r for r in reviews if r.episode == name]
        for name in ("promotion", "syndicated", "loud")
    }

    assert {r.stars for r in by["promotion"]} == {5}
    assert len({r.body for r in by["syndicated"]}) == 1
    assert len({r.sku for r in by["syndicated"]}) == 20
    assert {r.author for r in by["loud"]} == {story.LOUD_AUTHOR}
    assert 8 <= len(by["loud"]) <= 10


def test_pages_show_ten_newest_first_up_to_the_clock():
    now = story.day(50)
    with serve(lambda: now) as shop:
        page = _get(f"{shop.url}/products/{PRODUCTS[0].slug}")

    dates = [review["datePublished"] for review in _shown(page)]
    assert len(dates) == 10
    assert dates == sorted(dates, reverse=True)
    assert max(dates) <= now.isoformat()


def test_following_next_reads_every_review_once():
    product = PRODUCTS[3]
    texts = []
    with serve(lambda: story.END) as shop:
        address: str | None = f"/products/{product.slug}"
        while address:
            page = _get(shop.url + address)
            texts += [review["reviewBody"] for review in _shown(page)]
            link = re.search(r'<link rel="next" href="([^"]+)"', page)
            address = link.group(1) if link else None

    expected = [r.body for r in generate() if r.sku == product.sku]
    assert sorted(texts) == sorted(expected)


def test_unchanged_page_answers_not_modified():
    with serve(lambda: story.day(10)) as shop:
        url = f"{shop.url}/products/{PRODUCTS[0].slug}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            tag = answer.headers["ETag"]

        with pytest.raises(urllib.error.HTTPError, match="304"):
            _get(url, {"If-None-Match": tag})
