"""Holds a platform's conversation over HTTP: one call at a time, every failure named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar

from earshot.errors import RetryLater
from earshot.platforms.base import Answer, Call, Headers
from earshot.platforms.calls import signed
from earshot.platforms.writing import Talk, Unsure, Wallet, writes

T = TypeVar("T")
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 20.0


class Wire:
    """An HTTP client that follows no redirect and repeats nothing by itself."""

    def __init__(self, contact: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        import httpx

        self._httpx = httpx
        self._client = httpx.Client(
            timeout=httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,
            headers={"User-Agent": f"earshot (+{contact})"},
        )

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def hold(self, talk: Talk[T], wallet: Wallet) -> T:
        """Send what the conversation asks for until it has its result.

        Raises:
            RetryLater: nothing was published, and a later attempt may succeed.
            Unsure: the call that publishes had no usable answer.
        """
        try:
            call = next(talk)
            while True:
                call = talk.send(self._ask(call, wallet))
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            talk.close()

    def _ask(self, call: Call, wallet: Wallet) -> Answer:
        ready = signed(call, wallet)
        with self._failures(call):
            answer = self._client.request(
                ready.method, ready.url, headers=dict(ready.headers), content=ready.body
            )
        return Answer(
            status=answer.status_code,
            headers=Headers(dict(answer.headers)),
            body=answer.content,
            url=call.url,
        )

    @contextmanager
    def _failures(self, call: Call) -> Iterator[None]:
        """What a broken call means: without a connection nothing can have arrived.

        The error's own words are left out: an address may hold a secret.
        """
        http: Any = self._httpx
        try:
            yield
        except (http.ConnectError, http.ConnectTimeout, http.UnsupportedProtocol) as error:
            raise RetryLater("The platform cannot be reached.") from error
        except http.HTTPError as error:
            name = type(error).__name__
            if writes(call):
                raise Unsure(f"The platform gave no answer ({name}).") from error
            raise RetryLater(f"The platform gave no answer ({name}).") from error


def wallet_of_environment() -> Wallet:
    """Every credential that the environment has, by name; changed only in memory."""
    return {name: value for name, value in os.environ.items() if name.isupper() and value}
