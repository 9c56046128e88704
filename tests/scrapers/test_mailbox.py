"""A mailbox over a real IMAP server (Debian's dovecot) with TLS; mails written by us."""

from __future__ import annotations

import imaplib
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from earshot.errors import FixSettings, RetryLater
from earshot.local.ports import free_port
from earshot.settings import Settings
from scrapers.mailbox.quotes import html_words, own_words
from scrapers.run import crawl, probe

Query = Callable[[str], list[dict[str, Any]]]
Make = Callable[..., Settings]
PASSWORD = "canary-mailbox-5e1d"
FIRST = datetime(2026, 2, 20, 9, tzinfo=UTC)
CONF = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
ssl = required
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
mail_location = maildir:{home}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={home}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True, kw_only=True)
class Post:
    """A running mail server; `put` lays a mail into a folder."""

    port: int
    ca_file: Path
    home: Path

    def client(self) -> imaplib.IMAP4_SSL:
        trust = ssl.create_default_context(cafile=self.ca_file)
        box = imaplib.IMAP4_SSL("localhost", self.port, ssl_context=trust, timeout=20)
        box.login("care", PASSWORD)
        return box

    def put(self, *mails: bytes, folder: str = "INBOX", at: datetime = FIRST) -> None:
        box = self.client()
        with suppress(imaplib.IMAP4.error):
            box.create(folder)
        for mail in mails:
            box.append(folder, "", imaplib.Time2Internaldate(at), mail)
        box.logout()

    def clear(self) -> None:
        for entry in (self.home / "mail").iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


@pytest.fixture(scope="module")
def post_office(system_package: Callable[[str], None]) -> Iterator[Post]:
    """Dovecot in a folder of its own; its certificate is its own authority."""
    system_package("dovecot-imapd")
    if os.geteuid() != 0:
        pytest.skip("dovecot changes to other users; run as root")
    home = Path(tempfile.mkdtemp(prefix="mail-"))
    home.chmod(0o755)
    (home / "mail").mkdir()
    shutil.chown(home / "mail", "mail", "mail")
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    files = ["-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")]
    command = ["openssl", *words.split(), "subjectAltName=DNS:localhost", *files]
    subprocess.run(command, check=True, capture_output=True)
    port = free_port()
    (home / "conf").write_text(CONF.format(home=home, port=port, password=PASSWORD))
    with subprocess.Popen(["dovecot", "-F", "-c", str(home / "conf")]) as server:
        found = Post(port=port, ca_file=home / "cert.pem", home=home)
        for _ in range(300):
            with suppress(OSError):
                found.client().logout()
                break
            time.sleep(0.1)
        yield found
        server.terminate()
    shutil.rmtree(home)


@pytest.fixture
def post(post_office: Post) -> Post:
    """The server with an empty mailbox."""
    post_office.clear()
    return post_office


@pytest.fixture
def box(
    post: Post, settings_with: Make, now: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Settings]:
    """Settings with that mailbox as source `care`."""
    monkeypatch.setenv("IMAP_USER", "care")
    monkeypatch.setenv("IMAP_PASSWORD", PASSWORD)

    def make(**options: Any) -> Settings:
        source = {
            "name": "care", "kind": "imap", "brand": "northwind", "host": "localhost",
            "port": post.port, "ca_file": str(post.ca_file), "agents": ["@northwind.example"],
        }  # fmt: skip
        return settings_with(source=[{**source, **options}])

    return make


def mail(
    number: str, words: str, sender: str = "kim@mail.example", at: datetime = FIRST, **headers: str
) -> bytes:
    message = EmailMessage()
    given = {"Message-ID": f"<{number}@mail.example>", "From": sender, "Subject": "Broken vase"}
    given |= {"To": "care@northwind.example", "Date": format_datetime(at)}
    for name, value in (given | {k.replace("_", "-"): v for k, v in headers.items()}).items():
        message[name] = value
    message.set_content(words)
    return message.as_bytes()


ROWS = """
    select external_id, parent_id, speaker, title, body, published_at, version.version,
        attributes ->> 'conversation' as conversation
    from earshot.feedback
    join earshot.feedback_version as version on feedback_id = feedback.id
    order by published_at, external_id
"""


def test_a_thread_is_read_with_who_answers_whom_and_the_times_of_service(
    post: Post, box: Make, table: Query
):
    post.put(mail("q1", "My vase arrived broken.\n\nSent from my phone"))
    answer = "We send a new one.\n\nOn Fri, 20 Feb 2026 at 09:00, Kim wrote:\n> My vase arrived"
    thread = {"In_Reply_To": "<q1@mail.example>", "References": "<q1@mail.example>"}
    post.put(
        mail("a1", answer, "Care <Team@northwind.example>", FIRST + timedelta(hours=2),
             **thread, Subject="Re: Broken vase"),
        folder="Sent",
    )  # fmt: skip
    settings = box(folders=["INBOX", "Sent"])

    first = crawl(settings, "care")
    again = crawl(settings, "care")

    assert (first.added, first.quarantined, again.seen) == (2, 0, 0)
    question, reply = table(ROWS)
    assert (question["speaker"], question["title"]) == ("customer", "Broken vase")
    assert question["body"] == "My vase arrived broken."
    assert (reply["speaker"], reply["title"], reply["body"]) == ("brand", "", "We send a new one.")
    assert reply["parent_id"] == question["external_id"] == "q1@mail.example"
    assert reply["conversation"] == question["conversation"]
    assert "@" not in reply["conversation"]
    (times,) = table("select first_response_at - opened_at as waited from earshot.ticket_metric")
    assert times["waited"] == timedelta(hours=2)


def test_the_next_crawl_goes_on_from_its_uid_and_marks_nothing_as_read(
    post: Post, box: Make, table: Query
):
    settings = box()
    post.put(mail("m1", "One"), mail("m2", "Two"))
    crawl(settings, "care")
    post.put(mail("m3", "Three"))

    result = crawl(settings, "care")

    client = post.client()
    client.select("INBOX", readonly=True)
    unseen = client.search(None, "UNSEEN")[1][0].split()
    client.logout()
    assert (result.seen, result.added) == (1, 1)
    assert len(unseen) == 3
    assert table("select cursor->'INBOX'->>'uid' as uid from earshot.source") == [{"uid": "3"}]


def test_new_uids_after_a_rebuilt_mailbox_store_nothing_twice(post: Post, box: Make, table: Query):
    settings = box()
    post.put(mail("m1", "One"), mail("m2", "Two"))
    crawl(settings, "care")
    post.clear()
    time.sleep(1.1)  # UIDVALIDITY is a time in whole seconds
    post.put(mail("m2", "Two"), mail("m3", "Three"))

    result = crawl(settings, "care")

    assert (result.seen, result.added, result.changed) == (2, 1, 0)
    assert len(table(ROWS)) == 3


def test_machines_and_newsletters_are_stored_and_never_taken_for_customers(
    post: Post, box: Make, table: Query
):
    post.put(
        mail("o1", "I am away.", Auto_Submitted="auto-replied"),
        mail("o2", "Our offers", List_Id="<news.example>"),
        mail("o3", "Undelivered", "MAILER-DAEMON@mail.example"),
        mail("o4", "Please help"),
    )

    crawl(box(), "care")

    assert [row["speaker"] for row in table(ROWS)] == ["other", "other", "other", "customer"]


def test_broken_mails_are_read_as_far_as_they_can_be(post: Post, box: Make, table: Query):
    head = b"From: kim@mail.example\r\nDate: Fri, 20 Feb 2026 09:00:00 +0000\r\n"
    post.put(
        head
        + b"Message-ID: <b1@x>\r\nContent-Type: text/plain; charset=nonsense\r\n\r\nCaf\xe9\r\n",
        head + b"Message-ID: <b2@x>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nCaf\xe9\r\n",
        head + b"Message-ID: <b3@x>\r\nSubject: =?utf-8?B?broken?=\r\n\r\nHello\r\n",
        head + b"Message-ID: <b4@x>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
        b"Subject: no sender, no date\r\n\r\nHello there\r\n",
        b"\x00\xff\xfe\r\n\r\n",
    )

    result = crawl(box(), "care")

    rows = {row["external_id"]: row for row in table(ROWS)}
    assert result.seen == 6
    assert rows["b1@x"]["body"] == rows["b2@x"]["body"] == "Café"
    assert all(row["published_at"] is not None for row in rows.values())


def test_a_backfill_reads_its_days_and_leaves_the_cursor(post: Post, box: Make, table: Query):
    for number in range(5):
        at = FIRST + timedelta(days=number)
        post.put(mail(f"d{number}", "Words", at=at), at=at)

    span = {"since": FIRST + timedelta(days=1), "until": FIRST + timedelta(days=3)}
    result = crawl(box(), "care", "backfill", **span)

    assert [row["external_id"][:2] for row in table(ROWS)] == ["d1", "d2"]
    assert result.added == 2
    assert table("select cursor from earshot.source") == [{"cursor": None}]


def test_a_mail_larger_than_allowed_is_read_in_its_beginning(post: Post, box: Make, table: Query):
    post.put(mail("big", "The lid does not close.\n" + "x" * 76 + "\n" * 3_000_000))

    crawl(box(largest_mail_mb=0.1), "care")

    assert table(ROWS)[0]["body"].startswith("The lid does not close.")


@pytest.mark.parametrize(
    ("options", "env", "error", "says"),
    [
        ({}, {"IMAP_PASSWORD": "canary-wrong"}, FixSettings, "refuses IMAP_USER"),
        ({"ca_file": None}, {}, FixSettings, "certificate is not trusted"),
        ({"host": "127.0.0.1"}, {}, FixSettings, "certificate is not trusted"),
        ({"folders": ["Nowhere"]}, {}, FixSettings, 'no "Nowhere"'),
        ({"port": 9}, {}, RetryLater, "expected an IMAP server"),
        ({"host": "mail.example", "security": "none"}, {}, FixSettings, "starttls"),
        ({}, {"IMAP_PASSWORD": ""}, FixSettings, "IMAP_PASSWORD: is missing"),
    ],
)
def test_what_stands_in_the_way_is_said_without_secrets(
    options: dict[str, Any],
    env: dict[str, str],
    error: type[Exception],
    says: str,
    box: Make,
    monkeypatch: pytest.MonkeyPatch,
):
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(error, match=says) as caught:
        crawl(box(**options), "care")

    assert "canary" not in str(caught.value)


def test_a_probe_counts_the_mails(post: Post, box: Make):
    post.put(mail("m1", "One"))

    assert probe(box(), "care") == "1 mails in INBOX"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Fine.\n\nAm 20.02.2026 um 09:00 schrieb Kim <kim@x.example>:\n> Alt", "Fine."),
        ("Fine.\n\nLe ven. 20 févr. 2026 à 09:00,\nKim <k@x.example> a écrit :\n\nAlt", "Fine."),
        ("Fine.\n-----Original Message-----\nFrom: Kim\nOld", "Fine."),
        ("Fine.\n\nFrom: Kim <k@x.example>\nSent: Friday\nTo: Care\nOld", "Fine."),
        ("Fine.\n\nVon: Kim\nGesendet: Freitag\nAn: Care\nAlt", "Fine."),
        ("Fine.\n-- \nKim\nTel. 123", "Fine."),
        ("> Where is it?\nOn its way.\n> And when?\nMonday.", "On its way.\nMonday."),
        ("On Monday I wrote to you: nothing came.\nStill waiting.",) * 2,
        ("From: the bottom of my heart, thanks\nKim",) * 2,
        ("", ""),
    ],
)
def test_only_the_writers_own_words_stay(text: str, own: str):
    assert own_words(text) == own


def test_html_mails_lose_what_they_quote():
    page = (
        "<html><head><style>p{}</style></head><body><p>It is <b>cracked</b>.</p><p>Kim</p>"
        "<div class='gmail_quote'>On Friday Care wrote:<blockquote>Old</blockquote></div></body>"
    )

    assert html_words(page) == "It is cracked.\n\nKim"
    assert html_words("") == ""


def test_hostile_mails_are_read_in_linear_time():
    for hostile in ("On " + "a " * 90_000, ">" * 190_000, "From: " * 30_000, "\n" * 190_000):
        began = time.process_time()
        own_words(hostile)
        html_words("<blockquote>" * 5_000 + hostile)
        assert time.process_time() - began < 5
