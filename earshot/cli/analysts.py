"""What analysts ask for by hand: questions that keep coming back, and how wrong the model is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, emit, say, settings_of, tell


def questions(json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """Group the questions that keep coming back, for the view knowledge_gaps."""
    from nlp.questions import find_questions

    tell(find_questions(settings_of(settings_file)), as_json=json)


def measure(
    file: Annotated[Path, typer.Argument(help="JSONL file.", exists=True, dir_okay=False)],
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Rows `{"text", "sentiment"}` or `{"text", "themes"}`: correct shares for these errors.

    Label a random sample of your own texts; `analytics.prevalence` then corrects by it.
    """
    from dataclasses import asdict

    from nlp.misclassification import measure as measure_file

    for errors in measure_file(settings_of(settings_file), file):
        if json:
            emit(asdict(errors))
        else:
            say(
                f"{errors.theme_key:<28} found in {errors.positives_found:,} of "
                f"{errors.positives:,} that have it, and in {errors.negatives_found:,} of "
                f"{errors.negatives:,} that have not"
            )


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(questions)
    app.command()(measure)
