"""What the stand-ins for platforms are made of: a call, what it left behind, routes, refusals."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from tests.platform_standin import PlatformStandIn

TID = re.compile(r"[234567abcdefghij][234567a-z]{12}")
LONG_AGO = "2026-03-01T10:00:00Z"


class Refusal(Exception):
    """An HTTP error with a body."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


@dataclass
class Post:
    """One published thing, as a visitor sees it."""

    platform: str
    about: str
    text: str
    key: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Request:
    """One call: path without query, query, headers in lower case, body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        if "json" not in self.headers.get("content-type", ""):
            raise Refusal(415, {"message": "expected JSON"})
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(self.body.decode()).items()}

    def bearer(self, *tokens: str) -> None:
        if self.headers.get("authorization", "").removeprefix("Bearer ") not in tokens:
            raise Refusal(401, {"error": {"message": "invalid credentials"}})

    def basic(self, user: str, password: str) -> None:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        if self.headers.get("authorization") != f"Basic {pair}":
            raise Refusal(401, {"error": "Couldn't authenticate you"})


Route = Callable[["PlatformStandIn", Request, re.Match[str]], Any]
ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def route(method: str, pattern: str) -> Callable[[Route], Route]:
    def add(function: Route) -> Route:
        ROUTES.append((method, re.compile(pattern), function))
        return function

    return add


def epoch(moment: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(moment).timestamp())


def need(condition: bool, message: str, status: int = 400) -> None:
    if not condition:
        raise Refusal(status, {"error": {"message": message}})
