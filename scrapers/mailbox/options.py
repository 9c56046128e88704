"""What a source of `kind = "imap"` may say in the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from earshot.platforms.calls import is_loopback
from earshot.settings import Source
from scrapers.registry import validated


class ImapOptions(BaseModel):
    """Which mailbox, how it is reached, and who in it writes for the brand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(description="Name of the IMAP server.")
    port: int | None = Field(default=None, description="By default 993, or 143 without TLS.")
    security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="`none` only to this machine itself."
    )
    ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that signed the server's certificate."
    )
    folders: tuple[str, ...] = Field(
        default=("INBOX",), min_length=1, description="Read the folder of sent mail, too."
    )
    agents: tuple[str, ...] = Field(
        default=(), description='The brand\'s addresses; "@shop.example" is all of a domain.'
    )
    user: str = Field(default="IMAP_USER", description="Name of the credential.")
    password: str = Field(default="IMAP_PASSWORD", description="Name of the credential.")
    start: AwareDatetime | None = Field(
        default=None, description="Mails received before are not read."
    )
    largest_mail_mb: float = Field(
        default=2, gt=0, le=64, description="Of a larger mail only the beginning is read."
    )
    timeout_seconds: float = Field(default=30, gt=0, le=600, description="For every answer.")
    newest_within_days: float | None = Field(
        default=None, gt=0, description="Age of the newest mail of a healthy source at most."
    )

    @model_validator(mode="after")
    def _private(self) -> Self:
        if self.security == "none" and not is_loopback(f"imap://{self.host}"):
            raise ValueError('security: write "tls" or "starttls"; a password goes to this host')
        return self

    @property
    def where(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or (993 if self.security == "tls" else 143)


def options_of(source: Source) -> ImapOptions:
    """The source's options.

    Raises:
        FixSettings: one is missing, unknown or wrong.
    """
    options: ImapOptions = validated(source, ImapOptions, source.options)
    return options


class ImapConnector:
    """Reads a mailbox; its platform is the source's name, for mailboxes share no ids."""

    def platform_of(self, source: Source) -> str:
        """The source's own name."""
        return source.name

    def check(self, source: Source) -> None:
        """Validate the source's options."""
        options_of(source)
