"""Tag the shared review streams once, for the replays: `python -m tests.bench.detection_tags`.

    python -m tests.bench.detection_tags SHARED CACHE [STREAM ...]

Writes CACHE/STREAM.jsonl, one line a row: `{"themes": [[key, is_negative], ...], "urgent": [key]}`,
no text. A stream whose file is there and was made by the same model is left as it is. The shipped
model reads some twenty reviews a second on two cores.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from alerts.detection.streams import STREAMS, title_and_text
from nlp.loading import load_model
from nlp.reading import read
from nlp.tagger import Tagger
from nlp.tags import TextTags, likeliest
from nlp.taxonomy import Taxonomy, load_taxonomy

CHUNK = 128


def main() -> None:
    """Tag each stream that is not in the cache."""
    shared, cache = Path(sys.argv[1]), Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    taxonomy = load_taxonomy()
    model = load_model()
    tagger = Tagger(model, taxonomy, {key: i for i, key in enumerate(taxonomy.keys)})
    for name in sys.argv[3:] or STREAMS:
        target = cache / f"{name}.jsonl"
        if not _is_current(target, model.id):
            part = target.with_suffix(".part")
            with part.open("w", encoding="utf-8") as handle:
                handle.write(json.dumps({"model": model.id, "themes": _themes(taxonomy)}) + "\n")
                for tags in _tags(shared / "data" / "feedback" / f"{name}.csv", tagger):
                    handle.write(json.dumps(_line(tags, taxonomy)) + "\n")
            part.rename(target)
        print(target.name, flush=True)


def _is_current(target: Path, model_id: str) -> bool:
    if not target.exists():
        return False
    with target.open(encoding="utf-8") as handle:
        return bool(json.loads(handle.readline())["model"] == model_id)


def _themes(taxonomy: Taxonomy) -> dict[str, dict[str, object]]:
    return {theme.key: {"weight": theme.weight, "owner": theme.owner} for theme in taxonomy.themes}


def _tags(file: Path, tagger: Tagger) -> Iterator[TextTags | None]:
    with file.open(newline="", encoding="utf-8") as handle:
        readings = [read(*title_and_text(row), "en") for row in csv.DictReader(handle)]
    for start in range(0, len(readings), CHUNK):
        yield from tagger.tags(readings[start : start + CHUNK])


def _line(tags: TextTags | None, taxonomy: Taxonomy) -> dict[str, list[object]]:
    found = [(taxonomy.themes[t.theme_id], t) for t in (tags.themes if tags else ())]
    return {
        "themes": [
            [theme.key, likeliest(tag.probabilities)[0] == "negative"]
            for theme, tag in found
            if theme.kind == "theme"
        ],
        "urgent": [theme.key for theme, _ in found if theme.kind == "urgent"],
    }


if __name__ == "__main__":
    main()
