"""Zendesk's objects as records: tickets, comments, audits, satisfaction ratings, metric sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from earshot.errors import SkipRecord
from earshot.platforms import dates
from earshot.platforms.base import TicketMetric
from earshot.platforms.payload import Gathered, Payload, attributes, known, text
from earshot.platforms.text import from_html
from earshot.record import Feedback, Kind, Precision, Speaker

PLATFORM = "zendesk"
_STAFF = frozenset({"agent", "admin", "owner"})
_SCORES = {"good": 1.0, "good_with_comment": 1.0, "bad": 0.0, "bad_with_comment": 0.0}
_UNRATED = frozenset({"offered", "unoffered", "received", "received_without_comment", None})

_TICKET = known(
    """
    url external_id raw_subject recipient assignee_id organization_id group_id collaborator_ids
    follower_ids email_cc_ids forum_topic_id problem_id has_incidents is_public due_at custom_fields
    satisfaction_rating sharing_agreement_ids custom_status_id fields followup_ids ticket_form_id
    allow_channelback allow_attachments from_messaging_channel generated_timestamp
    satisfaction_probability attribute_value_ids requester submitter metric_set dates encoded_id
    support_type result_type deleted_ticket_form_id attachments
    """
)
_COMMENT = known(
    """
    type html_body attachments audit_id metadata uploads channel url data formatted_from
    formatted_to transcription_visible transcription_status via_reference_id
    """
)
_RATING = known("url assignee_id group_id reason_id reason_code")


class Options(Protocol):
    """What the records take from the source's options."""

    source: str
    brand: tuple[str, ...]
    base_url: str
    product: str | None
    language: str | None
    agents: tuple[int, ...]


def staff_in(payload: Mapping[str, Any]) -> dict[Any, bool]:
    """Whether each side-loaded user is staff."""
    users = payload.get("users") or ()
    return {user.get("id"): user.get("role") in _STAFF for user in users}


def metrics_in(payload: Mapping[str, Any]) -> dict[Any, Mapping[str, Any]]:
    """Side-loaded metric sets by ticket."""
    return {each.get("ticket_id"): each for each in payload.get("metric_sets") or ()}


def ticket(
    raw: Any,
    options: Options,
    to: Gathered,
    staff: Mapping[Any, bool],
    metrics: Mapping[Any, Mapping[str, Any]],
) -> Iterator[Feedback]:
    """The first message of a ticket; its times go to `to.metrics`."""
    fields = Payload(raw)
    number, status = fields.need("id"), fields.take("status")
    if status == "deleted":
        to.deleted.append(str(number))
        return
    opened = _moment(fields, "created_at")
    channel = fields.within("via").take("channel")
    updated = dates.instant(fields.take("updated_at")) or opened
    own = raw.get("metric_set") or metrics.get(number) or {}
    to.metrics.append(_metric(number, opened, updated, channel, own))
    requester, submitter = fields.take("requester_id"), fields.take("submitter_id")
    is_staff = staff.get(submitter, submitter in options.agents)
    yield Feedback(
        source=options.source,
        platform=PLATFORM,
        external_id=str(number),
        kind=Kind.TICKET_MESSAGE,
        speaker=Speaker.BRAND if is_staff else Speaker.CUSTOMER,
        brand=options.brand,
        product=options.product,
        title=text(fields.take("subject")),
        body=text(fields.take("description")),
        published_at=opened,
        url=_ticket_url(options, number),
        author_id=_author(submitter if is_staff else requester or submitter),
        attributes=attributes(
            status=status,
            channel=channel,
            priority=fields.take("priority"),
            type=fields.take("type"),
            tags=" ".join(fields.take("tags") or ()),
            support_brand=fields.take("brand_id"),
        ),
        language_hint=options.language,
    )
    to.unread |= fields.rest(_TICKET)


def _metric(
    number: Any, opened: datetime, updated: datetime, channel: Any, raw: Mapping[str, Any]
) -> TicketMetric:
    minutes = (raw.get("reply_time_in_minutes") or {}).get("calendar")
    return TicketMetric(
        ticket_id=str(number),
        opened_at=opened,
        updated_at=max(updated, dates.instant(raw.get("updated_at")) or updated),
        channel=channel,
        first_response_at=None if minutes is None else opened + timedelta(minutes=minutes),
        resolved_at=dates.instant(raw.get("solved_at")),
        reopens=raw.get("reopens"),
        agent_replies=raw.get("replies"),
    )


def comment(
    raw: Any,
    options: Options,
    to: Gathered,
    *,
    ticket_id: Any,
    requester: Any = None,
    staff: Mapping[Any, bool] | None = None,
    written_at: Any = None,
) -> Iterator[Feedback]:
    """One message of a ticket, public or internal."""
    fields = Payload(raw)
    author, is_public = fields.take("author_id"), fields.take("public")
    written = _moment(fields, "created_at", written_at)
    html, plain = fields.take("html_body"), fields.take("plain_body")
    body = text(fields.take("body")) or text(plain) or from_html(text(html))
    yield Feedback(
        source=options.source,
        platform=PLATFORM,
        external_id=f"comment-{fields.need('id')}",
        kind=Kind.TICKET_MESSAGE,
        parent_id=str(ticket_id),
        speaker=_speaker(author, is_public, requester, staff or {}, options),
        brand=options.brand,
        product=options.product,
        body=body,
        published_at=written,
        url=_ticket_url(options, ticket_id),
        author_id=_author(author),
        attributes=attributes(is_public=is_public, channel=fields.within("via").take("channel")),
        language_hint=options.language,
    )
    to.unread |= fields.rest(_COMMENT)


def _speaker(
    author: Any, is_public: Any, requester: Any, staff: Mapping[Any, bool], options: Options
) -> Speaker:
    """Staff writes for the brand; an unknown author is never taken for a customer."""
    if is_public is False or staff.get(author, author in options.agents):
        return Speaker.BRAND
    if author == requester or author in staff:
        return Speaker.CUSTOMER
    return Speaker.BRAND if requester is not None else Speaker.OTHER


def audit_comments(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    """The messages among the events of one audit."""
    fields = Payload(raw)
    events, ticket_id = fields.need("events"), fields.need("ticket_id")
    created = {e.get("field_name"): e.get("value") for e in events if e.get("type") == "Create"}
    requester = str(created.get("requester_id") or "")
    for event in events:
        if event.get("type") not in ("Comment", "VoiceComment"):
            continue
        yield from comment(
            event,
            options,
            to,
            ticket_id=ticket_id,
            requester=int(requester) if requester.isdigit() else None,
            written_at=raw.get("created_at"),
        )


def rating(raw: Any, options: Options, to: Gathered) -> Iterator[Feedback]:
    """An answered satisfaction question; one that was only offered is no answer."""
    fields = Payload(raw)
    number, score = fields.need("id"), fields.take("score")
    if score in _UNRATED:
        return
    if score not in _SCORES:
        raise SkipRecord(f"expected a score of good or bad, found {score!r}", field="rating")
    ticket_id = fields.take("ticket_id")
    yield Feedback(
        source=options.source,
        platform=PLATFORM,
        external_id=f"rating-{number}",
        kind=Kind.SURVEY_ANSWER,
        parent_id=str(ticket_id) if ticket_id else None,
        brand=options.brand,
        product=options.product,
        body=text(fields.take("comment")),
        rating=_SCORES[score],
        rating_scale=1.0,
        published_at=_moment(fields, "created_at"),
        edited_at=dates.instant(fields.take("updated_at")),
        url=_ticket_url(options, ticket_id) if ticket_id else None,
        author_id=_author(fields.take("requester_id")),
        attributes=attributes(survey="csat", reason=fields.take("reason")),
        language_hint=options.language,
    )
    to.unread |= fields.rest(_RATING)


def _moment(fields: Payload, name: str, fallback: Any = None) -> datetime:
    when = dates.read(fields.take(name) or fallback)
    if when.moment is None or when.precision is not Precision.SECOND:
        raise SkipRecord(f'expected a time in "{name}", found none', field="published_at")
    return when.moment


def _author(number: Any) -> str | None:
    return None if number in (None, -1) else str(number)


def _ticket_url(options: Options, number: Any) -> str:
    return f"{options.base_url.rstrip('/')}/agent/tickets/{number}"
