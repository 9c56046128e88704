"""One module per platform: requests, answers, limits and errors; no I/O.

A module is found by being here: `load("reddit")` imports `earshot.platforms.reddit`, which
either is a `base.Platform` itself or names one `PLATFORM`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any, cast

from earshot.errors import FixSettings
from earshot.platforms.base import Platform

_SHARED = frozenset(
    {
        "answers",
        "base",
        "calls",
        "dates",
        "limits",
        "newest_first",
        "oauth",
        "payload",
        "ratings",
        "session",
        "text",
        "writing",
        "writing_desks",
        "writing_kinds",
        "writing_reviews",
        "writing_social",
        "xml",
    }
)


def names() -> list[str]:
    """Every platform there is, in alphabetical order."""
    return sorted(
        m.name
        for m in pkgutil.iter_modules(__path__)
        if m.name not in _SHARED and not m.name.startswith("_")
    )


def load(name: str) -> Platform[Any]:
    """The platform of this name.

    Raises:
        FixSettings: there is no such platform.
    """
    if name not in names():
        raise FixSettings(
            f'expected kind to be one of {", ".join(names())}; found "{name}": correct the source'
        )
    module = import_module(f"{__name__}.{name}")
    return cast(Platform[Any], getattr(module, "PLATFORM", module))
