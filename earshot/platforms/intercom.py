"""Intercom conversations (Search conversations, API 2.11); from documentation.

developers.intercom.com: a POST with a query, `pages.next.starting_after`; times are epochs and text
is HTML. The list carries a conversation's first message and its statistics.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Metric, Paging, Spec
from earshot.platforms.base import Contract, HeaderSecret, Terms
from earshot.platforms.base import Options as BaseOptions
from earshot.record import Kind


class Options(BaseOptions):
    """One workspace."""

    base_url: str = Field(default="https://api.intercom.io", description="Host of your region.")


_SPEC = Spec(
    path="conversations/search",
    method="POST",
    headers={"Intercom-Version": "2.11"},
    body={
        "query": {"field": "updated_at", "operator": ">", "value": "{since}"},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": {"per_page": 150},
    },
    items="conversations",
    fields={
        "id": "id",
        "title": "source.subject|title",
        "body": "source.body",
        "published": "created_at",
        "edited": "updated_at",
        "author": "source.author.id",
        "url": "source.url",
    },
    attributes={"status": "state", "channel": "source.type"},
    paging=Paging(
        style="cursor", parameter="pagination.starting_after", path="pages.next.starting_after"
    ),
    kind=Kind.TICKET_MESSAGE,
    customer="source.author.type=user,lead,contact",
    is_html=True,
    metric=Metric(
        opened="created_at",
        updated="updated_at",
        first_response="statistics.first_admin_reply_at",
        resolved="statistics.last_close_at",
        reopens="statistics.count_reopens",
        channel="source.type",
    ),
    ignored=(
        "type", "waiting_since", "snoozed_until", "contacts", "teammates", "admin_assignee_id",
        "team_assignee_id", "company", "open", "read", "tags", "priority", "sla_applied",
        "statistics", "conversation_rating", "title", "custom_attributes", "topics", "ticket",
        "linked_objects", "first_contact_reply", "ai_agent", "ai_agent_participated",
    ),
)  # fmt: skip

PLATFORM = Rest(
    name="intercom",
    Options=Options,
    specs=(_SPEC,),
    needs=("INTERCOM_TOKEN",),
    secrets=(HeaderSecret(header="Authorization", template="Bearer {INTERCOM_TOKEN}"),),
    terms=Terms(note="Your own workspace.", from_documentation=True),
    contract=Contract(required=("published_at",), overlap=timedelta(hours=1)),
)
