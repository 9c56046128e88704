"""The settings of the DAGs."""

from __future__ import annotations

from earshot.settings import Settings, load


def settings() -> Settings:
    """The settings of `EARSHOT_SETTINGS`, read afresh so that a change needs no restart."""
    return load()
