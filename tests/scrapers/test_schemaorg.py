"""Reviews on product pages, however the page nests and spells them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from earshot.errors import RetryLater, StopSource
from earshot.platforms import schemaorg
from earshot.platforms.base import Answer, Call, Headers, Page
from earshot.record import Precision

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://shop.example/products/lamp?page=2&utm_source=x"
REVIEW = {
    "@type": "Review",
    "reviewBody": "It flickers &amp; hums.",
    "author": "Ada",
    "datePublished": "2026-02-03",
    "reviewRating": {"@type": "Rating", "ratingValue": "2", "bestRating": "5"},
}
PRODUCT = {"@type": "Product", "name": "Lamp", "sku": "L1", "review": REVIEW}


def _read(
    html: str | dict[str, Any], *, url: str = URL, cursor: dict[str, Any] | None = None
) -> Page:
    if isinstance(html, dict):
        html = _with_script(json.dumps(html))
    options = schemaorg.Options(source="shop", brand=("b",), urls=(url,), language="en")
    call = Call(url=url, note={"role": "start"})
    answer = Answer(status=200, headers=Headers(), body=html.encode(), url=url)
    return schemaorg.read(answer, call, options, cursor or {}, NOW)


def _with_script(script: str) -> str:
    tag = f'<script type="application/ld+json">{script}</script>'
    return f"<html><head>{tag}</head><body><p>x</p></body></html>"


def test_a_review_is_read_with_all_that_it_says():
    item = _read(PRODUCT).items[0]

    assert (item.body, item.author_id, item.product) == ("It flickers & hums.", "Ada", "Lamp")
    assert (item.rating, item.rating_scale, item.stars) == (2, 5, 2)
    assert item.published_at == datetime(2026, 2, 3, tzinfo=UTC)
    assert item.published_precision is Precision.DAY
    assert item.attributes == {"sku": "L1"}
    assert item.url == "https://shop.example/products/lamp"


@pytest.mark.parametrize(
    "data",
    [
        {**PRODUCT, "review": [REVIEW]},
        {"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, PRODUCT]},
        {"@type": "WebPage", "name": "Lamp", "mainEntity": PRODUCT},
        {"@type": ["Product", "Thing"], **{k: v for k, v in PRODUCT.items() if k != "@type"}},
        {**PRODUCT, "@type": "http://schema.org/Product"},
        {**REVIEW, "itemReviewed": {"@type": "Product", "name": "Lamp", "sku": "L1"}},
        {**PRODUCT, "review": {**REVIEW, "author": [{"@type": "Person", "name": "Ada"}]}},
        {**PRODUCT, "review": {**REVIEW, "@type": "UserReview"}},
    ],
)
def test_every_nesting_gives_the_same_review(data: dict[str, Any]):
    expected = _read(PRODUCT).items[0]

    assert _read(data).items == [expected]


def test_microdata_gives_the_same_review():
    html = """
    <html><body><div itemscope itemtype="http://schema.org/Product">
      <span itemprop="name">Lamp</span><meta itemprop="sku" content="L1">
      <div itemprop="review" itemscope itemtype="http://schema.org/Review">
        <span itemprop="author" itemscope itemtype="http://schema.org/Person">
          <span itemprop="name">Ada</span></span>
        <meta itemprop="datePublished" content="2026-02-03">
        <div itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating">
          <meta itemprop="ratingValue" content="2"><meta itemprop="bestRating" content="5"></div>
        <p itemprop="reviewBody">It flickers &amp; hums.</p>
      </div></div></body></html>
    """

    assert _read(html).items == _read(PRODUCT).items


def test_recipes_and_local_businesses_have_reviews_too():
    for kind in ("Recipe", "LocalBusiness", "Hotel", "SoftwareApplication"):
        item = _read({**PRODUCT, "@type": kind}).items[0]
        assert item.product == "Lamp"


@pytest.mark.parametrize(
    ("written", "moment", "precision"),
    [
        ("October 24, 2011", datetime(2011, 10, 24, tzinfo=UTC), "day"),
        ("2026-02-03T10:00:00+02:00", datetime(2026, 2, 3, 8, tzinfo=UTC), "second"),
        (None, None, "unknown"),
        ("last summer", None, "unknown"),
    ],
)  # fmt: skip
def test_dates_of_all_sorts(written: str | None, moment: datetime | None, precision: str):
    item = _read({**PRODUCT, "review": {**REVIEW, "datePublished": written}}).items[0]

    assert (item.published_at, item.published_precision.value) == (moment, precision)


@pytest.mark.parametrize(
    ("rating", "stars"),
    [
        ({"ratingValue": 4.5}, 4.5),
        ({"ratingValue": "4,5", "bestRating": "5"}, 4.5),
        ({"ratingValue": 8}, 4),
        ({"ratingValue": "90", "bestRating": 100}, 4.5),
        ([{"ratingValue": 3}], 3),
        ("5", 5),
        (None, None),
    ],
)
def test_ratings_of_all_scales(rating: Any, stars: float | None):
    item = _read({**PRODUCT, "review": {**REVIEW, "reviewRating": rating}}).items[0]

    assert item.stars == stars


def test_the_same_review_on_another_page_or_edited_keeps_its_id():
    other_page = _read(PRODUCT, url="https://shop.example/products/lamp?page=7")
    edited = _read({**PRODUCT, "review": {**REVIEW, "reviewBody": "Repaired."}})

    ids = {page.items[0].external_id for page in (_read(PRODUCT), other_page, edited)}
    assert len(ids) == 1


def test_equals_on_one_page_are_told_apart():
    page = _read({**PRODUCT, "review": [REVIEW, {**REVIEW, "reviewBody": "And again."}]})

    assert len({item.external_id for item in page.items}) == 2


def test_anonymous_undated_reviews_are_told_apart_by_their_text():
    bare = {"@type": "Review", "author": "Anonymous"}
    first, second, again = (
        _read({**PRODUCT, "review": {**bare, "reviewBody": body}}).items[0].external_id
        for body in ("one", "two", "one")
    )

    assert first == again != second


def test_broken_scripts_do_not_hide_good_ones():
    script = json.dumps(PRODUCT).replace('"sku"', '/* number */ "sku"')
    broken = '<script type="application/ld+json">{"@type": "Review", oops</script>'

    page = _read(_with_script(script).replace("</head>", f"{broken}</head>"))

    assert [item.product for item in page.items] == ["Lamp"]
    assert "cannot be read" in page.rejected[0].reason


def test_a_review_that_says_nothing_is_rejected():
    page = _read({**PRODUCT, "review": [REVIEW, {"@type": "Review", "author": "Bo"}]})

    assert len(page.items) == 1
    assert page.rejected[0].reason == "expected text or a rating, found neither"


def test_a_blogs_next_article_is_not_followed_but_the_next_page_is():
    older = '<link rel="next" href="/products/lamp?page=3">'
    article = '<a rel="next" href="/products/chair">Chair</a>'
    html = _with_script(json.dumps(PRODUCT))

    assert _read(html.replace("<p>", article + "<p>")).next_calls == []
    calls = _read(html.replace("<head>", "<head>" + older)).next_calls
    assert [call.url for call in calls] == ["https://shop.example/products/lamp?page=3"]


def test_a_list_leads_to_products_of_its_own_host_only():
    html = (
        "<html><body><a href='/p/1'>1</a><a href='/p/1#top'>1</a><a href='https://shop.example/p/2'>"
        "2</a><a href='https://ads.example/p/3'>3</a><a href='mailto:x@y.z'>m</a></body></html>"
    )

    calls = _read(html, url="https://shop.example/").next_calls

    assert [call.url for call in calls] == ["https://shop.example/p/1", "https://shop.example/p/2"]


def test_with_a_base_url_links_to_the_shop_s_own_hosts_lead_there():
    html = (
        "<html><body><a href='https://shop.example/p/1'>1</a><a href='https://www.shop.example/p/2'>"
        "2</a><a href='https://ads.example/p/3'>3</a></body></html>"
    )
    base = "http://127.0.0.1:8080"
    options = schemaorg.Options(
        source="shop", brand=("b",), urls=("https://shop.example/",), base_url=base
    )
    (call,) = schemaorg.first(options, {}, {}, NOW)

    answer = Answer(status=200, headers=Headers(), body=html.encode(), url=call.url)
    calls = schemaorg.read(answer, call, options, {}, NOW).next_calls

    assert [call.url for call in calls] == [f"{base}/p/1", f"{base}/p/2"]


def test_a_sitemap_leads_to_its_pages():
    html = '<?xml version="1.0"?><urlset><url><loc>https://shop.example/p/1</loc></url></urlset>'

    assert [call.url for call in _read(html).next_calls] == ["https://shop.example/p/1"]


def test_a_start_page_with_nothing_on_it_is_an_error_and_no_empty_success():
    with pytest.raises(StopSource, match="found neither"):
        _read("<html><body><div id='app'></div></body></html>")


def test_a_product_that_lost_its_markup_is_an_error_and_no_list_of_links():
    read = _read(PRODUCT)
    other = {**PRODUCT, "review": {**REVIEW, "@type": "Opinion"}}
    html = _with_script(json.dumps(other)).replace("<p>", "<a href='/p/1'>1</a><p>")

    with pytest.raises(StopSource, match="as in earlier crawls"):
        _read(html, cursor=dict(read.cursor or {}))
    assert len(_read(html).next_calls) == 1


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<html><head><title>Lamp</title>",
        "<html><head></head><body><p itemprop='reviewBody'>It hu",
        '<?xml version="1.0"?><urlset><url><loc>https://shop.example/p/1</loc></url>',
        "<html><head></head><body><div><div><div><a href='/p/1'>1</a>",
    ],
)
def test_a_page_that_ends_early_is_read_again(html: str):
    with pytest.raises(RetryLater, match="end early"):
        _read(html)


def test_a_page_that_leaves_out_its_last_end_tags_is_whole():
    html = _with_script(json.dumps(PRODUCT)).removesuffix("</body></html>")
    assert len(_read(html).items) == 1
