"""Golden files: the first run writes what was read and fails, so that a person looks at it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from earshot.record import Feedback


def check_golden(path: Path, items: Iterable[Feedback]) -> None:
    """Compare records with the file, which holds hashes in place of words."""
    found = [_summary(item) for item in items]
    if not path.exists():
        path.write_text(json.dumps(found, indent=1) + "\n")
        pytest.fail(f"wrote {path.name}: compare it with the saved page by hand, then run again")
    assert found == json.loads(path.read_text())


def _summary(item: Feedback) -> dict[str, Any]:
    words = f"{item.title}\n{item.body}"
    return {
        "external_id": item.external_id,
        "published_at": None if item.published_at is None else item.published_at.isoformat(),
        "precision": item.published_precision.value,
        "rating": item.rating,
        "rating_scale": item.rating_scale,
        "text": hashlib.sha256(words.encode()).hexdigest()[:16],
    }
