"""Northwind Home, the sample shop: a site of our own with ninety days of reviews.

The demo and the tests crawl it over HTTP like any other shop. No person wrote its reviews: they
are made from our own phrases by a seeded generator.
"""

from __future__ import annotations

from earshot.shop.generator import Review, generate
from earshot.shop.products import PRODUCTS, Product

__all__ = ["PRODUCTS", "Product", "Review", "generate"]
