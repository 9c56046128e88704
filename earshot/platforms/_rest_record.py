"""One item of a declared endpoint as a record, by the paths of its declaration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from earshot.platforms import dates, ratings
from earshot.platforms._rest_spec import Spec, dig, holds, need
from earshot.platforms.base import TicketMetric
from earshot.platforms.payload import attributes, text
from earshot.platforms.text import from_html
from earshot.record import Feedback, Speaker


def record(raw: Any, spec: Spec, options: Any, platform: str, now: datetime) -> Feedback:
    """One item as a record."""

    def found(name: str) -> Any:
        return dig(raw, spec.fields[name]) if name in spec.fields else None

    rating = _rating(found("rating"), found("rating_scale"), spec)
    published = dates.read(
        need(raw, spec, "published") if "published" in spec.fields else None,
        zone=options.timezone,
        now=now,
        language=options.language,
    )
    body = text(found("body"))
    parent, verified = found("parent"), found("is_verified")
    return Feedback(
        source=options.source,
        platform=platform,
        external_id=number(text(need(raw, spec, "id")), options),
        kind=spec.kind,
        parent_id=text(parent) or None,
        speaker=_speaker(raw, spec),
        brand=options.brand,
        product=options.product or text(found("product")) or None,
        title=text(found("title")),
        body=from_html(body) if spec.is_html else body,
        rating=rating.value,
        rating_scale=rating.scale,
        published_at=published.moment,
        published_precision=published.precision,
        edited_at=dates.read(found("edited"), zone=options.timezone).moment,
        url=text(found("url")) or None,
        author_id=text(found("author")) or None,
        reach=_count(found("reach")),
        is_verified=_flag(verified),
        brand_reply=text(found("reply")) or None,
        brand_replied_at=dates.read(found("replied"), zone=options.timezone).moment,
        attributes=attributes(**{k: dig(raw, path) for k, path in spec.attributes.items()}),
        language_hint=text(found("language")).replace("_", "-") or options.language,
    )


def number(found: str, options: Any) -> str:
    """The id; behind the source's name where the endpoint is declared in the settings."""
    return f"{options.source}:{found}" if hasattr(options, "spec") else found


def _rating(value: Any, scale: Any, spec: Spec) -> ratings.Rating:
    rating = ratings.read(value, scale=float(scale or spec.rating_scale))
    return ratings.NOT_RATED if rating.value in spec.unrated else rating


def _speaker(raw: Any, spec: Spec) -> Speaker:
    if not spec.customer:
        return spec.speaker
    return Speaker.CUSTOMER if holds(raw, spec.customer) else Speaker.BRAND


def _count(value: Any) -> int | None:
    return None if value is None else max(0, int(value))


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    return str(value).lower() not in ("", "0", "false", "no", "nothing")


def metric(raw: Any, spec: Spec) -> TicketMetric:
    """The times of one support ticket."""
    paths = spec.metric
    if paths is None:
        raise AssertionError("called for an endpoint without metrics")
    opened, updated = (dates.instant(dig(raw, path)) for path in (paths.opened, paths.updated))
    if opened is None:
        raise ValueError(f'expected a time at "{paths.opened}"')
    return TicketMetric(
        ticket_id=text(dig(raw, paths.ticket)),
        opened_at=opened,
        updated_at=updated or opened,
        channel=text(dig(raw, paths.channel)) or None if paths.channel else None,
        first_response_at=dates.instant(dig(raw, paths.first_response))
        if paths.first_response
        else None,
        resolved_at=dates.instant(dig(raw, paths.resolved)) if paths.resolved else None,
        reopens=_count(dig(raw, paths.reopens)) if paths.reopens else None,
        agent_replies=_count(dig(raw, paths.agent_replies)) if paths.agent_replies else None,
    )
