"""What a source of `kind = "file"` may say in the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from earshot.record import Feedback
from earshot.settings import Source
from scrapers.registry import validated

Format = Literal["csv", "jsonl", "json", "parquet", "transcript"]
Survey = Literal["csat", "nps", "ces"]
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "json", ".js": "json", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_SURVEY_SCALES: dict[Survey, float] = {"csat": 5, "nps": 10, "ces": 7}
"""Highest score by custom; Reichheld (2003) for the NPS, Dixon et al. (2010) for the CES."""
_FILLED_BY_US = {"source", "platform", "brand", "first_seen_at", "published_precision"}
FIELDS = sorted(set(Feedback.model_fields) - _FILLED_BY_US - {"attributes"})


def _field(name: str) -> str:
    if name not in FIELDS and not (name.startswith("attributes.") and len(name) > 11):
        raise ValueError(
            f'is no field of a record; write one of {", ".join(FIELDS)} or "attributes.NAME"'
        )
    return name


FieldName = Annotated[str, AfterValidator(_field)]


class MappingOptions(BaseModel):
    """Which names of a foreign record are which fields of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: str | None = Field(default=None, description="Platform; by default the source.")
    columns: dict[FieldName, str] = Field(
        default_factory=dict,
        description='Field = column; "a.b" is b inside a (JSON, Parquet), "a|b" the first filled.',
    )
    constants: dict[FieldName, str | float | bool] = Field(
        default_factory=dict, description="Fields that are the same in every row."
    )
    items: str = Field(
        default="", description='Where the list is in a JSON document: "data", "posts.comments".'
    )
    rating_scale: float | None = Field(
        default=None, gt=0, description="Highest rating; 5, of an NPS 10, of a CES 7."
    )
    date_format: str | None = Field(
        default=None, description="strptime format of times that are not ISO 8601."
    )
    survey: Survey | None = Field(
        default=None, description="The ratings answer this question; rows are survey answers."
    )
    ratings: dict[str, float] = Field(
        default_factory=dict, description="Ratings written as words: { positive = 5 }."
    )
    brand_authors: tuple[str, ...] = Field(
        default=(), description="Author ids or names under which the brand itself writes."
    )
    is_html: bool = Field(default=False, description="Bodies are HTML.")
    is_mojibake: bool = Field(
        default=False, description="UTF-8 was read as Latin-1, as in Meta's downloads."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not {"body", "title", "rating"} & self.columns.keys():
            raise ValueError('columns: name the column of "body", "title" or "rating"')
        if self.survey and "rating" not in self.columns:
            raise ValueError('columns: name the column of "rating", the score of the survey')
        return self

    @property
    def highest_rating(self) -> float:
        """The scale said, else the survey's own, else five."""
        return self.rating_scale or (_SURVEY_SCALES[self.survey] if self.survey else 5.0)


class Chat(BaseModel):
    """How a file holds conversations: who speaks in a turn, and where the turns are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation: str = Field(default="conversation", description="Column of its id.")
    role: str = Field(default="role", description="Column that says who speaks.")
    turns: str = Field(default="", description="JSON: list of the turns; else a row is a turn.")
    customer: tuple[str, ...] = Field(
        default=("customer", "visitor", "user", "consumer", "client", "end-user", "end_user"),
        description='Who is a customer, in any case of letters; "*" is everybody else.',
    )
    brand: tuple[str, ...] = Field(
        default=("agent", "operator", "admin", "bot", "assistant", "support", "staff"),
        description="Who speaks for the brand.",
    )


class FileOptions(MappingOptions):
    """Which file, how it is written, and which of its columns are which fields."""

    path: Path | None = Field(default=None, description="The file; `earshot import` may name it.")
    format: Format | None = Field(default=None, description="By default from the file's name.")
    encoding: str = Field(default="utf-8-sig", description="Of CSV, JSON and transcripts.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="Of CSV.")
    chat: Chat | None = Field(default=None, description="The rows are conversations.")

    @model_validator(mode="before")
    @classmethod
    def _transcribed(cls, given: Any) -> Any:
        """A transcript's columns are always the same ones."""
        if isinstance(given, dict) and given.get("format") == "transcript":
            columns = {"body": "text", "published_at": "at", **(given.get("columns") or {})}
            return {**given, "columns": columns, "chat": given.get("chat") or {}}
        return given

    def format_of(self, path: Path) -> Format:
        """The format said, else the one that the file's name tells; CSV where it does not."""
        if self.format:
            return self.format
        suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
        return _SUFFIXES.get(suffixes[-1] if suffixes else "", "csv")


def options_of(source: Source) -> FileOptions:
    """The source's options.

    Raises:
        FixSettings: one is missing, unknown or wrong.
    """
    values: dict[str, Any] = source.options
    options: FileOptions = validated(source, FileOptions, values)
    return options


class FileConnector:
    """Reads a file that is there; nothing is fetched."""

    def platform_of(self, source: Source) -> str:
        """The platform that the settings name, else the source's own name."""
        return options_of(source).platform or source.name

    def check(self, source: Source) -> None:
        """Validate the source's options."""
        options_of(source)
