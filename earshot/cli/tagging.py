"""The tagger: `tag`, `model` and `evaluate`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from earshot.cli.common import AsJson, SettingsFile, emit, progress, say, settings_of, tell

model_app = typer.Typer(
    help="List models, activate one.", rich_markup_mode=None, no_args_is_help=True
)
evaluate_app = typer.Typer(
    help="Measure the tagger on labelled files.", rich_markup_mode=None, no_args_is_help=True
)
Rows = Annotated[Path, typer.Argument(help="JSONL file.", exists=True, dir_okay=False)]
ModelName = Annotated[
    str, typer.Option("--model", help="`earshot`, a folder, or a Hugging Face name.")
]


def tag(
    limit: Annotated[int | None, typer.Option(help="Stop after about so many texts.")] = None,
    seconds: Annotated[float, typer.Option(help="Stop after about so long.")] = math.inf,
    json: AsJson = False,
    settings_file: SettingsFile = None,
) -> None:
    """Give sentiment and themes to every text that has none yet."""
    from nlp.tagger import tag as tag_all

    with progress("tagging") as update:
        settings = settings_of(settings_file)
        result = tag_all(settings, limit, update, most_seconds=seconds)
    tell(result.counts(), as_json=json)


@model_app.command("list")
def list_models(json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """Models by brand, with state and coverage."""
    from nlp.states import list_models as all_models
    from sql.clock import now
    from sql.connect import connect

    settings = settings_of(settings_file)
    with connect(settings) as conn:
        with conn:
            moment = now(conn, settings)
        models = all_models(conn, moment)
    for model in models:
        if json:
            emit({**vars(model), "coverage": model.coverage})
        else:
            say(
                f"{model.brand:<20} {model.model_id:<32} {model.state:<10} "
                f"{model.coverage:.1%} of {model.texts:,} texts tagged"
            )


@model_app.command()
def activate(model_id: str, json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """Count by this model from now on, once it has tagged the baseline window."""
    from nlp.states import activate as activate_model
    from sql.clock import now
    from sql.connect import connect

    settings = settings_of(settings_file)
    with connect(settings) as conn:
        with conn:
            moment = now(conn, settings)
        brands = activate_model(conn, model_id, moment)
    if json:
        emit({"model": model_id, "brands": brands})
    else:
        say(f"{model_id}: active for {', '.join(brands) or 'nobody new; it was already'}.")


@evaluate_app.command()
def sentiment(file: Rows, model: ModelName = "earshot", json: AsJson = False) -> None:
    """Rows `{"text", "sentiment"}`: accuracy, macro recall, macro F1, calibration."""
    from nlp.evaluate import sentiment as measure

    _show(measure(file, model), as_json=json)


@evaluate_app.command()
def themes(
    file: Rows,
    taxonomy: Annotated[Path, typer.Option(help="TOML file of themes.", exists=True)],
    model: ModelName = "earshot",
    json: AsJson = False,
) -> None:
    """Rows `{"text", "themes": [key, …]}` under the taxonomy given, without training."""
    from nlp.evaluate import themes as measure

    _show(measure(file, taxonomy, model), as_json=json)


@evaluate_app.command()
def aspects(file: Rows, model: ModelName = "earshot", json: AsJson = False) -> None:
    """Rows `{"text", "aspects": [{"category", "sentiment"}]}`: sentiment towards each."""
    from nlp.evaluate import aspects as measure

    _show(measure(file, model), as_json=json)


@evaluate_app.command()
def language(
    file: Rows,
    locale: Annotated[str | None, typer.Option(help="Locale of the source, as en-GB.")] = None,
    json: AsJson = False,
) -> None:
    """Rows `{"text"}`, with `"language"` where known: what the language rule refuses."""
    from nlp.refusals import language as measure

    _show(measure(file, locale), as_json=json)


@evaluate_app.command()
def corrections(json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """How often people who looked agreed with each model, by field and theme."""
    from nlp.corrections import agreement
    from sql.connect import connect

    with connect(settings_of(settings_file)) as conn, conn:
        found = agreement(conn)
    for line in found:
        if json:
            emit({**vars(line), "share": line.share})
        else:
            about = line.theme or line.field
            say(f"{line.model_id:<32} {about:<24} {line.share:.1%} of {line.corrections:,}")


def _show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(result)
        return
    for name, value in result.items():
        if isinstance(value, dict):
            for key, inner in value.items():
                say(f"{name}.{key:<32} {inner}")
        else:
            say(f"{name:<20} {value}")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(tag)
    app.add_typer(model_app, name="model")
    app.add_typer(evaluate_app, name="evaluate")
