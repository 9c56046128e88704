"""From what a connector gives to rows that may be stored: validated, masked, without names."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from earshot.errors import SkipRecord
from earshot.identity import author_key
from earshot.record import Feedback
from earshot.text.copies import content_hash, copy_key
from earshot.text.masking import mask, mask_bytes, mask_email

LONGEST_TEXT = 1_000_000
LONGEST_SAMPLE = 16_384
"""Bytes of a refused record that are kept to look at."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A record that goes to quarantine; `payload` is masked already."""

    record_key: str
    reason: str
    payload: bytes = field(repr=False)
    field: str | None = None
    line_number: int | None = None
    author_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows ready for `copy`, in the order in which writers lock, and what was refused."""

    lines: tuple[str, ...] = field(repr=False)
    refused: tuple[Refused, ...] = ()
    seen: int = 0


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """What preparing rows needs to know.

    Attributes:
        hashing_key: secret of the author keys.
        brand_ids: ids of the brands by their keys.
        language: locale of the source, which tells what a phone number looks like.
    """

    hashing_key: bytes = field(repr=False)
    brand_ids: Mapping[str, int]
    language: str | None = None


def prepared(
    records: Iterable[Feedback | Mapping[str, Any]],
    preparation: Preparation,
    *,
    refused: Sequence[Refused] = (),
) -> Batch:
    """Validate, mask and encode; of records with the same id the last one counts."""
    lines: dict[tuple[str, str], str] = {}
    bad = list(refused)
    seen = len(bad)
    for record in records:
        seen += 1
        try:
            feedback = valid(record)
            line = _line(feedback, preparation, place=seen)
        except SkipRecord as error:
            bad.append(_refused_record(record, error, preparation))
            continue
        identity = (feedback.platform, feedback.external_id)
        lines.pop(identity, None)
        lines[identity] = line
    ordered = tuple(lines[identity] for identity in sorted(lines))
    return Batch(lines=ordered, refused=tuple(bad), seen=seen)


def valid(record: Feedback | Mapping[str, Any]) -> Feedback:
    """The record as Feedback.

    Raises:
        SkipRecord: it is none; the text names the field and never repeats its value.
    """
    feedback: Feedback
    if isinstance(record, Feedback):
        feedback = record
    else:
        try:
            feedback = Feedback.model_validate(
                {k: v for k, v in record.items() if k != "line_number"}
            )
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
            name = ".".join(map(str, fault["loc"]))
            message = str(fault["msg"]).removeprefix("Value error, ")
            where = f"{name}: " if name else ""
            raise SkipRecord(f"{where}{message}", field=name or None) from None
    if len(feedback.body) > LONGEST_TEXT:
        raise SkipRecord(
            f"body: longer than {LONGEST_TEXT:,} characters, which no customer writes", field="body"
        )
    return feedback


def refused(
    payload: bytes,
    reason: str,
    *,
    field: str | None = None,
    line_number: int | None = None,
    key: str | None = None,
    author: str | None = None,
) -> Refused:
    """A piece of a file or page that is no record, masked and cut to a sample."""
    return Refused(
        record_key=key or hashlib.sha256(payload).hexdigest()[:32],
        reason=mask(reason)[:500],
        payload=mask_bytes(payload[:LONGEST_SAMPLE]),
        field=field,
        line_number=line_number,
        author_key=author,
    )


def _refused_record(
    record: Feedback | Mapping[str, Any], error: SkipRecord, preparation: Preparation
) -> Refused:
    values = record.model_dump() if isinstance(record, Feedback) else dict(record)
    line_number = values.pop("line_number", None)
    author = values.pop("author_id", None)
    platform = str(values.get("platform", ""))
    payload = json.dumps(values, default=str, ensure_ascii=False, sort_keys=True)
    return refused(
        payload.encode("utf-8", "replace"),
        str(error),
        field=error.field,
        line_number=line_number,
        author=None
        if author is None
        else author_key(platform, str(author), key=preparation.hashing_key),
    )


def safe_id(number: str) -> str:
    """An id of a conversation; where it is an address or a phone number itself, a hash of it."""
    if mask(number) == number:
        return number
    return f"hashed-{hashlib.sha256(number.encode('utf-8', 'replace')).hexdigest()[:24]}"


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _line(feedback: Feedback, preparation: Preparation, *, place: int) -> str:
    """One line in the text format of `copy`, columns in the order of the staging table."""
    language = feedback.language_hint or preparation.language
    title = mask(feedback.title, language=language)
    body = mask(feedback.body, language=language)
    reply = feedback.brand_reply
    values = (
        str(place),
        _text(feedback.platform),
        _text(feedback.external_id),
        feedback.kind.value,
        _text(feedback.parent_id),
        feedback.speaker.value,
        _brands(feedback.brand, preparation.brand_ids),
        _text(feedback.product),
        _attributes(feedback.attributes, language),
        _text(title),
        _text(body),
        _number(feedback.rating),
        _number(feedback.rating_scale if feedback.rating is not None else None),
        _moment(feedback.published_at),
        feedback.published_precision.value,
        _moment(feedback.edited_at),
        _moment(feedback.first_seen_at),
        _text(None if feedback.url is None else mask_email(feedback.url)),
        _text(author_key(feedback.platform, feedback.author_id, key=preparation.hashing_key)),
        _number(feedback.reach),
        _flag(feedback.is_verified),
        _flag(feedback.is_incentivised),
        _text(None if reply is None else mask(reply, language=language)),
        _moment(feedback.brand_replied_at),
        _text(feedback.language_hint),
        _bytes(content_hash(title, body, feedback.rating, feedback.rating_scale)),
        _bytes(copy_key(body)),
    )
    return "\t".join(values)


def _text(value: str | None) -> str:
    return "\\N" if value is None else value.translate(_ESCAPES)


def _number(value: float | None) -> str:
    return "\\N" if value is None else f"{value:.17g}"


def _flag(value: bool | None) -> str:
    return "\\N" if value is None else "t" if value else "f"


def _moment(value: datetime | None) -> str:
    if value is None:
        return "\\N"
    try:
        return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()
    except OverflowError:
        raise SkipRecord("a time before the year 1 or after 9999, which no clock shows") from None


def _bytes(value: bytes | None) -> str:
    return "\\N" if value is None else f"\\\\x{value.hex()}"


def _brands(keys: tuple[str, ...], ids: Mapping[str, int]) -> str:
    unknown = [key for key in keys if key not in ids]
    if unknown:
        raise SkipRecord(f'brand: "{unknown[0]}" is no [[brand]] of the settings', field="brand")
    return "{" + ",".join(str(ids[key]) for key in keys) + "}"


def _attributes(attributes: Mapping[str, str], language: str | None) -> str:
    if not attributes:
        return "{}"
    masked = {name: mask(value, language=language) for name, value in attributes.items()}
    if (conversation := attributes.get("conversation")) is not None:
        masked["conversation"] = safe_id(conversation)
    return json.dumps(masked, ensure_ascii=False).translate(_ESCAPES)
