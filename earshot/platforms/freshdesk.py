"""Freshdesk tickets and satisfaction ratings (developers.freshdesk.com/api); from documentation.

Without `updated_since` only the last 30 days are listed, so it is always sent. Pages follow the
Link header and end at 300; a listing oldest change first lets the next crawl go on from there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, Field

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Metric, Paging, Since, Spec
from earshot.platforms.base import BasicSecret, Contract, Terms
from earshot.platforms.base import Options as BaseOptions
from earshot.record import Kind


class Options(BaseOptions):
    """One account."""

    base_url: str = Field(min_length=1, description="Such as https://acme.freshdesk.com.")
    start: AwareDatetime | None = Field(
        default=datetime(2010, 1, 1, tzinfo=UTC), description="Tickets changed before are not read."
    )


_TICKETS = Spec(
    key="tickets",
    path="api/v2/tickets",
    query={"order_by": "updated_at", "order_type": "asc", "include": "stats,description"},
    fields={
        "id": "id",
        "title": "subject",
        "body": "description_text",
        "published": "created_at",
        "edited": "updated_at",
        "author": "requester_id",
    },
    attributes={"status": "status", "channel": "source", "priority": "priority", "type": "type"},
    paging=Paging(style="link", size_parameter="per_page"),
    since=Since(parameter="updated_since"),
    kind=Kind.TICKET_MESSAGE,
    deleted="deleted=true",
    metric=Metric(
        opened="created_at",
        updated="updated_at",
        first_response="stats.first_responded_at",
        resolved="stats.resolved_at",
        channel="source",
    ),
    ignored=(
        "cc_emails", "fwd_emails", "reply_cc_emails", "ticket_cc_emails", "fr_escalated", "spam",
        "email_config_id", "group_id", "responder_id", "company_id", "to_emails", "product_id",
        "due_by", "fr_due_by", "is_escalated", "custom_fields", "tags", "description", "stats",
        "requester", "nr_due_by", "nr_escalated", "association_type", "support_email",
        "associated_tickets_count", "attachments", "form_id", "structured_description",
    ),
)  # fmt: skip

_RATINGS = Spec(
    key="ratings",
    path="api/v2/surveys/satisfaction_ratings",
    fields={
        "id": "id",
        "body": "feedback",
        "rating": "rating",
        "rating_scale": "scale",
        "published": "created_at",
        "edited": "updated_at",
        "author": "user_id",
        "parent": "ticket_id",
    },
    attributes={"survey": "survey"},
    paging=Paging(style="page", parameter="page"),
    since=Since(parameter="created_since"),
    kind=Kind.SURVEY_ANSWER,
    ignored=("survey_id", "agent_id", "group_id", "ratings"),
)

_CHANNELS = {1: "email", 2: "portal", 3: "phone", 7: "chat", 9: "widget", 10: "outbound_email"}
_STEPS = {103: 7, 102: 6, 101: 5, 100: 4, -101: 3, -102: 2, -103: 1}


def _scaled(raw: object, payload: object) -> tuple[object, ...]:
    """A rating with its smileys (-103 to 103) as steps of seven; a ticket's channel by name."""
    del payload
    if not isinstance(raw, dict):
        return (raw,)
    if "ratings" not in raw:
        channel = raw.get("source")
        named = _CHANNELS.get(channel, channel) if isinstance(channel, int) else channel
        return ({**raw, "source": named},)
    smiley = (raw.get("ratings") or {}).get("default_question")
    step = _STEPS.get(smiley) if isinstance(smiley, int) else None
    number = f"rating-{raw.get('id')}"
    return ({**raw, "id": number, "rating": step, "scale": 7, "survey": "csat"},)


PLATFORM = Rest(
    name="freshdesk",
    Options=Options,
    specs=(_TICKETS, _RATINGS),
    needs=("FRESHDESK_API_KEY",),
    secrets=(BasicSecret(user="{FRESHDESK_API_KEY}", password="X"),),
    terms=Terms(note="Your own account; calls a minute by plan.", from_documentation=True),
    contract=Contract(required=("published_at",), overlap=timedelta(hours=1)),
    prepare=_scaled,
)
