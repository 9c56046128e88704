"""How long a reply may be on each platform, in the unit that the platform counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["characters", "bytes"]


@dataclass(frozen=True, kw_only=True)
class ReplyLimit:
    """One platform's rule; characters are Unicode code points, bytes are UTF-8."""

    name: str
    limit: int
    unit: Unit = "characters"
    allows_emoji: bool = True
    forbids_rating_requests: bool = True
    aim: int = 700
    """The length that readers of this platform are used to; the engine aims below it."""

    def length(self, text: str) -> int:
        """Length of a text in this platform's unit."""
        return len(text.encode("utf-8")) if self.unit == "bytes" else len(text)


_SHOP = ReplyLimit(name="the shop page", limit=1000, aim=620)
_PLAY = ReplyLimit(name="Google Play", limit=350, aim=350)
_BUSINESS = ReplyLimit(name="Google Business", limit=4096, unit="bytes", aim=700)

LIMITS: dict[str, ReplyLimit] = {
    "shop": _SHOP,
    "googleplay": _PLAY,
    "googlebusiness": _BUSINESS,
    "yelp": ReplyLimit(name="Yelp", limit=5000, allows_emoji=False),
    "appstore": ReplyLimit(name="the App Store", limit=5970, aim=600),
    "trustpilot": ReplyLimit(name="Trustpilot", limit=10_000),
    "tripadvisor": ReplyLimit(name="Tripadvisor", limit=3000),
    "amazon": ReplyLimit(name="Amazon", limit=4000),
    "zendesk": ReplyLimit(name="Zendesk", limit=60_000),
    "reddit": ReplyLimit(name="Reddit", limit=10_000),
    "mastodon": ReplyLimit(name="Mastodon", limit=500, aim=480),
    "bluesky": ReplyLimit(name="Bluesky", limit=300, aim=300),
    "twitter": ReplyLimit(name="X", limit=280, aim=280),
    "youtube": ReplyLimit(name="YouTube", limit=10_000, aim=500),
    "facebook": ReplyLimit(name="Facebook", limit=8000, aim=500),
}
_OTHER_NAMES = {
    "play": "googleplay",
    "googleplaystore": "googleplay",
    "google": "googlebusiness",
    "googlemaps": "googlebusiness",
    "googlebusinessprofile": "googlebusiness",
    "gbp": "googlebusiness",
    "appstoreconnect": "appstore",
    "apple": "appstore",
}


def limit_of(platform: str) -> ReplyLimit:
    """The limit of a platform; one we do not know gets the shop page's 1,000 characters."""
    key = "".join(letter for letter in platform.lower() if letter.isalnum())
    return LIMITS.get(_OTHER_NAMES.get(key, key), _SHOP)
