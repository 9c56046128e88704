"""`kind = "webhook"`: signed deliveries to `earshot listen`."""

from __future__ import annotations

from scrapers.webhook.options import WebhookConnector

CONNECTOR = WebhookConnector()
