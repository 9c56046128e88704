"""Google Business Profile reviews (My Business API v4); from documentation.

developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews/list: latest update
first, stars as words, no comment where only stars were given. The project must be approved.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import Field

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Paging, Spec
from earshot.platforms.androidpublisher import GOOGLE_BEARER, GOOGLE_TOKEN
from earshot.platforms.base import Contract, Terms
from earshot.platforms.base import Options as BaseOptions

_ORIGINAL = "(Original)\n"
_TRANSLATED = "\n\n(Translated by Google)"


class Options(BaseOptions):
    """One location."""

    base_url: str = Field(default="https://mybusiness.googleapis.com", description="API.")
    account: str = Field(description="Number of the account.")
    location: str = Field(description="Number of the location.")


def _original(raw: Any, payload: Any) -> Iterable[Any]:
    """A review in the customer's own words, without Google's translation of them."""
    del payload
    words = str(raw.get("comment") or "")
    own = words.split(_ORIGINAL, 1)[1] if _ORIGINAL in words else words.split(_TRANSLATED, 1)[0]
    reviewer = raw.get("reviewer") or {}
    author = None if reviewer.get("isAnonymous") else reviewer.get("displayName")
    return ({**raw, "comment": own.strip(), "author": author},)


_SPEC = Spec(
    path="v4/accounts/{account}/locations/{location}/reviews",
    query={"orderBy": "updateTime desc"},
    items="reviews",
    omits_empty=True,
    fields={
        "id": "reviewId|name",
        "body": "comment",
        "rating": "starRating",
        "published": "createTime",
        "edited": "updateTime",
        "author": "author",
        "reply": "reviewReply.comment",
        "replied": "reviewReply.updateTime",
    },
    paging=Paging(
        style="cursor",
        parameter="pageToken",
        path="nextPageToken",
        size_parameter="pageSize",
        size=50,
    ),
    order="changed",
    ignored=("reviewer", "name"),
)

PLATFORM = Rest(
    name="googlebusiness",
    Options=Options,
    specs=(_SPEC,),
    needs=GOOGLE_TOKEN.needs,
    token=GOOGLE_TOKEN,
    secrets=(GOOGLE_BEARER,),
    terms=Terms(note="Your own locations; 300 calls a minute.", from_documentation=True),
    contract=Contract(
        required=("rating", "published_at"), least_items=1, overlap=timedelta(days=7)
    ),
    prepare=_original,
)
