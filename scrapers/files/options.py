"""What a source of `kind = "file"` may say in the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from earshot.record import Feedback
from earshot.settings import Source
from scrapers.registry import validated

Format = Literal["csv", "jsonl", "parquet"]
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "jsonl", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_FILLED_BY_US = {"source", "platform", "brand", "first_seen_at", "published_precision"}
FIELDS = sorted(set(Feedback.model_fields) - _FILLED_BY_US - {"attributes"})


def _field(name: str) -> str:
    if name not in FIELDS and not (name.startswith("attributes.") and len(name) > 11):
        raise ValueError(
            f'is no field of a record; write one of {", ".join(FIELDS)} or "attributes.NAME"'
        )
    return name


FieldName = Annotated[str, AfterValidator(_field)]


class FileOptions(BaseModel):
    """Which file, how it is written, and which of its columns are which fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path | None = Field(default=None, description="The file; `earshot import` may name it.")
    platform: str | None = Field(default=None, description="Platform; by default the source.")
    format: Format | None = Field(default=None, description="By default from the file's name.")
    encoding: str = Field(default="utf-8-sig", description="Of CSV and JSON lines.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="Of CSV.")
    columns: dict[FieldName, str] = Field(
        min_length=1, description='Field = column; "a.b" is b inside a (JSON lines, Parquet).'
    )
    constants: dict[FieldName, str | float | bool] = Field(
        default_factory=dict, description="Fields that are the same in every row."
    )
    rating_scale: float = Field(default=5, gt=0, description="Highest rating possible.")
    date_format: str | None = Field(
        default=None, description="strptime format of times that are not ISO 8601."
    )

    @model_validator(mode="after")
    def _says_something(self) -> FileOptions:
        if not {"body", "title", "rating"} & self.columns.keys():
            raise ValueError('columns: name the column of "body", "title" or "rating"')
        return self

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
