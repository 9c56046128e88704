"""Loading: ours, foreign ones through the real code, and files that do not fit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from earshot.errors import FixSettings
from nlp.loading import CARD_NAME, WEIGHTS, WEIGHTS_NAME, load_model
from nlp.model import ThemeText
from tests.nlp.tiny import save_encoder

THEMES = [ThemeText(name="price"), ThemeText(name="delivery", examples=("the parcel came late",))]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WEIGHTS, tmp_path / "weights"))


def test_missing_weights_are_one_clear_error(copy: Path) -> None:
    (copy / WEIGHTS_NAME).unlink()

    with pytest.raises(FixSettings, match="missing or truncated"):
        load_model(str(copy))


def test_truncated_weights_are_one_clear_error(copy: Path) -> None:
    weights = copy / WEIGHTS_NAME
    weights.write_bytes(weights.read_bytes()[:-1000])

    with pytest.raises(FixSettings, match="missing or truncated"):
        load_model(str(copy))


def test_weights_of_another_base_are_one_clear_error(copy: Path, tmp_path: Path) -> None:
    card = json.loads((copy / CARD_NAME).read_text())
    (copy / CARD_NAME).write_text(json.dumps(card | {"base": str(save_encoder(tmp_path / "tiny"))}))

    with pytest.raises(FixSettings, match="another"):
        load_model(str(copy))


def test_weights_that_do_not_fit_the_layers_are_one_clear_error(copy: Path, tmp_path: Path) -> None:
    from nlp.encoder import load_encoder
    from nlp.loading import fingerprint

    base = str(save_encoder(tmp_path / "tiny"))
    card = json.loads((copy / CARD_NAME).read_text())
    forged = card | {"base": base, "base_fingerprint": fingerprint(load_encoder(base))}
    (copy / CARD_NAME).write_text(json.dumps(forged))

    with pytest.raises(FixSettings, match="does not fit"):
        load_model(str(copy))


def test_shipped_weights_stay_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 8_000_000


def test_a_name_that_leads_nowhere_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FixSettings, match="neither a readable model folder"):
        load_model(str(tmp_path / "nothing"))


def test_any_encoder_serves_by_its_folder(tmp_path: Path) -> None:
    model = load_model(str(save_encoder(tmp_path / "tiny")))

    predictions = model.predict(["the parcel came late"], model.encode_themes(THEMES))

    assert model.id == "foreign-tiny"
    assert predictions[0].theme_probabilities.argmax() == 1
    assert sum(predictions[0].sentiment) == pytest.approx(1, abs=1e-5)


def test_a_ready_classifier_gives_its_own_sentiment(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    folder = save_encoder(tmp_path / "tiny", labels=("POSITIVE", "NEGATIVE", "NEUTRAL"))
    model = load_model(str(folder), precision="float32")

    (prediction,) = model.predict(["i love this"], model.encode_themes(THEMES))

    classifier = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    ids = torch.tensor(model.encoder.tokenise(["i love this"]))
    with torch.inference_mode():
        expected = classifier(input_ids=ids).logits.softmax(-1)[0].numpy()
    np.testing.assert_allclose(prediction.sentiment, expected[[1, 2, 0]], atol=1e-4)


def test_a_classifier_without_sentiment_labels_is_refused(tmp_path: Path) -> None:
    folder = save_encoder(tmp_path / "tiny", labels=("cat", "dog"))

    with pytest.raises(FixSettings, match="choose a sentiment classifier"):
        load_model(str(folder))


def test_the_loaded_model_stays_under_one_and_a_half_gigabytes() -> None:
    script = (
        "import re; from nlp.loading import load_model; from nlp.model import ThemeText;"
        "m = load_model();"
        "m.predict(['A parcel came late. ' * 20] * 50, m.encode_themes([ThemeText(name='x')]));"
        # The peak of this process alone: that of getrusage begins with its parent's.
        r"print(re.search(r'VmHWM:\s+(\d+)', open('/proc/self/status').read())[1])"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert int(ran.stdout) * 1024 < 1.5e9
