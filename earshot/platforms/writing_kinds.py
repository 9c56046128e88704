"""Which kinds of sources take replies through an API."""

from __future__ import annotations

from earshot.platforms.writing import Writer
from earshot.platforms.writing_desks import ZENDESK_REPLY
from earshot.platforms.writing_reviews import APP_STORE, BUSINESS, PLAY, TRUSTPILOT
from earshot.platforms.writing_social import BLUESKY, MASTODON, REDDIT

WRITERS: dict[str, Writer] = {
    "androidpublisher": PLAY,
    "appstoreconnect": APP_STORE,
    "googlebusiness": BUSINESS,
    "trustpilot_api": TRUSTPILOT,
    "mastodon": MASTODON,
    "bluesky": BLUESKY,
    "reddit": REDDIT,
    "zendesk": ZENDESK_REPLY,
}
"""By the `kind` of a source; replies to any other source are copied by a person."""
