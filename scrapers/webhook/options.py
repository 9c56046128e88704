"""What a source of `kind = "webhook"` may say in the settings."""

from __future__ import annotations

from pydantic import Field

from earshot.settings import Source
from scrapers.files.options import MappingOptions
from scrapers.registry import validated


class WebhookOptions(MappingOptions):
    """Which parts of a delivery are which fields, and which secret signs it."""

    secret: str = Field(
        default="EARSHOT_WEBHOOK_SECRET", description="Name of the credential that signs."
    )
    silent_after_hours: float | None = Field(
        default=None,
        gt=0,
        description="Hours without a delivery that are told; else twice the longest pause so far.",
    )


def options_of(source: Source) -> WebhookOptions:
    """The source's options.

    Raises:
        FixSettings: one is missing, unknown or wrong.
    """
    options: WebhookOptions = validated(source, WebhookOptions, source.options)
    return options


class WebhookConnector:
    """Waits for what others send; nothing is fetched."""

    def platform_of(self, source: Source) -> str:
        """The platform that the settings name, else the source's own name."""
        return options_of(source).platform or source.name

    def check(self, source: Source) -> None:
        """Validate the source's options."""
        options_of(source)
