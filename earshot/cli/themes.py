"""Emerging themes on demand: `themes emerging` and `themes promote`."""

from __future__ import annotations

from typing import Annotated

import typer

from earshot.cli.common import AsJson, SettingsFile, emit, say, settings_of

app = typer.Typer(
    help="Problems and questions that no theme explains yet.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command()
def emerging(json: AsJson = False, settings_file: SettingsFile = None) -> None:
    """Cluster what no theme explains; the weekly upkeep does the same."""
    from nlp.emerging import find_emerging

    result = find_emerging(settings_of(settings_file))
    for theme in result.themes:
        if json:
            emit(vars(theme))
        else:
            new = ", new" if theme.is_new else ""
            say(
                f"{theme.theme_id:>6}  {theme.name}: {theme.sentences} sentences by "
                f"{theme.people} people since {theme.first_published_at:%d %B %Y}{new}"
            )
    if not json:
        say(
            f"{len(result.themes)} emerging themes, {result.merged} merged, {result.split} split. "
            "To keep one, give it a key: `earshot themes promote ID KEY`."
        )


@app.command()
def promote(
    theme_id: Annotated[int, typer.Argument(help="Number in the list of `themes emerging`.")],
    key: Annotated[str, typer.Argument(help="Its key in the taxonomy, as late_parcels.")],
    settings_file: SettingsFile = None,
) -> None:
    """Make an emerging theme one of the taxonomy; its id and counts stay."""
    from nlp.emerging import promote as promote_theme

    settings = settings_of(settings_file)
    file = promote_theme(settings, theme_id, key)
    say(f'"{key}" now stands in {file}: word its name and description as you would say them.')


@app.command()
def shipped() -> None:
    """Print the shipped taxonomy, to begin a file of your own."""
    from nlp.taxonomy import SHIPPED

    typer.echo(SHIPPED.read_text("utf-8"), nl=False)


def register(main: typer.Typer) -> None:
    """Add the commands of this file."""
    main.add_typer(app, name="themes")
