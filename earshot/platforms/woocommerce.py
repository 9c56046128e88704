"""WooCommerce product reviews (REST API v3); from documentation.

woocommerce.github.io/woocommerce-rest-api-docs: newest first, text is HTML, times without a zone
(`date_created_gmt` is UTC), a rating of 0 is no rating.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Paging, Since, Spec
from earshot.platforms.base import BasicSecret, Contract, Terms
from earshot.platforms.base import Options as BaseOptions


class Options(BaseOptions):
    """One shop."""

    base_url: str = Field(min_length=1, description="Address of the shop.")
    timezone: str = Field(default="UTC", description="Times are read from their UTC fields.")


_SPEC = Spec(
    path="wp-json/wc/v3/products/reviews",
    query={"order": "desc", "orderby": "date_gmt"},
    fields={
        "id": "id",
        "body": "review",
        "rating": "rating",
        "published": "date_created_gmt",
        "author": "reviewer_email|reviewer",
        "product": "product_name",
        "url": "product_permalink",
        "is_verified": "verified",
    },
    attributes={"product_id": "product_id"},
    paging=Paging(style="page", parameter="page", size_parameter="per_page"),
    since=Since(parameter="after", format="iso_naive"),
    order="published",
    is_html=True,
    unrated=(0.0,),
    deleted="status=trash,spam",
    ignored=("date_created", "status", "reviewer_avatar_urls", "_links", "reviewer"),
)

PLATFORM = Rest(
    name="woocommerce",
    Options=Options,
    specs=(_SPEC,),
    needs=("WOOCOMMERCE_KEY", "WOOCOMMERCE_SECRET"),
    secrets=(BasicSecret(user="{WOOCOMMERCE_KEY}", password="{WOOCOMMERCE_SECRET}"),),
    terms=Terms(note="Your own shop.", from_documentation=True),
    contract=Contract(required=("body", "published_at"), overlap=timedelta(days=7)),
)
