"""Workers that are killed, stand still or work side by side; real processes, real locks."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nlp import claims, states
from nlp.claims import MOST_ATTEMPTS
from nlp.tagger import Run, Tagger
from nlp.tags import TextTags
from nlp.taxonomy import load_taxonomy, sync_taxonomy
from sql.connect import connect
from sql.named import queries
from tests.nlp.conftest import NOW
from tests.nlp.fakes import WordModel

WORKER = """
import sys, time
from pathlib import Path
from earshot.settings import Settings
from nlp import claims
from nlp.tagger import Run, Tagger
from nlp.taxonomy import load_taxonomy
from sql.connect import connect
from sql.named import queries
from tests.nlp.fakes import WordModel

home, mark, lease, size, pause = Path(sys.argv[1]), Path(sys.argv[2]), *map(float, sys.argv[3:])
settings = Settings.model_validate({
    "contact": "ops@northwind.example", "home": home, "clock": {"source": "database"},
    "brand": [{"key": "northwind", "name": "Northwind Home"}],
})

def slow(text):
    with mark.open("a") as file:
        file.write(text + chr(10))
    time.sleep(60 if "poison" in text else pause)

taxonomy = load_taxonomy()
with connect(settings) as conn, claims.worker(conn) as number:
    ids = {key: id_ for id_, key in queries.theme_ids(conn, keys=list(taxonomy.keys))}
    tagger = Tagger(WordModel(before=slow), taxonomy, ids)
    result = Run(conn, settings, tagger, number, lease_seconds=lease, claim_size=int(size)).drain()
print(result.tagged, result.refused)
"""


@pytest.fixture
def tagger(shop) -> Tagger:
    states.register(shop.conn, "words-1", "earshot", NOW)
    with shop.conn:
        ids = sync_taxonomy(shop.conn, load_taxonomy(), NOW)
    return Tagger(WordModel(), load_taxonomy(), ids)


@pytest.fixture
def start(database, tagger, tmp_path: Path):
    """Starts a worker process that reads at its own pace and marks what it reads."""
    running = []

    def start(*, lease: float = 300, size: int = 64, pause: float = 0) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                WORKER,
                *map(str, (tmp_path / "home", tmp_path / "mark", lease, size, pause)),
            ],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def wait_for(path: Path, text: str) -> None:
    deadline = time.monotonic() + 60
    while not (path.is_file() and text in path.read_text()):
        assert time.monotonic() < deadline, f"no worker read {text!r}"
        time.sleep(0.02)


def drain(shop, settings, tagger: Tagger, **options) -> tuple[int, int]:
    with claims.worker(shop.conn) as number:
        result = Run(shop.conn, settings, tagger, number, **options).drain()
    return result.tagged, result.failed


def tables(shop) -> list:
    return [
        shop.rows("select feedback_version_id, sentiment, outcome from earshot.tagging order by 1"),
        shop.rows(
            "select feedback_version_id, theme_id, sentiment from earshot.theme_tag order by 1, 2"
        ),
        shop.rows("select count(*) from earshot.tag_queue"),
    ]


def test_a_killed_workers_texts_are_taken_at_once(shop, settings, tagger, start, tmp_path) -> None:
    for number in range(6):
        shop.say(f"late {number}", hours_ago=number)
    worker = start(size=2, pause=0.3)
    wait_for(tmp_path / "mark", "late 3")
    worker.kill()
    worker.wait()
    stored = shop.value("select count(*) from earshot.tagging")
    assert 0 < stored < 6
    deadline = time.monotonic() + 20
    while shop.value("select count(*) from earshot.tagging") < 6 and time.monotonic() < deadline:
        drain(shop, settings, tagger)
    assert tables(shop)[2] == [(0,)]
    assert len(tables(shop)[0]) == len(tables(shop)[1]) == 6


def test_a_worker_that_stood_still_beyond_its_lease_is_refused(
    shop, settings, tagger, start, tmp_path
) -> None:
    for number in range(3):
        shop.say(f"late {number}")
    worker = start(lease=1.5, pause=0.2)
    wait_for(tmp_path / "mark", "late")
    worker.send_signal(signal.SIGSTOP)
    assert drain(shop, settings, tagger) == (0, 0)
    time.sleep(1.6)
    assert drain(shop, settings, tagger) == (3, 0)
    before = shop.rows("select * from earshot.tagging order by 1")
    worker.send_signal(signal.SIGCONT)
    output, _ = worker.communicate(timeout=60)
    assert output.split() == ["0", "3"]
    assert shop.rows("select * from earshot.tagging order by 1") == before


def test_two_workers_share_the_queue_and_not_the_work(shop, tagger, start, tmp_path) -> None:
    for number in range(60):
        shop.say(f"late number {number:02d}.")
    workers = [start(size=4, pause=0.02) for _ in range(2)]
    done = [int(worker.communicate(timeout=60)[0].split()[0]) for worker in workers]
    read = (tmp_path / "mark").read_text().split("\n")[:-1]
    assert sum(done) == 60
    assert min(done) > 0
    assert len(read) == len(set(read)) == 60


def test_a_worker_that_starts_while_another_fills_the_queue_stays_to_help(
    shop, settings, tagger, database
) -> None:
    for number in range(3):
        shop.say(f"late {number}")
    with database.connect() as other, ThreadPoolExecutor(1) as pool:
        queries.tag_enqueue(other, model_id="words-1", size=100)  # and does not commit yet
        helper = pool.submit(drain, shop, settings, tagger)
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        deadline = time.monotonic() + 20
        with other.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute("select pg_stat_clear_snapshot()")
                cursor.execute(f"{waiting} and datname = current_database()")
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.02)
        other.commit()

        assert helper.result(timeout=20) == (3, 0)


def test_a_text_that_kills_every_worker_is_given_up_and_costs_nobody_else(
    shop, settings, tagger, start, tmp_path
) -> None:
    poison = shop.say("poison", hours_ago=0.5)
    others = [shop.say(f"late {number}", hours_ago=2) for number in range(5)]
    for attempt in range(1, MOST_ATTEMPTS + 1):
        worker = start()
        deadline = time.monotonic() + 60
        while (tmp_path / "mark").is_file() is False or (
            (tmp_path / "mark").read_text().count("poison") < attempt
        ):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        worker.kill()
        worker.wait()
        time.sleep(0.2)
    drain(shop, settings, tagger)
    assert shop.outcome(poison) == "failed"
    assert {shop.outcome(other) for other in others} == {"tagged"}
    assert shop.value("select count(*) from earshot.tag_queue") == 0
    (reason,) = shop.rows("select reason from earshot.tagging where outcome = 'failed'")[0]
    assert reason == "the tagger was killed or stood still 3 times while it had this text"


def test_no_transaction_is_open_while_the_model_reads(shop, settings, tagger) -> None:
    shop.say("late")
    seen = []
    tagger.model._before = lambda text: seen.append(shop.conn.info.transaction_status)
    drain(shop, settings, tagger)
    assert seen == [0]


def test_results_of_a_lost_claim_change_nothing(shop, settings, tagger) -> None:
    shop.say("late")
    with claims.worker(shop.conn) as number:
        Run(shop.conn, settings, tagger, number)._refill()
        lost = claims.claim(shop.conn, "words-1", number, lease_seconds=0)
        held = claims.claim(shop.conn, "words-1", number)
        assert lost
        assert held
        assert lost.fence != held.fence
        result = [(lost.texts[0], TextTags(language="en"))]
        assert claims.store(shop.conn, lost, result, NOW) == set()
        assert tables(shop)[0] == []
        assert claims.store(shop.conn, held, result, NOW) == {held.texts[0].version_id}


def test_a_text_that_another_worker_holds_is_no_work_left(shop, settings, tagger) -> None:
    shop.say("late")
    with claims.worker(shop.conn) as number, connect(settings) as other:
        Run(shop.conn, settings, tagger, number)._refill()
        assert claims.claim(shop.conn, "words-1", number)
        with claims.worker(other) as second:
            result = Run(other, settings, tagger, second).drain()
    assert (result.tagged, result.waiting) == (0, 0)


def test_a_text_that_is_deleted_meanwhile_is_no_error(shop, settings, tagger) -> None:
    review = shop.say("late")
    with claims.worker(shop.conn) as number:
        Run(shop.conn, settings, tagger, number)._refill()
        held = claims.claim(shop.conn, "words-1", number)
        assert held is not None
        shop.rows("delete from earshot.feedback where id = %s", review)
        result = [(held.texts[0], TextTags(language="en"))]
        assert claims.store(shop.conn, held, result, NOW) == set()
