"""The taxonomy: themes defined by words in a TOML file, and their stable ids in the database."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from psycopg2.extensions import connection as Connection
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from earshot.errors import FixSettings
from earshot.settings import Settings, explain
from sql.named import queries

SHIPPED = Path(__file__).parent / "taxonomy.toml"

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Theme(BaseModel):
    """One `[[theme]]` of a taxonomy file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    """Stable name in tables and rules."""
    name: Words
    description: str = ""
    examples: tuple[Words, ...] = ()
    """Sentences as customers write them, in any supported language."""
    kind: Literal["theme", "urgent"] = "theme"
    """An urgent tag is written beside the themes; one credible report is enough."""
    polarity: Literal["any", "negative", "positive"] = "any"
    """The sentiment without which a sentence cannot mean this theme: praise is never negative."""
    least_probability: float | None = Field(default=None, ge=0, le=1)
    """Probability from which it is written, where a wrong tag costs more than a missed one."""
    owner: str | None = None
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    playbook: str | None = None

    @property
    def text_hash(self) -> bytes:
        """Fingerprint of what the encoder reads of the theme."""
        words = json.dumps([self.name, self.description, self.examples], ensure_ascii=False)
        return hashlib.sha256(words.encode()).digest()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    theme: tuple[Theme, ...] = Field(min_length=1)


@dataclass(frozen=True, kw_only=True)
class Taxonomy:
    """The themes of one file, in its order."""

    themes: tuple[Theme, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Theme keys in file order."""
        return tuple(theme.key for theme in self.themes)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read and validate a taxonomy file; without a path, the shipped one.

    Raises:
        FixSettings: the file is missing, is no TOML, or a theme is wrong; one line a fault.
    """
    file = path or SHIPPED
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise FixSettings(
            f"{file}: no such taxonomy file; correct model.taxonomy, or leave it out "
            "for the shipped one."
        ) from None
    except (ValueError, RecursionError) as error:
        raise FixSettings(f"{file}: is not valid TOML: {error}; correct that line.") from error
    try:
        themes = _File.model_validate(values).theme
    except ValidationError as error:
        raise FixSettings(explain(file.name, error)) from error
    _refuse_duplicates(file, themes)
    return Taxonomy(themes=themes)


def taxonomy_of(settings: Settings) -> Taxonomy:
    """The taxonomy that the settings name, else the shipped one; never without urgent tags."""
    shipped = load_taxonomy()
    if settings.model.taxonomy is None:
        return shipped
    given = load_taxonomy(settings.path(settings.model.taxonomy))
    urgent = [theme for theme in shipped.themes if theme.kind == "urgent"]
    return Taxonomy(
        themes=(*given.themes, *(theme for theme in urgent if theme.key not in given.keys))
    )


def sync_taxonomy(conn: Connection, taxonomy: Taxonomy, now: datetime) -> dict[str, int]:
    """Write the themes into the ledger and return the id of each key.

    Ids are stable: a known key keeps its row, `changed_at` moves only where name, description or
    examples changed, and a theme that left the file is retired, not deleted. The caller commits.
    """
    rows = [
        {
            "key": theme.key,
            "name": theme.name,
            "description": theme.description,
            "kind": theme.kind,
            "weight": theme.weight,
            "owner": theme.owner,
            "playbook": theme.playbook.strip() if theme.playbook else None,
            "text_hash": theme.text_hash.hex(),
        }
        for theme in taxonomy.themes
    ]
    queries.theme_sync(conn, themes=json.dumps(rows), now=now)
    queries.theme_retire_missing(conn, keys=list(taxonomy.keys))
    return {key: id_ for id_, key in queries.theme_ids(conn, keys=list(taxonomy.keys))}


def _refuse_duplicates(file: Path, themes: tuple[Theme, ...]) -> None:
    seen: set[str] = set()
    for index, theme in enumerate(themes):
        if theme.key in seen:
            raise FixSettings(
                f'{file.name}: theme[{index}].key: "{theme.key}" stands twice; '
                "give each theme its own key."
            )
        seen.add(theme.key)
