"""What a JSON endpoint looks like, as data: address, paging, credentials, and which field is what.

Paths are names divided by dots (`user.id`, `comments.0.text`); `a|b` takes the first that is there.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from earshot.errors import SkipRecord
from earshot.platforms.base import BasicSecret, HeaderSecret, QuerySecret, Secret
from earshot.record import Kind, Speaker


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paging(_Data):
    """How to reach the next page.

    `page` and `offset` count in a parameter, `cursor` takes the value at `path`, `next` the address
    at `path`, `link` that of the Link header; the end is an empty page or a missing value.
    """

    style: Literal["none", "page", "offset", "cursor", "next", "link"] = "none"
    parameter: str = "page"
    first: int = 1
    path: str = ""
    size_parameter: str | None = None
    size: int = Field(default=100, gt=0)


class Auth(_Data):
    """Which credentials of the environment go where."""

    style: Literal["none", "bearer", "header", "query", "basic"] = "none"
    credential: str = ""
    header: str = "Authorization"
    template: str = ""
    parameter: str = ""
    user: str = ""
    password: str = ""

    def secrets(self) -> tuple[Secret, ...]:
        """The same as secrets of a call."""
        match self.style:
            case "bearer":
                return (
                    HeaderSecret(header="Authorization", template=f"Bearer {{{self.credential}}}"),
                )
            case "header":
                template = self.template or f"{{{self.credential}}}"
                return (HeaderSecret(header=self.header, template=template),)
            case "query":
                return (QuerySecret(parameter=self.parameter, credential=self.credential),)
            case "basic":
                return (BasicSecret(user=self.user, password=self.password),)
        return ()


class Since(_Data):
    """The parameter that asks for items changed since, where there is one."""

    parameter: str
    format: Literal["iso", "epoch", "iso_naive"] = "iso"


class Metric(_Data):
    """Where a support ticket's times are."""

    ticket: str = "id"
    opened: str
    updated: str
    channel: str = ""
    first_response: str = ""
    resolved: str = ""
    reopens: str = ""
    agent_replies: str = ""


class Spec(_Data):
    """One endpoint.

    Attributes:
        items: path of the list; empty where the answer itself is the list.
        omits_empty: an answer without anything to list leaves the list out.
        fields: fields of the Feedback record by path: id, body and published at least.
        order: `changed` and `published` are newest first by that time and end at the overlap.
        ignored: names in an item that are left aside on purpose.
        customer: `path=value` under which a customer speaks; otherwise the brand does.
        error: path that is there only inside an answer of failure.
    """

    key: str = "items"
    path: str
    method: Literal["GET", "POST"] = "GET"
    query: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] | None = None
    items: str = ""
    omits_empty: bool = False
    fields: dict[str, str] = Field(default_factory=dict)
    attributes: dict[str, str] = Field(default_factory=dict)
    paging: Paging = Paging()
    since: Since | None = None
    order: Literal["changed", "published", "none"] = "none"
    kind: Kind = Kind.REVIEW
    customer: str = ""
    speaker: Speaker = Speaker.CUSTOMER
    rating_scale: float = 5.0
    unrated: tuple[float, ...] = ()
    is_html: bool = False
    deleted: str = ""
    error: str = ""
    metric: Metric | None = None
    ignored: tuple[str, ...] = ()


def dig(value: Any, path: str) -> Any:
    """The value at a path, or nothing."""
    for alternative in path.split("|"):
        found = value
        for step in alternative.split(".") if alternative else ():
            found = _step(found, step)
        if found is not None and found != "":
            return found
    return None


def _step(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.lstrip("-").isdigit():
        at = int(step)
        return value[at] if -len(value) <= at < len(value) else None
    return None


def need(raw: Any, spec: Spec, field: str) -> Any:
    """The value of a field that must be there.

    Raises:
        SkipRecord: it is not.
    """
    value = dig(raw, spec.fields[field]) if field in spec.fields else None
    if value is None:
        raise SkipRecord(f'expected "{spec.fields.get(field, field)}", found none', field=field)
    return value


def holds(raw: Any, rule: str) -> bool:
    """Whether `path=value` holds; values are compared as text, in lower case."""
    path, _, wanted = rule.partition("=")
    return bool(rule) and str(dig(raw, path)).lower() in wanted.lower().split(",")


def heads(spec: Spec) -> frozenset[str]:
    """The names of an item that the declaration reads or knows."""
    paths = [*spec.fields.values(), *spec.attributes.values()]
    paths += [rule.partition("=")[0] for rule in (spec.customer, spec.deleted) if rule]
    if spec.metric is not None:
        paths += [str(path) for path in spec.metric.model_dump().values() if path]
    parts = {part.split(".")[0] for path in paths for part in path.split("|")}
    return frozenset(parts) | frozenset(spec.ignored)
