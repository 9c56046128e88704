"""Platforms that take replies: a source of each kind, the id of a text there, credentials."""

from __future__ import annotations

from typing import Any

TEXT = "Two broken vases are not what you ordered, and I am sorry."
GOOGLE = {
    "GOOGLE_CLIENT_ID": "id",
    "GOOGLE_CLIENT_SECRET": "secret",
    "GOOGLE_REFRESH_TOKEN": "google-refresh",
}
POST = "at://did:plc:mara/app.bsky.feed.post/3kabc"
PLATFORMS: dict[str, dict[str, Any]] = {
    "androidpublisher": {
        "platform": "googleplay", "id": "gp:1", "options": {"app": "com.example.shop"},
        "secrets": GOOGLE, "greets": True,
    },
    "googlebusiness": {
        "platform": "googlebusiness", "id": "AbFvOq", "secrets": GOOGLE, "greets": True,
        "options": {"account": "1", "location": "2"},
    },
    "appstoreconnect": {
        "platform": "appstoreconnect", "id": "0000-1", "options": {"app": "123"}, "greets": True,
        "secrets": {"APPLE_KEY_ID": "KEY", "APPLE_ISSUER_ID": "ISSUER", "APPLE_PRIVATE_KEY": ""},
    },
    "trustpilot_api": {
        "platform": "trustpilot", "id": "tp1", "options": {"business_unit": "b"},
        "secrets": {"TRUSTPILOT_TOKEN": "TRUST"}, "greets": True,
    },
    "mastodon": {
        "platform": "mastodon", "id": "https://social.example/users/mara/statuses/1",
        "options": {"tags": ["northwind"]}, "secrets": {"MASTODON_TOKEN": "MASTO"},
    },
    "bluesky": {
        "platform": "bluesky", "id": POST, "options": {"queries": ["northwind"]},
        "secrets": {"BLUESKY_HANDLE": "northwind.example", "BLUESKY_APP_PASSWORD": "app-password"},
    },
    "reddit": {
        "platform": "reddit", "id": "t3_abc", "options": {"subreddits": ["shop"]},
        "secrets": {"REDDIT_CLIENT_ID": "client", "REDDIT_CLIENT_SECRET": "secret",
                    "REDDIT_REFRESH_TOKEN": "reddit-r"},
    },
    "zendesk": {
        "platform": "zendesk", "id": "4400", "options": {}, "greets": True,
        "secrets": {"ZENDESK_EMAIL": "care@northwind.example", "ZENDESK_TOKEN": "zendesk-token"},
    },
}  # fmt: skip


def apple_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )
