"""`kind = "rest"`: any JSON endpoint, declared in the settings.

```toml
[[source]]
name = "our-shop"
kind = "rest"
brand = "acme"
base_url = "https://shop.example"
path = "api/reviews"
items = "data"
fields = { id = "id", body = "text", rating = "stars", published = "created_at" }
paging = { style = "cursor", parameter = "cursor", path = "meta.next" }
auth = { style = "bearer", credential = "OUR_SHOP_TOKEN" }
```

`paging.style` is `none`, `page`, `offset`, `cursor` (the value at `path` goes into `parameter`),
`next` (the address at `path`) or `link` (the Link header); `size_parameter` and `size` ask for
larger pages. `auth.style` is `none`, `bearer`, `header` (`header`, `template`), `query`
(`parameter`) or `basic` (`user`, `password`); templates hold names of credentials in braces.
`since = { parameter = "updated_since", format = "iso" }` asks for what changed (or `epoch`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from earshot.platforms._rest import Rest
from earshot.platforms._rest_spec import Auth, Paging, Since, Spec
from earshot.platforms.base import Contract, Secret, Terms
from earshot.platforms.base import Options as BaseOptions
from earshot.platforms.calls import names_in
from earshot.record import Feedback, Kind

_OWN = frozenset({"id", "published", "edited", "author", "parent", "reply", "replied", "language"})
_FIELDS = _OWN | (frozenset(Feedback.model_fields) & {
    "title", "body", "rating", "rating_scale", "url", "product", "reach", "is_verified",
})  # fmt: skip


class Options(BaseOptions):
    """One endpoint; paths are names divided by dots, `a|b` takes the first that is there."""

    base_url: str = Field(min_length=1, description="Address of the service.")
    path: str = Field(description="Path of the list.")
    method: Literal["GET", "POST"] = Field(default="GET", description="How to ask.")
    query: dict[str, str] = Field(default_factory=dict, description="Fixed parameters.")
    body: dict[str, Any] | None = Field(default=None, description="JSON body of a POST.")
    items: str = Field(default="", description="Path of the list in the answer.")
    fields: dict[str, str] = Field(description="Paths by field of the record; id at least.")
    attributes: dict[str, str] = Field(default_factory=dict, description="Further facts by path.")
    paging: Paging = Field(default=Paging(), description="How to reach the next page.")
    auth: Auth = Field(default=Auth(), description="Which credentials go where.")
    since: Since | None = Field(default=None, description="Parameter for changes since.")
    order: Literal["changed", "published", "none"] = Field(
        default="none", description="Newest first by what."
    )
    item_kind: Kind = Field(default=Kind.REVIEW, description="What the texts are.")
    rating_scale: float = Field(default=5, gt=0, description="Highest rating.")
    is_html: bool = Field(default=False, description="Bodies are HTML.")
    customer: str = Field(default="", description='"path=value" under which a customer speaks.')
    deleted: str = Field(default="", description='"path=value" of deleted items.')
    error: str = Field(default="", description="Path of an error inside HTTP 200.")
    ignored: tuple[str, ...] = Field(default=(), description="Names left aside on purpose.")

    @model_validator(mode="after")
    def _known_fields(self) -> Options:
        if "id" not in self.fields:
            raise ValueError("expected fields.id: name the path of the item's id")
        if wrong := sorted(set(self.fields) - _FIELDS):
            raise ValueError(f"unknown fields {wrong}; write some of {sorted(_FIELDS)}")
        return self

    def spec(self) -> Spec:
        """The endpoint as the shared reader takes it."""
        same = {name: getattr(self, name) for name in Spec.model_fields if hasattr(self, name)}
        return Spec(**{**same, "key": "items", "kind": self.item_kind})

    def secrets(self) -> tuple[Secret, ...]:
        """The credentials' places in a call."""
        return self.auth.secrets()

    def credentials_needed(self) -> tuple[str, ...]:
        """Names of the credentials."""
        return tuple(name for secret in self.secrets() for name in names_in(secret))


PLATFORM = Rest(
    name="rest",
    Options=Options,
    terms=Terms(
        note="An endpoint of your own choice: its terms are yours to keep.",
        evidence="answers made by hand",
    ),
    contract=Contract(required=("body",), required_share=0.5, overlap=timedelta(days=3)),
)
