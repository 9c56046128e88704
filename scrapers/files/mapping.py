"""Columns of a row as fields of the Feedback record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from earshot.errors import SkipRecord
from earshot.identity import Ordinals, digest, identity_parts
from earshot.platforms import dates, ratings
from earshot.platforms.text import from_html
from earshot.record import Kind, Precision, Speaker
from earshot.settings import Source
from scrapers.files.options import MappingOptions

_TIMES = ("published_at", "edited_at", "brand_replied_at")
_EMPTY = frozenset({"", "null", "none", "nan", "nat", "n/a", "\\n"})
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


class Mapper:
    """Turns rows of one file into records; counts equals among rows without an id."""

    def __init__(self, source: Source, options: MappingOptions, platform: str) -> None:
        self._fixed: dict[str, Any] = {
            "source": source.name,
            "platform": platform,
            "brand": (source.brand,),
            "language_hint": source.language,
        }
        self._getters = {field: _getter(column) for field, column in options.columns.items()}
        self._constants = dict(options.constants)
        if options.survey:
            survey = {"kind": Kind.SURVEY_ANSWER.value, "attributes.survey": options.survey}
            self._constants = {**survey, **self._constants}
        self._options = options
        self._brand_authors = {name.casefold() for name in options.brand_authors}
        self._zone = source.timezone
        self._language = source.language
        self._ordinals = Ordinals()
        self._source = source.name

    def record(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of one row, ready for `Feedback`.

        Raises:
            SkipRecord: a value is not what its field needs; the reason names the field.
        """
        record = dict(self._fixed)
        attributes: dict[str, str] = {}
        for field, constant in self._constants.items():
            _place(record, attributes, field, constant)
        for field, getter in self._getters.items():
            value = _present(getter(values))
            if value is not None:
                _place(record, attributes, field, value)
        record["attributes"] = attributes
        self._read_times(record)
        if record.get("rating") in self._options.ratings:
            record["rating"] = self._options.ratings[record["rating"]]
        _read_rating(record, self._options.highest_rating)
        _read_rest(record)
        if str(record.get("author_id", "")).casefold() in self._brand_authors:
            record["speaker"] = Speaker.BRAND
        if self._options.is_mojibake:
            _unscramble(record)
        if self._options.is_html and "body" in record:
            record["body"] = from_html(record["body"])
        if not record.get("external_id"):
            record["external_id"] = self._made_id(record)
        return record

    def _read_times(self, record: dict[str, Any]) -> None:
        for field in _TIMES:
            if field not in record:
                continue
            moment, precision = self._moment(record[field], field)
            record[field] = moment
            if field == "published_at":
                record["published_precision"] = precision
        if record.get("published_at") is None:
            record["published_precision"] = Precision.UNKNOWN

    def _moment(self, value: Any, field: str) -> tuple[datetime, Precision]:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                value = value.replace(tzinfo=_zone(self._zone))
            return value.astimezone(UTC), Precision.SECOND
        if isinstance(value, date):
            value = value.isoformat()
        if isinstance(value, str) and (form := self._options.date_format):
            return self._formatted(value, form, field)
        if isinstance(value, str) and len(value) > 16 and value[:4].isdecimal():
            try:
                return self._moment(datetime.fromisoformat(value), field)
            except (ValueError, OverflowError):
                pass
        when = dates.read(value, zone=self._zone, language=self._language)
        if when.moment is None:
            raise SkipRecord(
                f"{field}: expected a time, found one that cannot be read", field=field
            )
        return when.moment, when.precision

    def _formatted(self, value: str, form: str, field: str) -> tuple[datetime, Precision]:
        try:
            moment = datetime.strptime(value.strip(), form)
        except ValueError:
            raise SkipRecord(
                f'{field}: does not have the date_format "{form}"', field=field
            ) from None
        has_time = any(code in form for code in ("%H", "%I", "%X", "%c", "%s", "%T"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_zone(self._zone))
        precision = Precision.SECOND if has_time else Precision.DAY
        return moment.astimezone(UTC), precision

    def _made_id(self, record: Mapping[str, Any]) -> str:
        published = record.get("published_at")
        parts = identity_parts(
            product=str(record.get("product") or self._source),
            author=record.get("author_id"),
            published=None if published is None else published.isoformat(),
            body=str(record.get("body", "")),
        )
        return digest(parts, self._ordinals.next(parts))


def _place(record: dict[str, Any], attributes: dict[str, str], field: str, value: Any) -> None:
    if field.startswith("attributes."):
        attributes[field[11:]] = value if isinstance(value, str) else str(value)
    else:
        record[field] = value


def _getter(column: str) -> Callable[[Mapping[str, Any]], Any]:
    if "|" in column:
        return _first_filled([_getter(each) for each in column.split("|")], column)
    if "." not in column:
        return lambda values: values.get(column)
    path = column.split(".")

    def inside(values: Mapping[str, Any]) -> Any:
        if column in values:
            return values[column]
        found: Any = values
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    return inside


def _first_filled(
    getters: list[Callable[[Mapping[str, Any]], Any]], column: str
) -> Callable[[Mapping[str, Any]], Any]:
    """The first alternative that is filled; a column of just that name comes before all."""

    def first(values: Mapping[str, Any]) -> Any:
        found = [values[column]] if column in values else [getter(values) for getter in getters]
        return next((each for each in map(_present, found) if each is not None), None)

    return first


def _unscramble(record: dict[str, Any]) -> None:
    """UTF-8 that was read as Latin-1; text that is none stays as it is."""
    for field in ("title", "body", "product", "author_id", "brand_reply"):
        value = record.get(field)
        if isinstance(value, str) and not value.isascii():
            try:
                record[field] = value.encode("latin-1").decode("utf-8")
            except UnicodeError:
                continue


def _present(value: Any) -> Any:
    """The value, or nothing where the file only says that there is none."""
    if isinstance(value, str):
        return None if len(value) <= 4 and value.strip().lower() in _EMPTY else value
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _read_rating(record: dict[str, Any], scale: float) -> None:
    if "rating" not in record:
        return
    value = record["rating"]
    if isinstance(value, str) and len(value) == 1 and "0" <= value <= "5" and scale >= 5:
        record["rating"], record["rating_scale"] = float(value), scale
        return
    rating = ratings.read(value, scale=record.get("rating_scale") or scale)
    record["rating"], record["rating_scale"] = rating.value, rating.scale


def _read_rest(record: dict[str, Any]) -> None:
    """Numbers and flags that a CSV can only write as text; text that a JSON file has as number."""
    for field in ("external_id", "author_id", "title", "body", "product", "parent_id"):
        if field in record and not isinstance(record[field], str):
            record[field] = str(record[field])
    reach = record.get("reach")
    if isinstance(reach, str):
        record["reach"] = _whole(reach)
    for field in ("is_verified", "is_incentivised"):
        value = record.get(field)
        if isinstance(value, str):
            record[field] = _flag(value, field)


def _whole(written: str) -> int:
    try:
        number = float(written.replace(",", ""))
    except ValueError:
        raise SkipRecord("reach: expected a number", field="reach") from None
    return int(number)


def _flag(written: str, field: str) -> bool:
    word = written.strip().lower()
    if word not in _TRUE | _FALSE:
        raise SkipRecord(f"{field}: expected true or false", field=field)
    return word in _TRUE


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
