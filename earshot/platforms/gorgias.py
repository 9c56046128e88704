"""Gorgias messages, tickets' times and satisfaction surveys; from documentation.

developers.gorgias.com/reference: newest first, `meta.next_cursor`, 40 calls in 20 s. The first
response is told by the messages.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Metric, Paging, Spec
from earshot.platforms.base import BasicSecret, Contract, Terms
from earshot.platforms.base import Options as BaseOptions
from earshot.record import Kind


class Options(BaseOptions):
    """One account."""

    base_url: str = Field(min_length=1, description="Such as https://acme.gorgias.com.")


_PAGING = Paging(
    style="cursor", parameter="cursor", path="meta.next_cursor", size_parameter="limit"
)

_MESSAGES = Spec(
    key="messages",
    path="api/messages",
    query={"order_by": "created_datetime:desc"},
    items="data",
    fields={
        "id": "id",
        "title": "subject",
        "body": "stripped_text|body_text",
        "published": "created_datetime",
        "author": "sender.id",
        "parent": "ticket_id",
    },
    attributes={"channel": "channel", "is_public": "public", "conversation": "ticket_id"},
    paging=_PAGING,
    order="published",
    kind=Kind.TICKET_MESSAGE,
    customer="from_agent=false",
    ignored=(
        "uri", "body_html", "stripped_html", "sent_datetime", "failed_datetime", "opened_datetime",
        "receiver", "source", "via", "attachments", "integration_id", "rule_id", "external_id",
        "message_id", "headers", "intents", "actions", "macros", "meta", "last_sending_error",
        "is_retriable", "deleted_datetime", "replied_by", "replied_to", "stripped_signature",
        "mention_ids", "body_text", "imported_template_id",
    ),
)  # fmt: skip

_TICKETS = Spec(
    key="tickets",
    path="api/tickets",
    query={"order_by": "updated_datetime:desc"},
    items="data",
    paging=_PAGING,
    kind=Kind.TICKET_MESSAGE,
    metric=Metric(
        opened="created_datetime",
        updated="updated_datetime",
        resolved="closed_datetime",
        channel="channel",
    ),
    ignored=(
        "uri", "external_id", "events", "status", "priority", "via", "from_agent", "spam",
        "customer", "assignee_user", "assignee_team", "language", "subject", "summary", "meta",
        "tags", "excerpt", "integrations", "messages_count", "opened_datetime", "is_unread",
        "last_received_message_datetime", "last_message_datetime", "snooze_datetime",
        "trashed_datetime", "satisfaction_survey", "reply_options", "requester", "custom_fields",
    ),
)  # fmt: skip

_SURVEYS = Spec(
    key="surveys",
    path="api/satisfaction-surveys",
    query={"order_by": "created_datetime:desc"},
    items="data",
    fields={
        "id": "survey",
        "body": "body_text",
        "rating": "score",
        "published": "scored_datetime|sent_datetime|created_datetime",
        "author": "customer_id",
        "parent": "ticket_id",
    },
    attributes={"survey": "kind"},
    paging=_PAGING,
    kind=Kind.SURVEY_ANSWER,
    ignored=("id", "meta", "uri", "should_send_datetime", "sent_datetime", "created_datetime"),
)


def _answered(raw: object, payload: object) -> tuple[object, ...]:
    """A survey with an id of its own; one without an answer is none."""
    del payload
    if not isinstance(raw, dict) or "scored_datetime" not in raw:
        return (raw,)
    if raw.get("score") is None:
        return ()
    return ({**raw, "survey": f"survey-{raw.get('id')}", "kind": "csat"},)


PLATFORM = Rest(
    name="gorgias",
    Options=Options,
    specs=(_MESSAGES, _TICKETS, _SURVEYS),
    needs=("GORGIAS_EMAIL", "GORGIAS_API_KEY"),
    secrets=(BasicSecret(user="{GORGIAS_EMAIL}", password="{GORGIAS_API_KEY}"),),
    terms=Terms(note="Your own account; 40 calls in 20 seconds.", from_documentation=True),
    contract=Contract(required=("published_at",), overlap=timedelta(days=1)),
    prepare=_answered,
)
