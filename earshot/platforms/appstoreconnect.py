"""App Store Connect customer reviews; from documentation, never run against the live service.

developer.apple.com/documentation/appstoreconnectapi: newest first by `-createdDate`, `links.next`
verbatim, a developer's response among `included`, 3,500 calls an hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import Field

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Paging, Spec, dig
from earshot.platforms.base import AppleSecret, Contract, Terms
from earshot.platforms.base import Options as BaseOptions

_NEEDS = ("APPLE_KEY_ID", "APPLE_ISSUER_ID", "APPLE_PRIVATE_KEY")


class Options(BaseOptions):
    """One app."""

    base_url: str = Field(default="https://api.appstoreconnect.apple.com", description="API.")
    app: str = Field(description="Number of the app.")


def _with_response(raw: Any, payload: Any) -> Iterable[Any]:
    """A review with the developer's response that belongs to it."""
    number = dig(raw, "relationships.response.data.id")
    included = payload.get("included") or ()
    response: dict[str, Any] = next(
        (each for each in included if each.get("id") == number and number), {}
    )
    return ({**raw, "response": response.get("attributes")},)


_SPEC = Spec(
    path="v1/apps/{app}/customerReviews",
    query={"sort": "-createdDate", "limit": "200", "include": "response"},
    items="data",
    fields={
        "id": "id",
        "title": "attributes.title",
        "body": "attributes.body",
        "rating": "attributes.rating",
        "published": "attributes.createdDate",
        "author": "attributes.reviewerNickname",
        "reply": "response.responseBody",
        "replied": "response.lastModifiedDate",
    },
    attributes={"country": "attributes.territory"},
    paging=Paging(style="next", path="links.next"),
    order="published",
    ignored=("type", "links", "relationships"),
)

PLATFORM = Rest(
    name="appstoreconnect",
    Options=Options,
    specs=(_SPEC,),
    needs=_NEEDS,
    secrets=(AppleSecret(key_id=_NEEDS[0], issuer_id=_NEEDS[1], private_key=_NEEDS[2]),),
    terms=Terms(note="Your own app: 3,500 calls an hour.", from_documentation=True),
    contract=Contract(
        required=("rating", "published_at"), least_items=1, overlap=timedelta(days=7)
    ),
    prepare=_with_response,
)
