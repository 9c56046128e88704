"""One DAG per source of `earshot.toml`: fetch what is new, store it, wake the tagger."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import (
    DAG,
    CronDataIntervalTimetable,
    Metadata,
    Param,
    dag,
    get_current_context,
    task,
)

from dags.common import STORED, dag_options, settings, step
from earshot.settings import Settings, Source

if TYPE_CHECKING:
    from scrapers.run import CrawlResult

DOC = """Crawls the source **{name}** (`{kind}`) in a process of its own.

Rows, versions and the cursor commit together, so a killed run loses nothing and repeats nothing.
A source that no longer answers as agreed fails at once and is told to the ops channel once;
a slow or limited one is tried again. Run by hand: `earshot crawl {name}`.

**Backfill.** `airflow backfill create --dag-id crawl__{name} --from-date 2026-10-01 --to-date
2026-10-31` reads those days, an interval of the schedule a run; or trigger it with the params
`since` and `until` for one span. Either leaves the cursor alone, changes nothing that is stored
already, and posts no incident of the past."""
CRAWLED_WITHIN = timedelta(hours=6)


def crawl_dag(source: Source) -> DAG:
    """The DAG of one source."""

    @dag(
        dag_id=f"crawl__{source.name}",
        schedule=schedule_of(source),
        doc_md=DOC.format(name=source.name, kind=source.kind),
        tags=["earshot", "crawl", source.kind],
        params={"since": moment("Begin"), "until": moment("End, excluded,")},
        **dag_options(done_within=CRAWLED_WITHIN + timedelta(hours=1)),
    )
    def crawl() -> None:
        @task(outlets=[STORED], pool=source.pool, execution_timeout=CRAWLED_WITHIN)
        def fetch(name: str) -> Any:
            counts = step(f"crawl:{name}", partial(_crawl, name=name, span=span_of_run()))
            yield Metadata(STORED, extra={"source": name, **counts})

        fetch(source.name)

    return crawl()


def moment(what: str) -> Param:
    """A param of its own for each name: Airflow writes the value of a run into the object."""
    text = f"{what} of a backfill: ISO 8601, with zone"
    return Param(None, type=["null", "string"], format="date-time", description=text)


def schedule_of(source: Source) -> Any:
    """With data intervals, so that each run of a backfill knows which span it reads."""
    if source.schedule == "none":
        return None
    if source.schedule in ("@once", "@continuous"):
        return source.schedule
    return CronDataIntervalTimetable(source.schedule, timezone="UTC")


def span_of_run() -> tuple[datetime, datetime] | None:
    """What a run is to read again: the params, a backfill's interval, or nothing for a live run."""
    context = get_current_context()
    params, run = context["params"], context["dag_run"]
    if params.get("since") and params.get("until"):
        return datetime.fromisoformat(params["since"]), datetime.fromisoformat(params["until"])
    # An enum of strings: it equals the word, while its str() is "DagRunType.BACKFILL".
    is_backfill = run.run_type == "backfill"
    if is_backfill and run.data_interval_start and run.data_interval_end:
        return run.data_interval_start, run.data_interval_end
    return None


def _crawl(given: Settings, *, name: str, span: tuple[datetime, datetime] | None) -> CrawlResult:
    from scrapers.run import crawl as crawl_source

    if span is None:
        return crawl_source(given, name)
    return crawl_source(given, name, "backfill", since=span[0], until=span[1])


for _source in settings().source:
    if _source.enabled and _source.kind != "webhook":
        globals()[f"crawl__{_source.name}"] = crawl_dag(_source)
