"""The named queries of `sql/queries/`: the only way in which other rooms speak SQL."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import aiosql

FOLDER = Path(__file__).parent / "queries"


@lru_cache(maxsize=1)
def named_queries() -> Any:
    """All queries of the folder, as functions `queries.name(connection, parameter=value)`."""
    return aiosql.from_path(FOLDER, "psycopg2")


class _Queries:
    """Loads the folder at the first query, so that importing this module costs nothing."""

    def __getattr__(self, name: str) -> Any:
        return getattr(named_queries(), name)


queries = _Queries()
