"""Weights are numbers: whatever else a file would do on loading is never done."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from earshot.errors import FixSettings

ROOT = Path(__file__).parents[2]


class Evil:
    """Its pickle leaves a mark where it is loaded."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._mark),)


def test_a_pickle_under_the_name_of_the_weights_is_refused(tmp_path: Path) -> None:
    from nlp.loading import _read_weights

    file = tmp_path / "model.safetensors"
    file.write_bytes(pickle.dumps(Evil(tmp_path / "owned")))

    with pytest.raises(FixSettings, match="truncated"):
        _read_weights(file)
    assert not (tmp_path / "owned").exists()


def test_a_model_folder_with_pickled_weights_is_refused(tmp_path: Path) -> None:
    from nlp.encoders.hub import _from_pretrained

    config = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 8}
    config |= {"num_attention_heads": 1, "intermediate_size": 8, "architectures": ["BertModel"]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(tmp_path / "owned")))
    from transformers import AutoModel

    with pytest.raises(FixSettings, match="safetensors"):
        _from_pretrained(AutoModel, str(tmp_path), use_safetensors=True)
    assert not (tmp_path / "owned").exists()


def test_no_code_of_ours_unpickles_what_it_did_not_write() -> None:
    words = ("pickle.load", "joblib.load", "torch.load(", "weights_only=False", "yaml.load(")
    found = {
        str(file.relative_to(ROOT)): word
        for room in ("earshot", "scrapers", "nlp", "alerts", "sql", "dags")
        for file in (ROOT / room).rglob("*.py")
        for word in words
        if word in file.read_text().replace("torch.load(path, weights_only=True)", "")
    }

    assert found == {}
