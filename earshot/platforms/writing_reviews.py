"""Replies to reviews: Google Play, App Store, Google Business Profile, Trustpilot.

The first three keep one reply per review and replace it (androidpublisher v3 `reviews.reply`;
"Create or Update a Response to a Customer Review" of App Store Connect; `updateReply` of the
Business Profile API v4). Trustpilot's `POST …/reviews/{id}/reply` is not documented as replacing,
so the review is read before any repetition (developers.trustpilot.com/service-reviews-api).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from earshot.platforms import androidpublisher, appstoreconnect, dates, googlebusiness
from earshot.platforms._rest_spec import dig
from earshot.platforms.base import Call, HeaderSecret
from earshot.platforms.calls import address, path_part, require
from earshot.platforms.writing import (
    Published,
    Refused,
    Reply,
    Talk,
    Wallet,
    Writer,
    accepted,
    contains,
    seen,
    unchanged_since,
    with_token,
    writing,
)

_GOOGLE = (androidpublisher.GOOGLE_BEARER,)
_APPLE = appstoreconnect.PLATFORM.secrets
_TRUSTPILOT = (HeaderSecret(header="Authorization", template="Bearer {TRUSTPILOT_TOKEN}"),)


def _play(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """`reviews.get` for name and last change, then `reviews.reply`."""
    yield from with_token(androidpublisher.GOOGLE_TOKEN, options, wallet)
    path = f"androidpublisher/v3/applications/{path_part(options.app)}/reviews"
    place = f"{path}/{path_part(reply.external_id)}"
    review = seen((yield Call(url=address(options.base_url, place), secrets=_GOOGLE)))
    comments = review.get("comments") or ()
    user: Any = next((each["userComment"] for each in comments if "userComment" in each), {})
    unchanged_since(reply, dates.instant(dig(user, "lastModified.seconds")))
    text = reply.greeted(review.get("authorName"))
    url = address(options.base_url, f"{place}:reply")
    told = accepted((yield writing(url, {"replyText": text}, _GOOGLE)))
    return Published(remote_id=str(dig(told, "result.lastEdited.seconds") or ""), url=reply.url)


def _app_store(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """A response to a customer review; creating one replaces the one that stands."""
    require(wallet, appstoreconnect.PLATFORM.needs, options.base_url, options.source)
    place = address(options.base_url, f"v1/customerReviews/{path_part(reply.external_id)}")
    review = seen((yield Call(url=place, secrets=_APPLE)))
    unchanged_since(reply, dates.instant(dig(review, "data.attributes.createdDate")))
    data = {
        "type": "customerReviewResponses",
        "attributes": {
            "responseBody": reply.greeted(dig(review, "data.attributes.reviewerNickname"))
        },
        "relationships": {"review": {"data": {"type": "customerReviews", "id": reply.external_id}}},
    }
    url = address(options.base_url, "v1/customerReviewResponses")
    told = accepted((yield writing(url, {"data": data}, _APPLE)))
    return Published(remote_id=str(dig(told, "data.id") or ""), url=reply.url)


def _business(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """`reviews.get` for name and last change, then `updateReply`."""
    yield from with_token(androidpublisher.GOOGLE_TOKEN, options, wallet)
    where = "/".join(
        ["v4/accounts", path_part(options.account), "locations", path_part(options.location)]
    )
    number = reply.external_id.rsplit("/", 1)[-1]
    place = address(options.base_url, f"{where}/reviews/{path_part(number)}")
    review = seen((yield Call(url=place, secrets=_GOOGLE)))
    unchanged_since(reply, dates.instant(review.get("updateTime")))
    reviewer = review.get("reviewer") or {}
    name = None if reviewer.get("isAnonymous") else reviewer.get("displayName")
    comment = {"comment": reply.greeted(name)}
    told = accepted((yield writing(f"{place}/reply", comment, _GOOGLE, method="PUT")))
    return Published(remote_id=str(told.get("updateTime") or ""), url=reply.url)


def _trustpilot(options: Any, reply: Reply, wallet: Wallet) -> Talk[Published]:
    """The private review, then its reply; an answer of somebody else is left alone."""
    review = yield from _trustpilot_review(options, reply, wallet)
    standing = dig(review, "companyReply.text")
    if standing and not contains(standing, reply.text):
        raise Refused("The review has a reply already, which is not ours")
    if standing:
        return Published(remote_id=reply.external_id, url=reply.url)
    unchanged_since(reply, dates.instant(review.get("updatedAt") or review.get("createdAt")))
    body = {"message": reply.greeted(dig(review, "consumer.displayName"))}
    if wallet.get("TRUSTPILOT_USER_ID"):
        body["authorBusinessUserId"] = wallet["TRUSTPILOT_USER_ID"]
    url = f"{_trustpilot_place(options, reply)}/reply"
    accepted((yield writing(url, body, _TRUSTPILOT)))
    return Published(remote_id=reply.external_id, url=reply.url)


def _trustpilot_find(
    options: Any, reply: Reply, wallet: Wallet, since: datetime
) -> Talk[Published | None]:
    del since
    review = yield from _trustpilot_review(options, reply, wallet)
    standing = dig(review, "companyReply.text")
    if not standing:
        return None
    if not contains(standing, reply.text):
        raise Refused("The review has a reply already, which is not ours")
    return Published(remote_id=reply.external_id, url=reply.url)


def _trustpilot_review(options: Any, reply: Reply, wallet: Wallet) -> Talk[Any]:
    require(wallet, ("TRUSTPILOT_TOKEN",), options.base_url, options.source)
    return seen((yield Call(url=_trustpilot_place(options, reply), secrets=_TRUSTPILOT)))


def _trustpilot_place(options: Any, reply: Reply) -> str:
    return address(options.base_url, f"v1/private/reviews/{path_part(reply.external_id)}")


PLAY = Writer(
    name="Google Play",
    needs=androidpublisher.PLATFORM.needs,
    greets=True,
    again="replaces",
    publish=_play,
)
APP_STORE = Writer(
    name="the App Store",
    needs=appstoreconnect.PLATFORM.needs,
    greets=True,
    again="replaces",
    publish=_app_store,
)
BUSINESS = Writer(
    name="Google Business",
    needs=googlebusiness.PLATFORM.needs,
    greets=True,
    again="replaces",
    publish=_business,
)
TRUSTPILOT = Writer(
    name="Trustpilot",
    needs=("TRUSTPILOT_TOKEN",),
    greets=True,
    again="read_back",
    publish=_trustpilot,
    find=_trustpilot_find,
)
