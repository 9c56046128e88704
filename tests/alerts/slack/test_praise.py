"""Good reviews are passed on once a day, with what each is good for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from alerts.slack.praise import write_praise
from earshot.settings import Settings
from earshot.settings_publishing import Praise
from sql.clock import advance
from tests.alerts.slack.conftest import NOON
from tests.alerts.slack.test_delivery import send
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

KIND = "The woman on chat stayed with me until the lamp worked. <!channel> thank you!"


@pytest.fixture
def kind_words(conn: Connection) -> Callable[..., None]:
    """Writes a review of yesterday that the model reads as positive."""

    def write(number: str, body: str = KIND, days: int = 0, **columns: Any) -> None:
        at = NOON - timedelta(days=1) + timedelta(days=days)
        row = {"is_verified": True, "is_incentivised": False, "brand_reply": None, **columns}
        with conn, conn.cursor() as cursor:
            cursor.execute(
                "insert into earshot.model (id, weights, registered_at) values ('m', 'm', now())"
                " on conflict do nothing;"
                "insert into earshot.brand_model (brand_id, model_id, state, changed_at)"
                " select id, 'm', 'active', now() from earshot.brand on conflict do nothing;"
                "insert into earshot.feedback (platform, external_id, source_id, kind, speaker,"
                " published_at, published_precision, first_seen_at, last_seen_at, url,"
                " is_verified, is_incentivised, brand_reply)"
                " select 'shop', %s, id, 'review', 'customer', %s, 'second', %s, %s,"
                " 'https://shop.example/r/9', %s, %s, %s from earshot.source where name = 'shop'"
                " returning id",
                [number, at, at, at, *row.values()],
            )
            feedback = cursor.fetchone()[0]
            cursor.execute(
                "insert into earshot.feedback_brand select %s, id from earshot.brand", [feedback]
            )
            cursor.execute(
                "insert into earshot.feedback_version (feedback_id, version, title, body, rating,"
                " rating_scale, content_hash, seen_at) values (%s, 1, '', %s, 5, 5, %s, %s)"
                " returning id",
                [feedback, body, hashlib.sha256(number.encode()).digest(), at],
            )
            cursor.execute(
                "insert into earshot.tagging (feedback_version_id, model_id, feedback_id, language,"
                " sentiment, p_negative, p_neutral, p_positive, tagged_at)"
                " values (%s, 'm', %s, 'en', 'positive', 0.01, 0.04, 0.95, %s)",
                [cursor.fetchone()[0], feedback, at],
            )

    return write


def test_praise_is_told_once_a_day_and_says_what_for(
    conn: Connection,
    slack: SlackStandIn,
    slack_settings: Settings,
    kind_words: Callable[..., None],
) -> None:
    slack.add_channel("praise")
    settings = slack_settings.model_copy(update={"praise": Praise(channel="#praise")})
    kind_words("a")
    kind_words("b", brand_reply="Thanks!", is_verified=False)
    kind_words("paid", is_incentivised=True)
    counts = []
    for hours in (-4, 0, 1):
        moment = NOON + timedelta(hours=hours)
        with conn:
            advance(conn, moment)
            counts.append(write_praise(conn, settings, moment))
    send(settings)

    (message,) = slack.roots("praise")
    told = texts(message["blocks"])
    assert counts == [0, 1, 0]
    assert "2 kind voices worth passing on" in message["text"]
    assert any("· thank and share" in text for text in told)
    assert any("<!channel>" in text for text in told), "shown as words, in rich text only"


def test_without_a_channel_for_praise_nothing_is_told(
    conn: Connection, settings: Settings, kind_words: Callable[..., None]
) -> None:
    kind_words("a")
    with conn:
        assert write_praise(conn, settings, NOON) == 0
