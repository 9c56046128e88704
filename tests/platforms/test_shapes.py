"""Shapes of schema.org markup that shops write, each by hand: what is read of it."""

from __future__ import annotations

import pytest

from earshot import platforms
from earshot.errors import StopSource
from earshot.platforms.base import Answer, Headers
from earshot.platforms.session import Session
from earshot.record import Feedback
from tests.platforms.drive import NOW

LINK = "https://shop.example/p/lamp"


def read(page: str | bytes) -> list[Feedback]:
    platform = platforms.load("schemaorg")
    options = platform.Options(**{"source": "s", "brand": ("b",), "urls": (LINK,)})
    session = Session(platform, options, now=NOW)
    call = session.calls()[0]
    body = page.encode() if isinstance(page, str) else page
    headers = Headers({"Content-Type": "text/html"})
    return list(
        session.receive(Answer(status=200, headers=headers, body=body, url=LINK), call).items
    )


def script(written: str) -> str:
    return f'<script type="application/ld+json">{written}</script>'


def product(inside: str, more: str = "") -> str:
    head = '<div itemscope itemtype="https://schema.org/Product"'
    return f'{head}{more}><h1 itemprop="name">Lamp</h1>{inside}</div>'


def review(inside: str, more: str = "") -> str:
    of = 'itemprop="review" itemscope itemtype="https://schema.org/Review"'
    return f"<div {of}{more}>{inside}</div>"


AUTHOR, BODY = '<b itemprop="author">Ann</b>', '<p itemprop="reviewBody">It hums</p>'
PERSON = (
    '<i itemprop="author" itemscope itemtype="https://schema.org/Person">'
    '<b itemprop="name">Ann</b></i>'
)
STARS = (
    '<i itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">'
    '<meta itemprop="ratingValue" content="4,5"><meta itemprop="bestRating" content="5"></i>'
)
OLD = (
    '<div itemscope itemtype="http://data-vocabulary.org/Review"><i itemprop="itemreviewed">Lamp'
    '</i><i itemprop="reviewer">Ann</i><i itemprop="description">It hums</i></div>'
)
LD = '{"@type":"Product","name":"Lamp","review":{"@type":"Review","author":"Ann","reviewBody":%s}}'
HUMS = LD % '"It hums"'
GRAPH = """{"@graph":[
    {"@id":"#r","@type":"Review","reviewBody":"It hums","author":{"@id":"#a"}},
    {"@id":"#p","@type":"Product","name":"Lamp","review":[{"@id":"#r"}]},
    {"@id":"#a","@type":"Person","name":"Ann"}]}"""

SAME = {
    "microdata with a person inside": product(review(PERSON + BODY)),
    "microdata with values in meta": product(
        review(
            '<meta itemprop="author" content="Ann"><meta itemprop="reviewBody" content="It hums">'
        )
    ),
    "microdata that refers to elsewhere": product("", ' itemref="r1"')
    + review(AUTHOR + BODY, ' id="r1"'),
    "microdata without the type of the review": product(
        f'<div itemprop="review" itemscope>{AUTHOR}{BODY}</div>'
    ),
    "microdata under the name reviews": product(review(AUTHOR + BODY)).replace(
        '"review"', '"reviews"'
    ),
    "microdata of the years before schema.org": OLD,
    "a review that names its product": review(
        f'<i itemprop="itemReviewed">Lamp</i>{AUTHOR}{BODY}'
    ).replace('itemprop="review" ', ""),
    "JSON-LD": script(HUMS),
    "JSON-LD in a list": script(f"[{HUMS}]"),
    "JSON-LD in CDATA behind slashes": script(f"//<![CDATA[\n{HUMS}\n//]]>"),
    "JSON-LD in CDATA in comments": script(f"/* <![CDATA[ */ {HUMS} /* ]]> */"),
    "JSON-LD in an HTML comment": script(f"<!-- {HUMS} -->"),
    "JSON-LD with stray commas": script(HUMS.replace("}}", ",},}")),
    "JSON-LD with a comment": script(HUMS.replace("{", "{ /* the lamp */", 1)),
    "JSON-LD that escapes HTML": script(LD % '"It&#32;hums"'),
    "JSON-LD that refers by id": script(GRAPH),
    "JSON-LD of a variant": script(
        f'{{"@type":"ProductGroup","name":"Lamp","hasVariant":[{HUMS.replace("Lamp", "")}]}}'
    ),
    "JSON-LD without reviews beside microdata": script('{"@type":"Product","name":"Lamp"}')
    + product(review(AUTHOR + BODY)),
}  # fmt: skip


@pytest.mark.parametrize("shape", SAME)
def test_every_shape_gives_the_same_review(shape: str) -> None:
    assert [(i.product, i.author_id, i.body) for i in read(SAME[shape])] == [
        ("Lamp", "Ann", "It hums")
    ]


def test_reviews_of_several_products_on_a_page_belong_to_their_own() -> None:
    page = product(review(AUTHOR + BODY)) + product(review(AUTHOR + BODY)).replace("Lamp", "Chair")

    items = read(page)

    assert [i.product for i in items] == ["Lamp", "Chair"]
    assert len({i.external_id for i in items}) == 2


def test_the_same_review_in_both_forms_is_one() -> None:
    assert len(read(script(HUMS) + product(review(AUTHOR + BODY)))) == 1


@pytest.mark.parametrize(
    ("rating", "read_as"),
    [
        ('{"ratingValue":"80","bestRating":"100"}', (80, 100)),
        ('{"ratingValue":8}', (8, 10)),
        ('"5"', (5, 5)),
        ('[{"ratingValue":3}]', (3, 5)),
        ('{"ratingValue":"3.5 out of 5"}', (3.5, 5)),
        ('{"ratingValue":""}', (None, None)),
    ],
)
def test_ratings_of_every_scale(rating: str, read_as: tuple[float | None, float | None]) -> None:
    page = script(HUMS.replace('"author"', f'"reviewRating":{rating},"author"'))

    (item,) = read(page)

    assert (item.rating, item.rating_scale) == read_as


@pytest.mark.parametrize("encoding", ["euc-jp", "shift_jis", "iso-8859-1", "windows-1251", "gbk"])
def test_a_page_is_read_in_the_encoding_that_its_head_names(encoding: str) -> None:
    words = {"iso-8859-1": "Très bien – hélas", "windows-1251": "Гудит"}.get(encoding, "良い")
    said = script(LD % words.join(chr(34) * 2))
    page = f'<html><head><meta charset="{encoding}"></head><body>{said}</body></html>'
    written = page.encode("cp1252" if encoding == "iso-8859-1" else encoding)

    assert read(written)[0].body == words


@pytest.mark.parametrize("title", ["Just a moment...", "Before you continue", "Sign in to go on"])
def test_a_bot_check_a_consent_page_and_a_login_wall_are_no_shop(title: str) -> None:
    with pytest.raises(StopSource, match=r"bot check|consent page|login wall"):
        read(f"<html><title>{title}</title><a href='/help'>Help</a></html>")
