"""The steps of the pipeline, one command each: the DAGs run the same functions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from earshot.cli.common import (
    AsJson,
    From,
    SettingsFile,
    To,
    emit,
    progress_console,
    say,
    settings_of,
    tell,
    utc,
)


def watch(json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """Refresh counts, score what changed, open and move incidents."""
    from alerts.watch import watch as watch_all

    tell(watch_all(settings_of(settings_file)).counts(), as_json=json)


def deliver(
    again: Annotated[
        bool, typer.Option("--again", help="First put back what could not be delivered.")
    ] = False,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Send what waits in the outbox: replies and tickets to platforms, messages to Slack."""
    from alerts.sending import send_all
    from alerts.slack.deliver import revive_dead_letters

    settings = settings_of(settings_file)
    if again:
        revive_dead_letters(settings)
    tell(send_all(settings).counts(), as_json=json)


def replay(
    since: From = None,
    until: To = None,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """What detection would have opened over the stored history; nothing is stored or sent."""
    from alerts.replaying import replay as replay_history

    settings = settings_of(settings_file)
    with progress_console().status("replaying"):
        lines = replay_history(settings, since=utc(since), until=utc(until))
    for line in lines:
        if json:
            emit(line)
        else:
            say(_incident(line))
    if not json:
        say(f"{len(lines)} incidents")


def score_counts(
    folder: Annotated[
        Path, typer.Argument(help="CSV files `timestamp,value`.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder for `timestamp,anomaly_score`.")],
    json: AsJson = False,
) -> None:
    """Score plain series of counts online: a row's score uses no later row."""
    from alerts.detection.counts import score_folder

    for file in score_folder(folder, out):
        tell({"written": str(file)}, as_json=json)


def _incident(line: dict[str, Any]) -> str:
    about = line["theme"] or "all feedback"
    product = f", {line['product']}" if line["product"] else ""
    return (
        f"{line['opened_at']}  {line['severity']:<8} {line['direction']:<8} {line['brand']}: "
        f"{about}{product}, {line['count']} against {line['baseline']:.1f}"
    )


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(watch)
    app.command()(deliver)
    app.command()(replay)
    app.command()(score_counts)
