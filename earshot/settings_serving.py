"""Settings of what listens on a port: the page, the webhook, the local Airflow."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from earshot.settings_section import Section


class Webhook(Section):
    """Where `earshot listen` takes deliveries of sources of `kind = "webhook"`."""

    address: str = "127.0.0.1"
    port: int = Field(default=8089, ge=1024, le=65535)
    largest_body_mb: float = Field(default=1, gt=0, le=64)


class Airflow(Section):
    """The local Airflow that `earshot up` runs."""

    port: int = Field(default=8080, ge=1024, le=65535)
    parallelism: int = Field(default=4, ge=1)
    taggers: int = Field(default=1, ge=1, le=64)
    """Tasks that share the tagging of a run: one for each worker that is to help."""


class OpenId(Section):
    """An OpenID Connect client for the page; its secrets come from the environment."""

    client_id: str
    server_metadata_url: str
    redirect_uri: str
    """`https://<your page>/oauth2callback`."""
    allowed: tuple[str, ...] = Field(min_length=1)
    """Who may look: mail addresses, or all of a domain as "@your-shop.example"."""

    def admits(self, email: str | None, *, is_verified: bool) -> bool:
        """Whether somebody whom the provider has signed in may look."""
        if not email or "@" not in email or not is_verified:
            return False
        address = email.strip().lower()
        known = {allowed.lower() for allowed in self.allowed}
        return address in known or "@" + address.rpartition("@")[2] in known


class Web(Section):
    """The page of `earshot web`; other machines may reach it only behind a sign-in."""

    address: str = "127.0.0.1"
    port: int = Field(default=8501, ge=1024, le=65535)
    public_url: str | None = None
    """Address that people open, for links in Slack; by default address and port."""
    sign_in: Literal["none", "oidc", "header"] = "none"
    header: str = "X-Forwarded-User"
    """Header in which a trusted reverse proxy names the reader, for sign_in "header"."""
    oidc: OpenId | None = None

    @property
    def url(self) -> str:
        """Where people open the page, without a slash at the end."""
        return (self.public_url or f"http://{self.address}:{self.port}").rstrip("/")
