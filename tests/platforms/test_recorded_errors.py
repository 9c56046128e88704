"""Recorded failures are named after what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from earshot import platforms
from earshot.errors import EarshotError, FixSettings, RetryLater, StopSource
from earshot.platforms.base import Answer, Headers
from earshot.platforms.oauth import is_token
from earshot.platforms.session import Session
from tests.platforms.drive import NOW
from tests.platforms.replay_server import recordings

REDDIT = "reddit/praw-dev__prawcore__TestSession.test_request__"
PLACES = "googleplaces/qpowell__google_places__"
BV = "bazaarvoice/bazaarvoice__bv-android-sdk__"
HERE = "http://127.0.0.1:1"
OPTIONS: dict[str, dict[str, Any]] = {
    "reddit": {"listings": ("",)},
    "googleplaces": {"places": ("p",), "api": "legacy"},
    "bazaarvoice": {},
    "mastodon": {"tags": ("a",)},
}
ERRORS: dict[str, type[EarshotError]] = {
    f"{REDDIT}bad_gateway.01": RetryLater,
    f"{REDDIT}bad_gateway.02": RetryLater,
    f"{REDDIT}bad_gateway.03": RetryLater,
    f"{REDDIT}cloudflare_connection_timed_out.01": RetryLater,
    f"{REDDIT}cloudflare_connection_timed_out.02": RetryLater,
    f"{REDDIT}cloudflare_connection_timed_out.03": RetryLater,
    f"{REDDIT}gateway_timeout.01": RetryLater,
    f"{REDDIT}gateway_timeout.02": RetryLater,
    f"{REDDIT}gateway_timeout.03": RetryLater,
    f"{REDDIT}internal_server_error.01": RetryLater,
    f"{REDDIT}internal_server_error.02": RetryLater,
    f"{REDDIT}internal_server_error.03": RetryLater,
    f"{REDDIT}service_unavailable.01": RetryLater,
    f"{REDDIT}service_unavailable.02": RetryLater,
    f"{REDDIT}service_unavailable.03": RetryLater,
    f"{REDDIT}too__many_requests__with_retry_headers.01": RetryLater,
    f"{REDDIT}forbidden.01": FixSettings,
    f"{REDDIT}with_insufficient_scope.01": FixSettings,
    f"{REDDIT}not_found.01": FixSettings,
    f"{REDDIT}redirect_301.01": StopSource,
    f"{REDDIT}unavailable_for_legal_reasons.01": StopSource,
    "reddit/praw-dev__praw__TestSubreddits.test_search.01": StopSource,
    f"{PLACES}http_502.00": RetryLater,
    f"{PLACES}single_spot.01": FixSettings,
    f"{PLACES}single_spot.02": FixSettings,
    f"{PLACES}single_spot.03": FixSettings,
    f"{PLACES}single_spot.04": FixSettings,
    f"{PLACES}single_spot.05": FixSettings,
    f"{BV}bad_json_response.00": RetryLater,
    f"{BV}conversations_errors.00": FixSettings,
    f"{BV}display_bv_errors.00": FixSettings,
    f"{BV}product_catalog_prod_include_rev_stats.00": StopSource,
    "mastodon/halcy__Mastodon.py__test_timeline_link_fails.01": FixSettings,
}
TOKEN_ERRORS = {
    f"{REDDIT}too__many_requests__without_retry_headers.00": RetryLater,
    f"{REDDIT}with_invalid_access_token.01": FixSettings,
}


def begun(name: str, credentials: dict[str, str]) -> Session:
    platform = platforms.load(name.split("/")[0])
    options = platform.Options(
        **{"source": "s", "brand": ("b",), "base_url": HERE, **OPTIONS[platform.name]}
    )
    return Session(platform, options, credentials=credentials, now=NOW)


def answer(name: str, shared: Path) -> Answer:
    recorded = recordings(shared, name)[0]
    return Answer(
        status=recorded.status,
        headers=Headers(recorded.headers),
        body=recorded.body,
        url=recorded.url,
    )


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_failure_says_what_to_do(name: str, shared: Path) -> None:
    session = begun(name, {})
    call = session.calls()[0]

    with pytest.raises(ERRORS[name]):
        session.receive(answer(name, shared), call)


def test_a_limit_with_retry_after_is_kept_although_the_body_is_a_page(shared: Path) -> None:
    name = f"{REDDIT}too__many_requests__with_retry_headers.01"
    session = begun(name, {})

    with pytest.raises(RetryLater) as caught:
        session.receive(answer(name, shared), session.calls()[0])

    assert caught.value.retry_after_seconds is not None


@pytest.mark.parametrize("name", TOKEN_ERRORS)
def test_a_refused_or_limited_token_is_told(name: str, shared: Path) -> None:
    session = begun(name, {"REDDIT_CLIENT_ID": "i", "REDDIT_CLIENT_SECRET": "s"})
    call = session.calls()[0]

    assert is_token(call)
    with pytest.raises(TOKEN_ERRORS[name]):
        session.receive(answer(name, shared), call)


def test_an_expired_token_is_fetched_anew_and_only_once(shared: Path) -> None:
    name = f"{REDDIT}with_invalid_access_token.01"
    session = begun(name, {"REDDIT_TOKEN": "old"})

    renewal = session.receive(answer(name, shared), session.calls()[0]).next_calls[0]
    token = Answer(status=200, headers=Headers(), body=b'{"access_token":"new"}', url=HERE)
    repeated = session.receive(token, renewal).next_calls[0]

    assert session.credentials["REDDIT_TOKEN"] == "new"
    with pytest.raises(FixSettings):
        session.receive(answer(name, shared), repeated)
