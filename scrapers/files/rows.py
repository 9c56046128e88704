"""What every format of file is read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record of a file before its columns are mapped."""

    line_number: int
    values: Mapping[str, Any]
