"""What must be the same after any fault: every table without ids and times, and the channel."""

from __future__ import annotations

import re
from collections import Counter

from earshot.settings import Settings
from sql.connect import connect
from sql.doctor import examine
from tests.slack_blocks import texts
from tests.slack_standin import SlackStandIn

CONTENT = {
    "texts": """
        select platform, external_id, feedback_version.version, title, body, rating, published_at,
            product, speaker, brand_reply, feedback.deleted_at is null
        from earshot.feedback_version join earshot.feedback on feedback.id = feedback_id
    """,
    "brands": """
        select platform, external_id, brand.key from earshot.feedback_brand
        join earshot.feedback on feedback.id = feedback_id join earshot.brand on brand.id = brand_id
    """,
    "quarantine": "select record_key, field, reason from earshot.quarantine",
    "tags": """
        select platform, external_id, feedback_version.version, model_id, outcome, language,
            sentiment
        from earshot.tagging
        join earshot.feedback_version on feedback_version.id = feedback_version_id
        join earshot.feedback on feedback.id = feedback_version.feedback_id
    """,
    "themes": """
        select platform, external_id, theme.key, theme_tag.sentiment
        from earshot.theme_tag join earshot.theme on theme.id = theme_id
        join earshot.feedback_version on feedback_version.id = feedback_version_id
        join earshot.feedback on feedback.id = feedback_version.feedback_id
    """,
    "queue": "select count(*) from earshot.tag_queue",
    "counts": """
        select source.name, coalesce(theme.key, 'all'), product, sentiment, precision, hour, items
        from earshot.hourly_count join earshot.source on source.id = source_id
        left join earshot.theme on theme.id = theme_id
    """,
    "incidents": """
        select regexp_replace(incident.key, '[0-9]+', '#', 'g'), kind, direction, severity,
            incident.state, items
        from earshot.incident
    """,
    "drafts": """
        select platform, external_id, reply_draft.version, attempt, reply_draft.state, text
        from earshot.reply_draft join earshot.feedback on feedback.id = feedback_id
    """,
    "outbox": """
        select regexp_replace(subject, '[0-9]+', '#', 'g'), action, state, count(*)
        from earshot.outbox group by 1, 2, 3
    """,
}
_NUMBER = re.compile(r"\d+")


def content(settings: Settings) -> dict[str, Counter[str]]:
    """Rows of every table as a bag of lines."""
    found = {}
    with connect(settings, "owner", application="earshot fault test") as conn, conn:
        for name, query in CONTENT.items():
            with conn.cursor() as cursor:
                cursor.execute(query)
                found[name] = Counter(repr(tuple(row)) for row in cursor.fetchall())
    return found


def channel(slack: SlackStandIn) -> Counter[str]:
    """Every message as people see it; numbers of rows and times are no part of it."""
    return Counter(
        f"#{channel.name} {_NUMBER.sub('#', ' '.join(texts(message['blocks'])))[:200]}"
        for channel in slack.channels.values()
        for message in channel.messages
    )


def differences(
    expected: dict[str, Counter[str]], found: dict[str, Counter[str]], *, of: tuple[str, ...] = ()
) -> list[str]:
    """One sentence for each table that differs; no customer's words in it."""
    told = []
    for name in of or tuple(expected):
        missing, added = expected[name] - found[name], found[name] - expected[name]
        if missing or added:
            told.append(
                f"{name}: {missing.total()} missing, {added.total()} too many "
                f"({_shown(missing)} / {_shown(added)})"
            )
    return told


def _shown(rows: Counter[str]) -> str:
    return "; ".join(row[:110] for row in list(rows)[:2])


def broken(settings: Settings) -> list[str]:
    """What `earshot doctor` finds."""
    return [
        f"doctor: {finding.meaning}: {finding.violations} ({', '.join(finding.examples)})"
        for finding in examine(settings)
        if finding.violations
    ]


def doubles(slack: SlackStandIn) -> list[str]:
    """Messages that stand there more than once."""
    return [f"slack: {key} stands there {n} times" for key, n in slack.keys().items() if n > 1]
