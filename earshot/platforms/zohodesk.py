"""Zoho Desk tickets (desk.zoho.com/DeskAPIDocument); from documentation.

Latest change first; an empty list is HTTP 204; counts are strings; the host is by region.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from earshot.platforms._rest import Rest, Token
from earshot.platforms._rest_spec import Metric, Paging, Spec
from earshot.platforms.base import Contract, HeaderSecret, Terms
from earshot.platforms.base import Options as BaseOptions
from earshot.record import Kind

_NEEDS = ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN")
_TOKEN = Token(
    url="https://accounts.zoho.com/oauth/v2/token",
    learned="ZOHO_TOKEN",
    client_id=_NEEDS[0],
    client_secret=_NEEDS[1],
    refresh_token=_NEEDS[2],
    beside=("//desk.", "//accounts."),
)


class Options(BaseOptions):
    """One organisation."""

    base_url: str = Field(default="https://desk.zoho.com", description="Host of your region.")
    organisation: str = Field(description="Number of the organisation (orgId).")


_SPEC = Spec(
    path="api/v1/tickets",
    query={"sortBy": "-modifiedTime", "include": "contacts"},
    headers={"orgId": "{organisation}"},
    items="data",
    fields={
        "id": "id",
        "title": "subject",
        "body": "description",
        "published": "createdTime",
        "author": "contactId",
        "url": "webUrl",
        "language": "language",
        "edited": "modifiedTime",
    },
    attributes={"status": "status", "channel": "channel", "number": "ticketNumber"},
    paging=Paging(style="offset", parameter="from", first=0, size_parameter="limit"),
    order="changed",
    kind=Kind.TICKET_MESSAGE,
    is_html=True,
    metric=Metric(
        opened="createdTime", updated="modifiedTime", resolved="closedTime", channel="channel"
    ),
    ignored=(
        "statusType", "subCategory", "dueDate", "departmentId", "responseDueDate", "phone", "email",
        "assigneeId", "threadCount", "commentCount", "sentiment", "priority", "category", "contact",
        "productId", "teamId", "layoutId", "isArchived", "isSpam", "isRead", "accountId",
        "lastThread", "source", "customerResponseTime", "relationshipType", "cf", "onholdTime",
        "channelCode", "isOverDue", "isResponseOverdue",
    ),
)  # fmt: skip

PLATFORM = Rest(
    name="zohodesk",
    Options=Options,
    specs=(_SPEC,),
    needs=_NEEDS,
    token=_TOKEN,
    secrets=(HeaderSecret(header="Authorization", template="Zoho-oauthtoken {ZOHO_TOKEN}"),),
    terms=Terms(note="Your own account; credits a day by plan.", from_documentation=True),
    contract=Contract(required=("title", "published_at"), overlap=timedelta(days=2)),
)
