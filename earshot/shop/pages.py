"""The shop's pages as HTML, with reviews as JSON-LD the way shops publish them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from earshot.shop.generator import Review
from earshot.shop.products import PRODUCTS, Product
from earshot.shop.story import NAME

PAGE_SIZE = 10
ROBOTS = "User-agent: *\nDisallow: /basket\nDisallow: /account\n"

_STYLE = "body{font-family:sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}"


def catalogue() -> str:
    """The front page: links to all products."""
    items = "".join(
        f'<li><a href="/products/{product.slug}">{escape(product.name)}</a>, £{product.pounds}</li>'
        for product in PRODUCTS
    )
    return _document(NAME, f"<h1>{NAME}</h1><ul>{items}</ul>", head="")


def product_page(product: Product, reviews: Sequence[Review], page: int) -> str:
    """One page of a product's reviews.

    Args:
        product: whose page it is.
        reviews: all that are visible, newest first.
        page: number of the page, from 1.
    """
    shown = reviews[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    has_next = len(reviews) > page * PAGE_SIZE
    linked_data = json.dumps(_linked_data(product, reviews, shown), ensure_ascii=False)
    head = f'<link rel="canonical" href="/products/{product.slug}">'
    if has_next:
        head += f'<link rel="next" href="/products/{product.slug}?page={page + 1}">'
    safe = linked_data.replace("</", "<\\/")
    head += f'<script type="application/ld+json">{safe}</script>'
    body = f"<h1>{escape(product.name)}</h1><p>£{product.pounds}</p>" + "".join(
        map(_article, shown)
    )
    if has_next:
        body += f'<p><a rel="next" href="/products/{product.slug}?page={page + 1}">Older</a></p>'
    return _document(f"{product.name} · {NAME}", body, head=head)


def _article(review: Review) -> str:
    stars = "★" * review.stars + "☆" * (5 - review.stars)
    return (
        f"<article><h2>{escape(review.title)}</h2><p>{stars} {escape(review.author)}, "
        f"<time>{review.published_at:%d %B %Y, %H:%M}</time></p><p>{escape(review.body)}</p>"
        "</article>"
    )


def _linked_data(
    product: Product, reviews: Sequence[Review], shown: Sequence[Review]
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "category": product.category,
        "brand": {"@type": "Brand", "name": NAME},
        "offers": {"@type": "Offer", "price": str(product.pounds), "priceCurrency": "GBP"},
        "review": [_review_data(review) for review in shown],
    }
    if reviews:
        mean = sum(review.stars for review in reviews) / len(reviews)
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": f"{mean:.1f}",
            "reviewCount": len(reviews),
        }
    return data


def _review_data(review: Review) -> dict[str, Any]:
    return {
        "@type": "Review",
        "name": review.title,
        "reviewBody": review.body,
        "author": {"@type": "Person", "name": review.author},
        "datePublished": review.published_at.isoformat(),
        "reviewRating": {"@type": "Rating", "ratingValue": str(review.stars), "bestRating": "5"},
    }


def _document(title: str, body: str, *, head: str) -> str:
    return (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title><style>{_STYLE}</style>{head}</head><body>{body}</body></html>"
    )
