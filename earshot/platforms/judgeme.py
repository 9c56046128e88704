"""Judge.me reviews of a shop (judge.me/api/docs); from documentation."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Paging, Spec
from earshot.platforms.base import Contract, QuerySecret, Terms
from earshot.platforms.base import Options as BaseOptions


class Options(BaseOptions):
    """One shop."""

    base_url: str = Field(default="https://judge.me", description="Address of the API.")
    shop: str = Field(description="Domain, such as example.myshopify.com.")


_SPEC = Spec(
    path="api/v1/reviews",
    query={"shop_domain": "{shop}"},
    items="reviews",
    fields={
        "id": "id",
        "title": "title",
        "body": "body",
        "rating": "rating",
        "published": "created_at",
        "edited": "updated_at",
        "author": "reviewer.id|reviewer.external_id|reviewer.name",
        "product": "product_title",
        "is_verified": "verified",
    },
    attributes={"product_id": "product_external_id", "collected_by": "source"},
    paging=Paging(style="page", parameter="page", size_parameter="per_page"),
    ignored=(
        "reviewer", "product_handle", "curated", "published", "hidden", "featured", "pictures",
        "has_published_pictures", "has_published_videos", "ip_address", "cf_answers",
    ),
)  # fmt: skip

PLATFORM = Rest(
    name="judgeme",
    Options=Options,
    specs=(_SPEC,),
    needs=("JUDGEME_API_TOKEN",),
    secrets=(QuerySecret(parameter="api_token", credential="JUDGEME_API_TOKEN"),),
    terms=Terms(note="Your own shop; limits are not published.", from_documentation=True),
    contract=Contract(
        required=("rating", "published_at"), least_items=1, overlap=timedelta(days=7)
    ),
)
