"""What a platform is: it builds requests and reads answers, and never touches the network.

The crawler drives every platform the same way (`session.Session` keeps the books):

1. `first(...)` gives the calls to begin with.
2. The crawler signs a call (`calls.signed`, which adds secrets and refuses plain HTTP), sends it
   and hands the `Answer` to `read(...)`.
3. `read` returns a `Page`: records, rejected pieces, further calls, and a cursor to keep once the
   crawl is done. It raises `RetryLater`, `StopSource` or `FixSettings`; a consent page, a bot
   check or an error inside HTTP 200 is never an empty success.

A platform module satisfies `Platform` by its own top-level names, or names an instance `PLATFORM`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from earshot.record import Feedback

Cursor = Mapping[str, Any]
Credentials = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class HeaderSecret:
    """A header made from credentials: `template` holds their names in braces."""

    header: str
    template: str


@dataclass(frozen=True, kw_only=True)
class QuerySecret:
    """A query parameter that is a credential."""

    parameter: str
    credential: str


@dataclass(frozen=True, kw_only=True)
class PathSecret:
    """A placeholder such as `{YOTPO_APP_KEY}` in the path, replaced by the credential."""

    credential: str


@dataclass(frozen=True, kw_only=True)
class BasicSecret:
    """HTTP Basic; user and password are templates with names of credentials in braces."""

    user: str
    password: str


@dataclass(frozen=True, kw_only=True)
class FormSecret:
    """A field of a form or JSON body that is a credential (token exchanges)."""

    parameter: str
    credential: str


@dataclass(frozen=True, kw_only=True)
class AppleSecret:
    """App Store Connect's bearer: a JWT signed with ES256, made anew for each call."""

    key_id: str
    issuer_id: str
    private_key: str


Secret = HeaderSecret | QuerySecret | PathSecret | BasicSecret | FormSecret | AppleSecret


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to send. Holds no secret: `secrets` only names credentials.

    Attributes:
        note: what `read` needs to know later; JSON-able, safe to log and to store.
        wants_validators: send If-None-Match and If-Modified-Since where known.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    note: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    wants_validators: bool = False


class Headers(dict[str, str]):
    """Response headers, looked up without regard to case."""

    def __init__(self, headers: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> None:
        super().__init__({k.lower(): v for k, v in dict(headers).items()})

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a header, whatever the case of its name."""
        return super().get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        """The value of a header, whatever the case of its name."""
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        """Whether the header was sent."""
        return super().__contains__(str(name).lower())


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response: its body as bytes, decompressed and otherwise as sent."""

    status: int
    headers: Headers
    body: bytes
    url: str


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A piece of an answer that is no valid record; goes to quarantine.

    `raw` may hold personal data and is masked before it is stored.
    """

    raw: bytes = field(repr=False)
    field: str | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class TicketMetric:
    """Times of one support ticket, from which response and resolution are computed."""

    ticket_id: str
    opened_at: datetime
    updated_at: datetime
    channel: str | None = None
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    reopens: int | None = None
    agent_replies: int | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one answer held.

    Attributes:
        items: records in the order of the answer.
        deleted: external ids that the platform shows as deleted.
        ticket_metrics: support tickets' times.
        next_calls: calls to make next; they may repeat what was already sent, and the driver
            drops those.
        rejected: pieces that are no valid record.
        cursor: keys to write into the source's cursor once the crawl is done (`dict.update`);
            `None` changes nothing. Backfills give none.
        is_checkpoint: everything up to `cursor` has been handed over: it may be committed with
            this page's rows, so that a killed export goes on from here.
        unread_fields: names in the payload that the reader neither reads nor knows.
        learned: credentials found in the answer (an access token), kept in memory only.
        warnings: one sentence each, for the crawl's log: a limit that hides older items …
    """

    items: Sequence[Feedback] = ()
    deleted: Sequence[str] = ()
    ticket_metrics: Sequence[TicketMetric] = ()
    next_calls: Sequence[Call] = ()
    rejected: Sequence[Rejected] = ()
    cursor: Cursor | None = None
    is_checkpoint: bool = False
    unread_fields: frozenset[str] = frozenset()
    learned: Credentials = field(default_factory=dict, repr=False)
    warnings: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the rate-limit headers of an answer say.

    Attributes:
        pause_seconds: how long to wait before the next call to this host; `None` is "no word".
        remaining: calls left in the window.
        reset_seconds: until the window begins anew.
    """

    pause_seconds: float | None = None
    remaining: float | None = None
    reset_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a healthy source gives, declared beside its reader.

    Attributes:
        required: fields of `Feedback` that must be filled …
        required_share: … in at least this share of the records.
        parsed_share: share of the pieces on a page that must become records.
        newest_at_most: age of the newest record of a live source; `None` promises nothing.
        least_items: fewest records of a crawl that read at least one page (0: silence is normal).
        overlap: how far a crawl reads again behind its cursor, to find late and edited items.
    """

    required: tuple[str, ...]
    required_share: float = 0.98
    parsed_share: float = 0.95
    newest_at_most: timedelta | None = None
    least_items: int = 0
    overlap: timedelta = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the platform's terms say about reading it.

    Attributes:
        is_on_by_default: otherwise the source needs `accept_terms = true`.
        is_page_crawl: robots.txt binds it.
        from_documentation: written from documents, never run against the live service.
        evidence: what the reader was tested with otherwise.
    """

    note: str
    is_on_by_default: bool = True
    is_page_crawl: bool = False
    from_documentation: bool = False
    evidence: str = "recorded answers"

    @property
    def state(self) -> str:
        """What a user must know of how far the reader was tried."""
        unproven = "from documentation, never run against the live service"
        return unproven if self.from_documentation else self.evidence


@dataclass(frozen=True, kw_only=True)
class Span:
    """A backfill: items published at or after `since` and before `until`."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime | None) -> bool:
        """Whether the instant lies in the span; an unknown one may."""
        return moment is None or self.since <= moment < self.until

    def note(self) -> dict[str, str]:
        """Itself as part of a call's note."""
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}


def span_of(call: Call) -> Span | None:
    """The backfill that a call belongs to."""
    noted = call.note.get("span")
    if noted is None:
        return None
    return Span(
        since=datetime.fromisoformat(noted["since"]), until=datetime.fromisoformat(noted["until"])
    )


class Options(BaseModel):
    """Options that every source has; platforms add theirs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(description="Name of the source.")
    brand: tuple[str, ...] = Field(min_length=1, description="Keys of the brands it concerns.")
    base_url: str = Field(default="", description="Where to call; the platform's own by default.")
    timezone: str = Field(default="UTC", description="Zone of times written without one.")
    language: str | None = Field(default=None, description="BCP 47 tag of the source's locale.")
    product: str | None = Field(default=None, description="Product that the texts are about.")
    start: AwareDatetime | None = Field(
        default=None, description="A first crawl stops where items are older."
    )
    max_pages: int = Field(default=2000, gt=0, description="Pages read in one crawl at most.")
    accept_terms: bool = Field(default=False, description="Read although the terms forbid it.")
    only_named: bool = Field(
        default=False, description="Keep a mention only where it names a brand."
    )
    newest_within_days: float | None = Field(
        default=None, gt=0, description="Age of the newest text of a healthy source at most."
    )
    overlap_days: float | None = Field(
        default=None, ge=0, description="Days read again behind the cursor, if not the usual."
    )


def overlap_of(options: Options, contract: Contract) -> timedelta:
    """How far to read again: the option, else what the contract says."""
    if options.overlap_days is None:
        return contract.overlap
    return timedelta(days=options.overlap_days)


OptionsT_contra = TypeVar("OptionsT_contra", bound=Options, contravariant=True)


class Platform(Protocol[OptionsT_contra]):
    """How the crawler sees a platform."""

    @property
    def name(self) -> str:
        """The `platform` of its records."""

    @property
    def Options(self) -> type[Options]:  # noqa: N802
        """Model of the source's options."""

    @property
    def contract(self) -> Contract:
        """What a healthy source gives."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the environment variables it cannot do without."""

    @property
    def terms(self) -> Terms:
        """What its terms say."""

    def first(
        self,
        options: OptionsT_contra,
        cursor: Cursor,
        credentials: Credentials,
        now: datetime,
        span: Span | None = None,
    ) -> list[Call]:
        """The calls a crawl begins with.

        Raises:
            FixSettings: an option or a credential is missing or wrong.
        """

    def read(
        self, answer: Answer, call: Call, options: OptionsT_contra, cursor: Cursor, now: datetime
    ) -> Page:
        """What the answer to `call` holds; `cursor` is that of the beginning of the crawl.

        Raises:
            RetryLater: limited or briefly broken; the same call may succeed later.
            StopSource: the source no longer answers as agreed.
            FixSettings: credentials or options are refused.
        """

    def limits(self, answer: Answer, now: datetime) -> Limits:
        """What the answer's headers say about the next call."""
