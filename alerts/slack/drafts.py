"""Drafts told in Slack: in their incident's thread, or under one message per brand and day."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection

from alerts.destinations import writer_of
from alerts.slack import text as t
from alerts.slack.blocks import Message, header, section
from alerts.slack.draft_message import DraftView, draft_message, draft_view
from alerts.slack.incidents import message_key, update_incident
from alerts.slack.outbox import enqueue, more, say
from alerts.slack.routing import Subject, not_before, reply_channel
from earshot.settings import Settings
from sql.named import queries


def draft_key(draft_id: int) -> str:
    """Outbox key of a draft's message."""
    return f"draft:{draft_id}"


def announce_draft(conn: Connection, settings: Settings, draft_id: int, now: datetime) -> bool:
    """Post the draft for approval, or bring its message up to date; nothing is sent to customers.

    Call it in the transaction that wrote or changed the row.

    Returns:
        Whether anything was enqueued.
    """
    row = queries.slack_draft(conn, draft_id=draft_id)
    known = queries.outbox_row(conn, key=draft_key(draft_id))
    parent, channel = (
        (known["payload"]["parent"], known["channel"])
        if known is not None
        else _thread_of(conn, settings, row, now)
    )
    zone = ZoneInfo(row["time_zone"])
    is_said = say(
        conn,
        key=draft_key(draft_id),
        subject=draft_key(draft_id),
        message=draft_message(_view(settings, row, now)),
        channel=channel,
        brand_id=row["brand_id"],
        now=now,
        parent=parent,
        not_before=not_before(settings, severity="low", zone=zone, now=now),
        about={"draft_id": draft_id},
    )
    _refresh_parent(conn, settings, row, parent, now, channel)
    return is_said


def _view(settings: Settings, row: Any, now: datetime) -> DraftView:
    """The draft as these settings show it: who publishes it, whether a ticket can be opened."""
    writer = writer_of(settings, row["source_name"])
    greets = writer is not None and writer.greets and settings.publishing.greet_by_name
    return draft_view(
        row,
        now,
        publishes=writer.name if writer else None,
        has_greeting=greets,
        has_desk=settings.ticket is not None,
    )


def tell_late(conn: Connection, settings: Settings, now: datetime) -> int:
    """Bring the numbers of waiting and late replies up to date; say once where some became late.

    Late is said once in each thread, and once in the escalation channel if there is one.

    Returns:
        In how many threads replies are late.
    """
    threads = list(queries.slack_draft_threads(conn, now=now))
    for thread in threads:
        _refresh_parent(conn, settings, thread, thread["parent"], now)
        if thread["late"]:
            _say_late(conn, settings, thread, now)
    return sum(1 for thread in threads if thread["late"])


def _say_late(conn: Connection, settings: Settings, thread: Any, now: datetime) -> None:
    parent, zone = thread["parent"], ZoneInfo(thread["time_zone"])
    due = t.day_and_time(thread["due_at"], now, zone)
    many = "a reply" if thread["late"] == 1 else f"{thread['late']} replies"
    words = f"⏰ Late: {many} for {t.label(thread['brand_name'])}, the first was due {due}."
    posted = queries.outbox_row(conn, key=parent)
    waits = not_before(settings, severity="low", zone=zone, now=now)
    enqueue(
        conn,
        key=f"{parent}:late",
        subject=parent,
        action="thread",
        payload=more(words, parent),
        channel=posted["channel"],
        brand_id=thread["brand_id"],
        now=now,
        not_before=waits,
    )
    channel = settings.slack.escalation.channel
    if channel:
        told = f"{words} They wait in {t.escape(posted['channel'])}."
        enqueue(
            conn,
            key=f"{parent}:late:escalation",
            subject=f"{parent}:late:escalation",
            action="post",
            payload={"text": told, "blocks": [section(told)], "chart": None, "feedback_ids": []},
            channel=channel,
            brand_id=thread["brand_id"],
            now=now,
            not_before=waits,
        )


def _thread_of(conn: Connection, settings: Settings, row: Any, now: datetime) -> tuple[str, str]:
    """The message above the thread and its channel: the incident's, else the brand's of the day."""
    if row["incident_id"] is not None:
        key = message_key(row["incident_id"])
        posted = queries.outbox_row(conn, key=key)
        if posted is not None:
            return key, posted["channel"]
    channel = reply_channel(settings, _subject(row))
    return _day_key(settings, row, channel, now), channel


def _subject(row: Any) -> Subject:
    return Subject(
        about="replies",
        brand=row["brand_key"],
        themes=frozenset(row["themes"] or ()),
        languages=frozenset([row["language"]] if row["language"] else []),
    )


def _day_key(settings: Settings, row: Any, channel: str, now: datetime) -> str:
    """One message per brand, channel and day; the usual channel is not named in it."""
    local = now.astimezone(ZoneInfo(row["time_zone"]))
    usual = reply_channel(settings, Subject(about="replies", brand=row["brand_key"]))
    place = "" if channel == usual else f":{channel.lstrip('#')}"
    return f"drafts:{row['brand_key']}{place}:{local:%Y-%m-%d}"


def _refresh_parent(
    conn: Connection,
    settings: Settings,
    row: Any,
    parent: str,
    now: datetime,
    channel: str | None = None,
) -> None:
    """Bring the numbers in the message above the thread up to date; post it in its `channel`."""
    if parent == message_key(row["incident_id"] or 0):
        update_incident(conn, settings, row["incident_id"], now)
        return
    posted = queries.outbox_row(conn, key=parent)
    usual = reply_channel(settings, Subject(about="replies", brand=row["brand_key"]))
    queries.outbox_lock(conn, key=parent)  # before counting: two decisions take turns
    count = queries.slack_drafts_under(conn, parent=parent, now=now)
    zone = ZoneInfo(row["time_zone"])
    say(
        conn,
        key=parent,
        subject=parent,
        message=day_message(row["brand_name"], parent, count),
        channel=posted["channel"] if posted else channel or usual,
        brand_id=row["brand_id"],
        now=now,
        not_before=not_before(settings, severity="low", zone=zone, now=now),
    )


def day_message(brand: str, key: str, count: Any) -> Message:
    """The message under whose thread a day's drafts stand, with how many wait."""
    day = datetime.strptime(key.rsplit(":", 1)[-1], "%Y-%m-%d")
    date = f"{day:%A}, {day.day} {day:%B}"
    waiting, late = count["waiting"], count["late"]
    answered = count["drafts"] - waiting
    state = f"*{waiting} waiting*" if waiting else "nothing waits"
    late_told = f" · *{late} late*" if late else ""
    told = f"{state}{late_told} · {answered} decided. Each reply stands in the thread."
    return Message(
        text=f"Replies for {t.escape(brand)}, {date}: {waiting} waiting, {late} late",
        blocks=(header(f"✍️ Replies for {brand}, {date}"), section(told)),
    )
