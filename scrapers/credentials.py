"""Credentials of sources: from the environment, secrets.env or an Airflow connection.

The connection of a source is `earshot_source_<name>`, `-` written `_`. Its login and password are
the platform's credentials in their order (a single one is the password); further ones stand in its
extra, by name. The environment comes first.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from earshot.errors import FixSettings
from earshot.local.secrets import recall
from earshot.settings import Settings, Source
from sql.connect import connection_of_task

_SECRET_NAME = re.compile(r"TOKEN|SECRET|KEY|PASS|CREDENTIAL|PWD")
LEAST_SECRET = 4
"""Characters; a shorter value would be found in any text."""


def credentials(settings: Settings, source: Source, needs: Sequence[str]) -> dict[str, str]:
    """Every credential that a source may use, by name.

    Raises:
        FixSettings: the source's Airflow connection cannot be read.
    """
    named = {name: value for name, value in os.environ.items() if name.isupper() and value}
    return {**_of_connection(source, needs), **recall(settings.home_folder), **named}


def secrets_among(known: Mapping[str, str], needs: Iterable[str]) -> list[str]:
    """The values that must not be told, longest first: what is needed, or is named as a secret."""
    named = set(needs)
    found = {
        value
        for name, value in known.items()
        if (name in named or _SECRET_NAME.search(name)) and len(value) >= LEAST_SECRET
    }
    return sorted(found, key=len, reverse=True)


def without(text: str, secrets: Iterable[str]) -> str:
    """The text without secrets."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return text


def adopt_connection(source: Source) -> None:
    """Inside a task, let the process of the crawl find the source's connection.

    It is kept in the environment of the task's process, which ends with the task.
    """
    if os.environ.get(_variable(source)):
        return
    found = connection_of_task(_name(source))
    if found is not None:
        kept = {"login": found.login, "password": found.password, "extra": found.extra_dejson}
        os.environ[_variable(source)] = json.dumps(kept)


def _name(source: Source) -> str:
    return f"earshot_source_{source.name.replace('-', '_')}"


def _variable(source: Source) -> str:
    return f"AIRFLOW_CONN_{_name(source).upper()}"


def _of_connection(source: Source, needs: Sequence[str]) -> dict[str, str]:
    written = os.environ.get(_variable(source))
    if not written:
        return {}
    try:
        given = _object(written) if written.lstrip().startswith("{") else _address(written)
        pair = [given.get("login"), given.get("password")]
        ordered = pair[1:] if len(needs) == 1 else pair
        found = {**dict(zip(needs, ordered, strict=False)), **dict(given["extra"])}
        return {str(name): str(value) for name, value in found.items() if value}
    except (ValueError, TypeError, RecursionError):
        raise FixSettings(
            f"Airflow connection {_name(source)}: cannot be read; write it as JSON: "
            '{"login": …, "password": …, "extra": {"NAME": …}}.'
        ) from None


def _object(written: str) -> Mapping[str, Any]:
    given = json.loads(written)
    extra = given.get("extra") or {}
    return {**given, "extra": json.loads(extra) if isinstance(extra, str) else extra}


def _address(written: str) -> Mapping[str, Any]:
    """Airflow's form as an address, with the extra in its query."""
    parts = urlsplit(written)
    extra = dict(parse_qsl(parts.query))
    if whole := extra.pop("__extra__", None):
        extra = {**json.loads(whole), **extra}
    login, password = (unquote(each) if each else None for each in (parts.username, parts.password))
    return {"login": login, "password": password, "extra": extra}
