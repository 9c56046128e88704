"""Two `earshot tag` processes beside one, each of one thread, on the same texts and database.

    python -m tests.bench.two_taggers [TEXTS] [ROUNDS]

Needs two idle cores. A rate is texts a second from the first stored batch to the last, so that
starting and loading the model do not count. One and two take turns; prints the rate of each turn,
how the two shared the work, and the median ratio (goal 1.7). Any text tagged twice fails.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2

from earshot.local import postgres
from earshot.settings import load
from scrapers.files import import_file
from tests.bench.import_rate import COLUMNS, write_reviews

FILE = """
contact = "bench@example.org"
home = "home"
[[brand]]
key = "b"
name = "B"
[[source]]
name = "s"
kind = "file"
brand = "b"
path = "reviews.csv"
[source.columns]
""" + "\n".join(f'{ours} = "{theirs}"' for ours, theirs in COLUMNS.items())
CLEAR = "truncate earshot.tagging, earshot.theme_tag, earshot.tag_queue"
RATE = """
with batch as (
    select tagged_at, count(*) as texts from earshot.tagging group by tagged_at
),
ends as (
    select min(tagged_at) as began, max(tagged_at) as ended, sum(texts) as texts from batch
)
select
    (ends.texts - batch.texts) / extract(epoch from ends.ended - ends.began),
    ends.texts
from ends
join batch on batch.tagged_at = ends.began
"""


def main() -> None:
    """Measure and print."""
    texts = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("EARSHOT_AUTHOR_KEY", "a key for the benchmark only")
    with tempfile.TemporaryDirectory(prefix="earshot-bench-") as name:
        os.chmod(name, 0o711)
        folder = Path(name)
        (folder / "earshot.toml").write_text(FILE)
        write_reviews(folder / "reviews.csv", texts)
        settings = load(folder / "earshot.toml")
        try:
            import_file(settings, tick=lambda *_: None)
            server = postgres.ensure(settings.home_folder)
            _measure(folder, server.url(postgres.SUPERUSER, "earshot"), texts, rounds)
        finally:
            postgres.remove(settings.home_folder)


def _measure(folder: Path, url: str, texts: int, rounds: int) -> None:
    ratios = []
    for number in range(1, rounds + 1):
        one, _ = _rate(folder, url, texts, processes=1)
        two, shares = _rate(folder, url, texts, processes=2)
        ratios.append(two / one)
        print(
            f"round {number}: one {one:.1f} texts/s, two {two:.1f} texts/s "
            f"({' + '.join(map(str, shares))}), ratio {two / one:.2f}",
            flush=True,
        )
    print(f"median ratio {statistics.median(ratios):.2f} (goal: 1.7 or more), {texts} texts")


def _rate(folder: Path, url: str, texts: int, *, processes: int) -> tuple[float, list[int]]:
    """Texts a second of all together, and how many each of them tagged."""
    _run(url, CLEAR)
    command = [sys.executable, "-m", "earshot", "tag", "--settings", str(folder / "earshot.toml")]
    running = [
        subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    said = [process.communicate()[0] for process in running]
    shares = [sum(map(int, re.findall(r'"(?:tagged|not_supported)": (\d+)', s))) for s in said]
    rate, stored = _run(url, RATE)
    if int(stored) != texts or sum(shares) != texts:
        raise SystemExit(f"{texts} texts, {stored} stored, {shares} tagged: some twice or never")
    return float(rate), shares


def _run(url: str, statement: str) -> tuple[float, int]:
    conn = psycopg2.connect(url)
    try:
        with conn, conn.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else (0.0, 0)
    finally:
        conn.close()


if __name__ == "__main__":
    main()
