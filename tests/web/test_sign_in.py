"""Signing in by OpenID Connect in a real browser, against a strict stand-in for the provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from earshot.errors import FixSettings
from earshot.settings import Settings
from earshot.settings_serving import OpenId
from earshot.web.server import application
from tests.web.conftest import Serve, Site, free_port
from tests.web.provider import CLIENT, SECRET, Provider

ALLOWED = ["@northwind.example", "ann@agency.example"]
OIDC = {"client_id": CLIENT, "server_metadata_url": "x", "redirect_uri": "y", "allowed": ALLOWED}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with HTTPServer() as server:
        yield Provider(server=server, redirect_uri=f"http://127.0.0.1:{free_port()}/oauth2callback")


@pytest.fixture(scope="module")
def guarded(provider: Provider, serve: Serve) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARSHOT_OIDC_SECRET", SECRET)
        patch.setenv("EARSHOT_COOKIE_SECRET", "a long random text of the tests")
        metadata = f"{provider.issuer}/.well-known/openid-configuration"
        yield serve(
            sign_in="oidc",
            port=int(provider.redirect_uri.split(":")[2].split("/")[0]),
            oidc={
                "client_id": CLIENT,
                "server_metadata_url": metadata,
                "redirect_uri": provider.redirect_uri,
                "allowed": ALLOWED,
            },
        )


def sign_in(browser: Any, guarded: Site, provider: Provider, **person: Any) -> Any:
    provider.person = {"sub": "1", **person}
    page = browser.new_context(locale="en-GB").new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{guarded.url}/reviews")
    page.get_by_role("button", name="Sign in").wait_for()
    assert page.get_by_test_id("stMetricValue").count() == 0
    page.get_by_role("button", name="Sign in").click()
    return page


def test_a_reader_of_the_list_signs_in_and_a_correction_carries_the_name(
    browser: Any, guarded: Site, provider: Provider
) -> None:
    page = sign_in(browser, guarded, provider, email="Mira@Northwind.example", email_verified=True)
    page.get_by_role("heading", name="Overview", exact=True).first.wait_for()
    page.goto(f"{guarded.url}/reviews?sentiment=positive")
    page.get_by_role("button", name="Correct").first.click()
    page.get_by_role("button", name="Store").first.click()
    page.get_by_text("Stored.").wait_for()

    with guarded.database.connect("owner") as conn, conn, conn.cursor() as cursor:
        cursor.execute("delete from earshot.correction returning corrected_by")
        assert [tuple(row) for row in cursor.fetchall()] == [("Mira@Northwind.example",)]


@pytest.mark.parametrize(
    "person",
    [
        {"email": "mallory@elsewhere.example", "email_verified": True},
        {"email": "mallory@northwind.example", "email_verified": False},
    ],
)
def test_whom_the_provider_knows_and_the_list_does_not_sees_nothing(
    browser: Any, guarded: Site, provider: Provider, person: dict[str, Any]
) -> None:
    page = sign_in(browser, guarded, provider, **person)

    page.get_by_text("You are not on the list of readers.").wait_for()
    page.goto(f"{guarded.url}/reviews")
    page.get_by_text("You are not on the list of readers.").wait_for()
    assert page.get_by_role("button", name="Correct").count() == 0


@pytest.mark.parametrize(
    ("email", "is_verified", "is_admitted"),
    [
        ("Mira@Northwind.example", True, True),
        ("ann@agency.example", True, True),
        ("ben@agency.example", True, False),
        ("mira@northwind.example.evil.example", True, False),
        ("mira@northwind.example", False, False),
        ("northwind.example", True, False),
        (None, True, False),
    ],
)
def test_the_list_names_addresses_and_domains(
    email: str | None, is_verified: bool, is_admitted: bool
) -> None:
    assert OpenId(**OIDC).admits(email, is_verified=is_verified) is is_admitted


def test_without_its_secrets_nothing_is_served(
    settings_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EARSHOT_OIDC_SECRET", "EARSHOT_COOKIE_SECRET"):
        monkeypatch.delenv(name, raising=False)
    settings: Settings = settings_with(web={"sign_in": "oidc", "oidc": OIDC})

    with pytest.raises(FixSettings, match="EARSHOT_COOKIE_SECRET"):
        application(settings)
