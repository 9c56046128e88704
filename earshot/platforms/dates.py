"""One convention for times.

* An instant is given in UTC. A time without a zone is read in the source's zone.
* A day without a time is 00:00 of that day in the source's zone, with precision `day`.
* "5 minutes ago" is precise enough for an hour (`second`); "3 hours ago" and "2 days ago" are a
  `day`; weeks, months and years ago would drift from crawl to crawl, so they are `unknown` and
  have no time at all. The same holds for what cannot be read.
* Day before month or month before day: written names decide; of numbers, one above 12 decides;
  else the year comes first or, where it does not, the day does, unless the language says US.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from earshot.record import Precision

_DAY_ONLY = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_COMPACT_DAY = re.compile(r"^(19|20)\d{6}$")
_NUMERIC_DAY = re.compile(r"^(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})\.?$")
_EPOCH = re.compile(r"^-?\d{9,19}(\.\d+)?$")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_RFC_822 = re.compile(r"^(?:[A-Za-z]{3},\s*)?\d{1,2} [A-Za-z]{3} \d{2,4} \d{1,2}:\d{2}")
_LONGEST_DATE = 60
_COMMON = ["en", "de", "fr", "es", "it", "pt", "nl", "ja", "pl", "sv", "da", "tr"]
_REVIEWED_IN = re.compile(r"^.*\b(?:on|am|vom|le|el|il|op|em)\s+(?=\d|[A-Z])", re.S)
_CLOCK = re.compile(r"\d{1,2}:\d{2}|\d\s*[ap]\.?m\b", re.I)

_SMALL = {
    "second", "seconds", "sec", "secs", "minute", "minutes", "min", "mins", "sekunden", "sekunde",
    "minuten", "seconde", "secondes", "segundos", "minuto", "minutos", "secondi", "minuti",
}  # fmt: skip
_HOURS = {
    "hour", "hours", "hr", "hrs", "stunde", "stunden", "heure", "heures", "hora", "horas", "ora",
    "ore", "uur", "uren",
}  # fmt: skip
_DAYS = {"day", "days", "tag", "tage", "tagen", "jour", "jours", "día", "días", "dia", "dias",
         "giorno", "giorni", "dag", "dagen"}  # fmt: skip
_LONG = {
    "week", "weeks", "month", "months", "year", "years", "woche", "wochen", "monat", "monate",
    "monaten", "jahr", "jahre", "jahren", "semaine", "semaines", "mois", "an", "ans", "année",
    "années", "semana", "semanas", "mes", "meses", "mês", "año", "años", "ano", "anos",
    "settimana", "settimane", "mese", "mesi", "anno", "anni", "weken", "maand", "maanden", "jaar",
}  # fmt: skip
_ONE = {"a", "an", "one", "einer", "einem", "un", "une", "una", "um", "uma", "een"}
_AGO = re.compile(
    r"^(?:vor|il y a|hace|há|over|about|almost|edited)?\s*(\d+|[^\W\d]+)\s+([^\W\d]+)"
    r"(?:\s+(?:ago|fa|atrás|geleden))?$",
    re.I,
)
_SIGN_OF_AGO = re.compile(r"\b(?:ago|vor|il y a|hace|há|fa|atrás|geleden)\b", re.I)
_TODAY = {"today": 0, "heute": 0, "aujourd'hui": 0, "hoy": 0, "oggi": 0, "hoje": 0, "vandaag": 0,
          "yesterday": 1, "gestern": 1, "hier": 1, "ayer": 1, "ieri": 1, "ontem": 1,
          "gisteren": 1}  # fmt: skip
_NOW = {"just now", "now", "gerade eben", "à l'instant"}
_MONTHS = {
    name: number
    for number, written in enumerate(
        (
            "january jan januar janvier janv enero ene gennaio gen janeiro januari",
            "february feb februar février févr fevrier febrero febbraio fevereiro fev februari",
            "march mar märz mrz mars marzo março maart mrt",
            "april apr avril avr abril abr aprile",
            "may mai mayo maggio mag maio mei",
            "june jun juni juin junio giugno giu junho",
            "july jul juli juillet juil julio luglio lug julho",
            "august aug août aout agosto ago augustus",
            "september sep sept septembre septiembre settembre set setembro",
            "october oct oktober okt octobre octubre ottobre ott outubro out",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in written.split()
}
_WORD_DAY = re.compile(
    r"^(?:[^\W\d]+,\s+)?(?:(\d{1,2})(?:st|nd|rd|th|\.|er|º)?\s+(?:de\s+)?([^\W\d]+)\.?,?"
    r"|([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?)\s+(?:de\s+)?(\d{4})$"
)


class When(NamedTuple):
    """A publish time and how exactly it is known."""

    moment: datetime | None
    precision: Precision


UNKNOWN = When(None, Precision.UNKNOWN)


def in_utc(moment: datetime) -> datetime:
    """The same instant in UTC; a naive one is taken as UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def instant(value: object) -> datetime | None:
    """An exact time that carries its zone (ISO 8601, RFC 822) or is an epoch; else nothing."""
    when = read(value, zone="UTC")
    return when.moment if when.precision is Precision.SECOND else None


def read(
    value: object, *, zone: str = "UTC", now: datetime | None = None, language: str | None = None
) -> When:
    """A time in any of the platforms' forms.

    Args:
        value: text, a number of seconds, milliseconds or microseconds since 1970, or nothing.
        zone: the source's zone, for times that carry none.
        now: what relative times count from.
        language: BCP 47 tag; "en-US" puts the month first in 03/04/2024.
    """
    if value is None or isinstance(value, bool):
        return UNKNOWN
    if isinstance(value, int | float):
        return _epoch(float(value))
    if isinstance(value, datetime):
        return When(_in_zone(value, zone), Precision.SECOND)
    written = " ".join(str(value).split())
    try:
        return _written(written, zone, now, language)
    except (ValueError, OverflowError):
        return UNKNOWN


def _written(written: str, zone: str, now: datetime | None, language: str | None) -> When:
    if not written:
        return UNKNOWN
    if _EPOCH.match(written):
        return _epoch(float(written))
    if _DAY_ONLY.match(written) or _COMPACT_DAY.match(written):
        return _day_in(date.fromisoformat(_padded(written)), zone)
    if written[:4].isdigit() and (moment := _iso(written)) is not None:
        return When(_in_zone(moment, zone), Precision.SECOND)
    if _RFC_822.match(written):
        return When(_in_zone(parsedate_to_datetime(written), zone), Precision.SECOND)
    if (relative := _relative(written, zone, now)) is not None:
        return relative
    day = _worded_day(written) or _numeric_day(written, language)
    if day is not None:
        return _day_in(day, zone)
    return _other(written, zone, language)


def _epoch(number: float) -> When:
    """Seconds, milliseconds or microseconds, told apart by size."""
    for size in (1e14, 1e11):
        if abs(number) >= size:
            number /= 1e6 if size == 1e14 else 1e3
            break
    return When(datetime.fromtimestamp(number, tz=UTC), Precision.SECOND)


def _iso(written: str) -> datetime | None:
    tidy = _FRACTION.sub(r"\1", written).replace(" UTC", "+00:00").replace(" GMT", "+00:00")
    try:
        return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$)", "", tidy))
    except ValueError:
        return None


def _padded(written: str) -> str:
    parts = _DAY_ONLY.match(written)
    return written if parts is None else "-".join(part.zfill(2) for part in parts.groups())


def _in_zone(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(zone))
    return moment.astimezone(UTC)


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _day_in(day: date, zone: str) -> When:
    midnight = datetime(day.year, day.month, day.day, tzinfo=_zone(zone))
    return When(midnight.astimezone(UTC), Precision.DAY)


def _relative(written: str, zone: str, now: datetime | None) -> When | None:
    lower = written.lower().removeprefix("edited ")
    if lower in _NOW:
        return When(in_utc(now), Precision.SECOND) if now else UNKNOWN
    if lower in _TODAY:
        return _days_before(_TODAY[lower], zone, now)
    match = _AGO.match(lower)
    if match is None or not _SIGN_OF_AGO.search(lower):
        return None
    count, unit = match.groups()
    if not (count.isdigit() or count in _ONE):
        return None
    return _ago(int(count) if count.isdigit() else 1, unit, zone, now)


def _ago(count: int, unit: str, zone: str, now: datetime | None) -> When | None:
    if unit in _LONG or now is None:
        return UNKNOWN
    if unit in _DAYS:
        return _days_before(count, zone, now)
    if unit in _HOURS:
        return _day_in((in_utc(now) - timedelta(hours=count)).astimezone(_zone(zone)).date(), zone)
    if unit in _SMALL:
        minutes = 0 if unit.startswith(("s", "S")) else count
        return When(in_utc(now) - timedelta(minutes=minutes), Precision.SECOND)
    return None


def _days_before(count: int, zone: str, now: datetime | None) -> When:
    if now is None:
        return UNKNOWN
    return _day_in(in_utc(now).astimezone(_zone(zone)).date() - timedelta(days=count), zone)


def _worded_day(written: str) -> date | None:
    """A day with a month name: "October 24, 2011", "Reviewed in France on 3 March 2024"."""
    for text in (written, _REVIEWED_IN.sub("", written)):
        match = _WORD_DAY.match(text)
        if match is None:
            continue
        day, month, month_first, day_second, year = match.groups()
        number = _MONTHS.get((month or month_first).lower())
        if number is not None:
            return date(int(year), number, int(day or day_second))
    return None


def _numeric_day(written: str, language: str | None) -> date | None:
    match = _NUMERIC_DAY.match(written)
    if match is None:
        return None
    a, b, c = (int(part) for part in match.groups())
    if a > 31:
        return date(a, b, c)
    if c < 100:
        c += 2000
    is_month_first = b > 12 or (a <= 12 and (language or "").lower() == "en-us")
    return date(c, a, b) if is_month_first else date(c, b, a)


def _other(written: str, zone: str, language: str | None) -> When:
    """Rare written forms, in the source's language or the most common ones."""
    if len(written) > _LONGEST_DATE or not any(each.isdigit() for each in written):
        return UNKNOWN
    import dateparser

    languages = [language.split("-")[0]] if language else _COMMON
    settings = {"STRICT_PARSING": True}  # A zone that is written stays with the time.
    try:
        moment = dateparser.parse(written, languages=languages, settings=settings)
    except (ValueError, TypeError):
        moment = None
    if moment is None:
        return UNKNOWN
    if _CLOCK.search(written):
        return When(_in_zone(moment, zone), Precision.SECOND)
    return _day_in(moment.date(), zone)
