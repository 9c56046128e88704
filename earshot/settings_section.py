"""What every table of the settings file is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A name used in SQL rows, DAG ids and file names: lower case, digits, `_` and `-`."""

Severity = Literal["low", "medium", "high", "critical"]


class Section(BaseModel):
    """A table of the settings file: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
