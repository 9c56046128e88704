"""Access tokens: one more call before the first, and again when a token has expired."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from earshot.errors import FixSettings
from earshot.platforms.answers import expect, json_of
from earshot.platforms.base import Answer, Call, Page, Secret

Waiting = Sequence[tuple[str, Mapping[str, Any]]]
"""Calls that wait for a token: address and note of each."""


def token_call(
    url: str, form: Mapping[str, str], secrets: tuple[Secret, ...], then: Waiting
) -> Call:
    """The call that fetches a token (RFC 6749, section 4.4 and 6), before the waiting calls."""
    return Call(
        method="POST",
        url=url,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
        secrets=secrets,
        note={"token": True, "then": [[u, dict(n)] for u, n in then], "again": _rounds(then)},
    )


def _rounds(then: Waiting) -> int:
    return max((int(note.get("again", 0)) for _, note in then), default=0)


def is_token(call: Call) -> bool:
    """Whether the call fetched a token."""
    return bool(call.note.get("token"))


def read_token(
    answer: Answer,
    call: Call,
    name: str,
    resume: Callable[[str, Mapping[str, Any]], Call],
    key: str = "access_token",
) -> Page:
    """The token, learned under `name`, and the calls that waited for it.

    Raises:
        FixSettings: the client's credentials are refused.
    """
    if answer.status in (400, 401, 403):
        raise FixSettings(
            f"expected a token, found HTTP {answer.status} at {answer.url.split('?', 1)[0]}: "
            "renew the client's credentials"
        )
    token = expect(json_of(answer), key, str, answer)
    return Page(
        learned={name: token}, next_calls=[resume(url, note) for url, note in call.note["then"]]
    )


def has_expired(answer: Answer, call: Call) -> bool:
    """Whether a fresh token may help: refused for the first time."""
    return answer.status == 401 and not call.note.get("again")


def waiting(call: Call) -> Waiting:
    """The refused call, to be sent once more."""
    return [(call.url, {**call.note, "again": 1})]
