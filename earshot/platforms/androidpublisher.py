"""Google Play reviews of your own app (androidpublisher v3); from documentation.

developers.google.com/android-publisher/reply-to-reviews: only reviews with text that were written
or changed in the last seven days, newest change first; title and body are joined by a tab.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from pydantic import Field

from earshot.platforms._rest import Rest, Token
from earshot.platforms._rest_spec import Paging, Spec
from earshot.platforms.base import Contract, HeaderSecret, Terms
from earshot.platforms.base import Options as BaseOptions

_NEEDS = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "GOOGLE_REFRESH_TOKEN")
GOOGLE_TOKEN = Token(
    url="https://oauth2.googleapis.com/token",
    learned="GOOGLE_TOKEN",
    client_id=_NEEDS[0],
    client_secret=_NEEDS[1],
    refresh_token=_NEEDS[2],
)
GOOGLE_BEARER = HeaderSecret(header="Authorization", template="Bearer {GOOGLE_TOKEN}")


class Options(BaseOptions):
    """One app."""

    base_url: str = Field(default="https://androidpublisher.googleapis.com", description="API.")
    app: str = Field(description="Package, such as com.example.shop.")


def _first(comments: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((each[name] for each in comments if name in each), {})


def _flat(raw: Any, payload: Any) -> Iterable[Any]:
    """A review with the user's latest words and the developer's answer."""
    del payload
    comments = raw.get("comments") or ()
    user = _first(comments, "userComment")
    reply = _first(comments, "developerComment")
    title, _, body = str(user.get("text") or "").rpartition("\t")
    return ({**raw, "user": user, "reply": reply, "title": title.strip(), "body": body.strip()},)


_SPEC = Spec(
    path="androidpublisher/v3/applications/{app}/reviews",
    items="reviews",
    omits_empty=True,
    fields={
        "id": "reviewId",
        "title": "title",
        "body": "body",
        "rating": "user.starRating",
        "published": "user.lastModified.seconds",
        "author": "authorName",
        "reach": "user.thumbsUpCount",
        "reply": "reply.text",
        "replied": "reply.lastModified.seconds",
        "language": "user.reviewerLanguage",
    },
    attributes={"version": "user.appVersionName", "device": "user.device"},
    paging=Paging(
        style="cursor",
        parameter="token",
        path="tokenPagination.nextPageToken",
        size_parameter="maxResults",
    ),
    order="published",
    ignored=("comments",),
)

PLATFORM = Rest(
    name="googleplay",
    Options=Options,
    specs=(_SPEC,),
    needs=_NEEDS,
    token=GOOGLE_TOKEN,
    secrets=(GOOGLE_BEARER,),
    terms=Terms(note="Your own app; poll at least weekly.", from_documentation=True),
    contract=Contract(required=("body", "rating", "published_at"), overlap=timedelta(days=2)),
    prepare=_flat,
)
