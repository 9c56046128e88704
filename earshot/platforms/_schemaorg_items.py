"""schema.org reviews of one page, whatever they are nested in, as Feedback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from earshot.errors import SkipRecord
from earshot.identity import digest, identity_parts
from earshot.platforms import dates, ratings
from earshot.platforms.base import Options
from earshot.platforms.payload import raw_bytes
from earshot.platforms.text import from_html
from earshot.record import Feedback

Faulty = tuple[bytes, str | None, str]
_DEEPEST = 40
_WRAPPED = re.compile(
    r"^\s*(?:/\*|//)?\s*(?:<!\[CDATA\[|<!--)\s*(?:\*/)?|(?:/\*|//)?\s*(?:\]\]>|-->)\s*(?:\*/)?\s*;?\s*$"
)
"""Wrappers from the time when scripts had to be hidden from browsers."""
_REFERENCES = frozenset({"author", "creator", "itemReviewed", "review", "reviews", "reviewRating"})
_SAID = frozenset({"reviewBody", "description", "author", "reviewRating"})
_IDENTIFIERS = ("sku", "gtin", "gtin13", "gtin14", "gtin12", "gtin8", "productID", "mpn")


class Identities:
    """Ordinals among reviews that product, author and date do not tell apart.

    `last` is what the next page of the product must know: the identity of its last review, with
    the texts met under it. A review that moved to the next page meanwhile is known by its text.
    """

    def __init__(self, before: Mapping[str, list[str]]) -> None:
        self._texts = {bare: list(texts) for bare, texts in before.items()}
        self._to_come = {bare: list(texts) for bare, texts in before.items()}
        self.last: dict[str, list[str]] = dict(self._texts)

    def next(self, parts: str, text: str) -> str:
        """The made id of one more review with these parts."""
        bare, told = digest(parts, -1)[5:17], digest(text, -1)[5:17]
        texts = self._texts.setdefault(bare, [])
        again = self._to_come.get(bare, [])
        if told in again:
            ordinal = texts.index(told)
            again.remove(told)
        else:
            ordinal = len(texts)
            texts.append(told)
        self.last = {bare: texts}
        return digest(parts, ordinal)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A review as the page writes it, and the product it stands under."""

    properties: Mapping[str, Any] = field(repr=False)
    product: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Markup:
    """All reviews of a page in its own order; `link` is the page's address without its number."""

    reviews: tuple[Found, ...]
    link: str
    broken: tuple[Faulty, ...] = ()

    @property
    def address(self) -> str:
        """Host and path of the link: the product's identity where it has no number."""
        parts = urlsplit(self.link)
        return f"{parts.hostname}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    def read(
        self, options: Options, identities: Identities, now: datetime
    ) -> tuple[list[Feedback], list[Faulty]]:
        """Reviews as Feedback, and those that cannot be read."""
        items: list[Feedback] = []
        rejected = list(self.broken)
        for found in self.reviews:
            try:
                items.append(_feedback(found, self, options, identities, now))
            except SkipRecord as error:
                rejected.append((raw_bytes(dict(found.properties)), error.field, str(error)))
            except ValidationError as error:
                fault = error.errors(include_input=False, include_url=False)[0]
                where = ".".join(map(str, fault["loc"])) or None
                rejected.append((raw_bytes(dict(found.properties)), where, str(fault["msg"])))
        return items, rejected


def reviews_in(tree: Any, source: str, link: str) -> Markup:
    """Reviews of JSON-LD, or of microdata where that has more of them."""
    documents, broken = _linked_data(tree)
    _join(documents)
    reviews = _each_once(_walk(documents, {}, 0))
    if "itemprop" in source and "eview" in source:
        from_microdata = tuple(_walk(_microdata(tree), {}, 0))
        if len(from_microdata) > len(reviews):
            reviews = from_microdata
    return Markup(reviews=reviews, link=link, broken=tuple(broken))


def _linked_data(tree: Any) -> tuple[list[Any], list[Faulty]]:
    documents: list[Any] = []
    broken: list[Faulty] = []
    for script in tree.xpath('//script[contains(@type, "ld+json")]'):
        written = _WRAPPED.sub("", script.text_content())
        try:
            documents.append(json.loads(written, strict=False))
        except (ValueError, RecursionError):
            repaired = _repaired(script)
            documents += repaired
            if not repaired and '"Review"' in written:
                broken.append((raw_bytes(written), None, "JSON-LD that cannot be read"))
    return documents, broken


def _join(documents: list[Any]) -> None:
    """Put what a node only names by its `@id` into its place."""
    nodes = list(_nodes(documents, 0))
    known = {
        node["@id"]: node for node in nodes if len(node) > 1 and isinstance(node.get("@id"), str)
    }
    for node in nodes:
        for name in _REFERENCES & node.keys():
            value = node[name]
            node[name] = (
                [_whole(each, known) for each in value]
                if isinstance(value, list)
                else _whole(value, known)
            )


def _whole(value: Any, known: Mapping[str, Any]) -> Any:
    is_reference = isinstance(value, dict) and set(value) <= {"@id", "@type"}
    number = value.get("@id") if is_reference else None
    return known.get(number, value) if isinstance(number, str) else value


def _nodes(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        if isinstance(each, dict | list):
            yield from _nodes(each, depth + 1)


def _each_once(found: Iterator[Found]) -> tuple[Found, ...]:
    """A review that is named in two places counts where its product is known."""
    first: dict[int, Found] = {}
    for each in found:
        known = first.setdefault(id(each.properties), each)
        if not known.product and each.product:
            first[id(each.properties)] = each
    return tuple(first.values())


def _repaired(script: Any) -> list[Any]:
    """Comments and stray commas are common; extruct reads over them."""
    from extruct.jsonld import JsonLdExtractor

    try:
        return list(JsonLdExtractor()._extract_items(script))
    except Exception:
        # Whatever its parsers raise: the script is broken, and is reported as such.
        return []


def _microdata(tree: Any) -> list[Any]:
    from extruct.w3cmicrodata import MicrodataExtractor

    return [_flat(item) for item in MicrodataExtractor().extract_items(tree, base_url=None)]


def _flat(item: Any) -> Any:
    """Microdata in the form of JSON-LD."""
    if isinstance(item, list):
        return [_flat(each) for each in item]
    if not isinstance(item, dict) or "properties" not in item:
        return item
    return {
        "@type": item.get("type"),
        **{name: _flat(value) for name, value in item["properties"].items()},
    }


def _walk(node: Any, product: Mapping[str, Any], depth: int) -> Iterator[Found]:
    """Reviews below a node; the nearest thing that is no review is what they are about."""
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for each in node:
            yield from _walk(each, product, depth + 1)
        return
    if not isinstance(node, dict):
        return
    types = _types(node)
    if "Review" in types:
        about = _first(node, "itemReviewed", "itemreviewed")
        about = {"name": about} if isinstance(about, str) else about
        is_named = isinstance(about, dict) and any(about.get(k) for k in ("name", *_IDENTIFIERS))
        yield Found(properties=node, product=about if is_named and about else product)
        return
    is_thing = bool(node.get("name") or any(node.get(key) for key in _IDENTIFIERS))
    inner = node if is_thing and types else product
    if inner is node and not node.get("name") and product.get("name"):
        inner = {**node, "name": product["name"]}
    for name, value in node.items():
        if name in ("review", "reviews"):
            yield from _walk(_typed(value), inner, depth + 1)
        elif isinstance(value, dict | list) and name not in ("itemReviewed", "itemreviewed"):
            yield from _walk(value, inner, depth + 1)


def _typed(value: Any) -> Any:
    """What stands where reviews stand is one, though its type was forgotten."""
    if isinstance(value, list):
        return [_typed(each) for each in value]
    is_bare = isinstance(value, dict) and not value.get("@type") and _SAID & value.keys()
    return {**value, "@type": "Review"} if is_bare else value


def _types(node: Mapping[str, Any]) -> set[str]:
    written = node.get("@type")
    names = written if isinstance(written, list) else [written]
    short = {str(name).rstrip("/").rsplit("/", 1)[-1].removeprefix("schema:") for name in names}
    is_review = any(name in ("Review", "UserReview", "CriticReview") for name in short)
    return short | ({"Review"} if is_review else set())


def _feedback(
    found: Found, page: Markup, options: Options, identities: Identities, now: datetime
) -> Feedback:
    review = found.properties
    body, title, rating = _body(review), _text(review, "name", "headline"), _rating(review)
    if not body and not title and rating.value is None:
        raise SkipRecord("expected text or a rating, found neither")
    author = _author(review.get("author") or review.get("creator") or review.get("reviewer"))
    when = dates.read(
        _first(review, "datePublished", "dateCreated", "dtreviewed"),
        zone=options.timezone,
        now=now,
        language=options.language,
    )
    parts = identity_parts(
        product=_identity(found.product, page.address),
        author=author,
        published=None if when.moment is None else when.moment.isoformat(),
        body=f"{title}\n{body}",
    )
    return Feedback(
        source=options.source,
        platform="schemaorg",
        external_id=identities.next(parts, f"{title}\n{body}"),
        brand=options.brand,
        product=options.product or _text(found.product, "name") or None,
        attributes=_attributes(found.product),
        title=title,
        body=body,
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=when.moment,
        published_precision=when.precision,
        edited_at=dates.instant(_first(review, "dateModified")),
        url=page.link,
        author_id=author,
        language_hint=_text(review, "inLanguage") or options.language,
    )


def _body(review: Mapping[str, Any]) -> str:
    return _text(review, "reviewBody", "description", "text")


def _text(node: Mapping[str, Any], *names: str) -> str:
    value = _first(node, *names)
    return from_html(str(value)).strip() if isinstance(value, str | int | float) else ""


def _first(node: Mapping[str, Any], *names: str) -> Any:
    """The first of several properties that says something; of a list, its first value."""
    for name in names:
        value = node.get(name)
        if isinstance(value, list):
            value = next((each for each in value if each), None)
        if isinstance(value, dict) and "@value" in value:
            value = value["@value"]
        if value not in (None, ""):
            return value
    return None


def _author(value: Any) -> str | None:
    if isinstance(value, list):
        names = [name for each in value if (name := _author(each))]
        return ", ".join(names) or None
    if isinstance(value, dict):
        value = _first(value, "name", "alternateName")
    return value.strip() or None if isinstance(value, str) else None


def _rating(review: Mapping[str, Any]) -> ratings.Rating:
    node = _first(review, "reviewRating", "rating", "ratingValue")
    if not isinstance(node, dict):
        return ratings.read(node)
    value = _first(node, "ratingValue", "value")
    best = _number(_first(node, "bestRating"))
    number = _number(value)
    if best is None and number is not None and number > 5:
        best = 10.0 if number <= 10 else 100.0
    return ratings.read(value, scale=best or 5.0)


def _number(value: Any) -> float | None:
    try:
        return float(str(value).replace(",", ".")) if value is not None else None
    except ValueError:
        return None


def _identity(product: Mapping[str, Any], address: str) -> str:
    """The sku or gtin within the host, else the page's own address."""
    host = address.partition("/")[0]
    for name in _IDENTIFIERS:
        value = _first(product, name)
        if isinstance(value, str | int) and str(value).strip():
            return f"{host} {name} {str(value).strip()}"
    return address


def _attributes(product: Mapping[str, Any]) -> dict[str, str]:
    brand = product.get("brand")
    maker = _text(brand, "name") if isinstance(brand, dict) else _text(product, "brand")
    facts = {
        "sku": _text(product, "sku"),
        "category": _text(product, "category"),
        "maker": maker,
    }
    return {name: value for name, value in facts.items() if value}
