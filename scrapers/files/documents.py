"""JSON as whole documents: a list, or an object with the list somewhere inside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from earshot.errors import FixSettings
from scrapers.files.options import FileOptions

LONGEST_DOCUMENT = 200_000_000
"""Characters; a larger export is read as JSON lines, which need no memory."""
_ASSIGNED = re.compile(r"\s*(?:window\.)?[\w.]+\s*=\s*(?=[\[{])")
"""X's archive is JavaScript that assigns the list to a name."""


def is_document(beginning: str, options: FileOptions) -> bool:
    """Whether the file is one JSON value, not an object a line."""
    first = beginning.strip()
    return bool(options.items) or first.startswith("[") or first == "{" or _is_assigned(beginning)


def _is_assigned(beginning: str) -> bool:
    return _ASSIGNED.match(beginning) is not None


def objects(stream: TextIO, path: Path, options: FileOptions) -> Iterator[Any]:
    """The items of a document.

    Raises:
        FixSettings: it is no JSON, is too large, or holds no list where `items` says.
    """
    text = stream.read(LONGEST_DOCUMENT)
    if len(text) == LONGEST_DOCUMENT:
        raise FixSettings(
            f"{path}: expected a JSON document of less than {LONGEST_DOCUMENT:,} characters, found "
            "a larger one; write it as JSON lines, for example with `jq -c '.[]'`."
        )
    try:
        text.encode()
        whole = json.loads(_ASSIGNED.sub("", text, count=1))
    except UnicodeEncodeError as error:
        raise FixSettings(f"{path}: is not {options.encoding}; name its encoding.") from error
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "too deep"
        raise FixSettings(f"{path}: is not valid JSON: {reason}; export it again.") from error
    return iter(inside(whole, options.items, str(path)))


def inside(whole: Any, items: str, where: str) -> list[Any]:
    """The items at a path; a list on the way is gone through, a single object is one item.

    Raises:
        FixSettings: there is nothing at that path.
    """
    found = [whole]
    for name in items.split(".") if items else ():
        found = [each[name] for each in _flat(found) if isinstance(each, dict) and name in each]
    if not found:
        there = ", ".join(sorted(whole))[:300] if isinstance(whole, dict) else type(whole).__name__
        raise FixSettings(f'{where}: items: there is no "{items}"; the document has: {there}.')
    return _flat(found)


def _flat(values: list[Any]) -> list[Any]:
    return [each for value in values for each in (value if isinstance(value, list) else [value])]
