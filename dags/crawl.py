"""One DAG per source of `earshot.toml`: fetch what is new, store it, wake the tagger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Metadata, dag, task

from dags.common import STORED, dag_options, settings
from earshot.settings import Source

DOC = """Crawls the source **{name}** (`{kind}`) in a process of its own.

Rows, versions and the cursor commit together, so a killed run loses nothing and repeats nothing.
A source that no longer answers as agreed fails at once and is told to the ops channel once;
a slow or limited one is tried again. Run by hand: `earshot crawl {name}`."""


def crawl_dag(source: Source) -> DAG:
    """The DAG of one source."""

    @dag(
        dag_id=f"crawl__{source.name}",
        schedule=None if source.schedule == "none" else source.schedule,
        doc_md=DOC.format(name=source.name, kind=source.kind),
        tags=["earshot", "crawl", source.kind],
        **dag_options(),
    )
    def crawl() -> None:
        @task(outlets=[STORED], pool=source.pool, execution_timeout=timedelta(hours=6))
        def fetch(name: str) -> Any:
            from scrapers.run import crawl as crawl_source

            result = crawl_source(settings(), name)
            yield Metadata(STORED, extra={"source": name, **result.counts()})

        fetch(source.name)

    return crawl()


for _source in settings().source:
    if _source.enabled:
        globals()[f"crawl__{_source.name}"] = crawl_dag(_source)
