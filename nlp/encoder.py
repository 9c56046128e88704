"""The encoder: texts to token ids to one vector per token, whatever the base model.

`load_encoder` takes ``e5`` (wheel), ``minilm`` (wheel), a folder or a hub name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from nlp.encoders import e5, hub

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import nn

MAX_TOKENS = 128
# A token is rarely longer than this; cutting first keeps 1 MB of one word cheap.
MAX_CHARACTERS = 16 * MAX_TOKENS
TOKEN_BUDGET = 2048
LENGTH_STEP = 4

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200c\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff]"
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@])@\w{1,40}")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A base model with its tokenizer.

    `prefix` is what the base was trained to see before each text; `width` the size of a vector.
    """

    id: str
    body: nn.Module
    tokenizer: Tokenizer
    prefix: str
    width: int
    pad_id: int

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, cleaned by `model_text`, at most MAX_TOKENS long."""
        cleaned = [self.prefix + model_text(text) for text in texts]
        return [_truncate(row.ids) for row in self.tokenizer.encode_batch_fast(cleaned)]

    def states(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Token vectors (batch, length, width) and mask (batch, length) of padded ids."""
        ids = ids.to(next(self.body.parameters()).device)
        mask = ids != self.pad_id
        hidden = self.body(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return hidden, mask


def load_encoder(name: str) -> Encoder:
    """Load a base encoder by name (``e5``, ``minilm``, a folder, a hub name)."""
    if name == "e5":
        body, tokenizer = e5.load(e5.default_path())
        return _encoder("e5", body, tokenizer, "query: ", 1)
    if name.endswith(".bin") and Path(name).is_file():
        body, tokenizer = e5.load(Path(name))
        return _encoder("e5", body, tokenizer, "query: ", 1)
    body, tokenizer = hub.load(str(hub.minilm_path()) if name == "minilm" else name)
    return wrap(Path(name).name, body, tokenizer)


def wrap(name: str, body: nn.Module, tokenizer: Tokenizer) -> Encoder:
    """An encoder around a loaded Hugging Face model."""
    prefix = "query: " if "e5" in name.lower() else ""
    pad_id = getattr(body.config, "pad_token_id", None)
    return _encoder(name, body, tokenizer, prefix, 0 if pad_id is None else pad_id)


def _encoder(name: str, body: nn.Module, tokenizer: Tokenizer, prefix: str, pad_id: int) -> Encoder:
    for parameter in body.parameters():
        parameter.requires_grad_(False)
    width = int(body.config.hidden_size)
    return Encoder(
        id=name, body=body, tokenizer=tokenizer, prefix=prefix, width=width, pad_id=pad_id
    )


def set_precision(encoder: Encoder, precision: str, device: str) -> None:
    """Move the encoder to `device` as ``float32``, ``bfloat16`` or ``float16``.

    ``auto`` is bfloat16 where the processor multiplies it natively (almost three times as fast,
    measured on AVX512-BF16), half precision on a GPU, and float32 elsewhere.
    """
    if precision == "auto":
        precision = "float32"
        if device.startswith("cuda"):
            precision = "float16"
        elif torch.cpu._is_avx512_bf16_supported():
            precision = "bfloat16"
    encoder.body.to(device=device, dtype=getattr(torch, precision))


def model_text(text: str) -> str:
    """What the model reads of a text: no markup, control or zero-width characters, no addresses.

    Links become ``http`` and handles ``@user``, as in the tweet sets the model learned from.
    The zero-width joiner stays, because emoji are built with it.
    """
    text = text[: 4 * MAX_CHARACTERS]
    text = _TAG.sub(" ", html.unescape(text))
    text = _HANDLE.sub("@user", _URL.sub("http", _INVISIBLE.sub("", text)))
    return _SPACE.sub(" ", text).strip()[:MAX_CHARACTERS]


def batches(lengths: Sequence[int], token_budget: int = TOKEN_BUDGET) -> Iterator[np.ndarray]:
    """Indexes of texts in batches of one padded length, each at most `token_budget` tokens.

    A text's padded length depends on itself alone. With that, every matrix product over a text
    adds up in the same order whatever its neighbours, also in bfloat16: same text, same bits.
    """
    padded = -(-np.asarray(lengths, int) // LENGTH_STEP) * LENGTH_STEP
    for length in np.unique(padded):
        chosen = np.flatnonzero(padded == length)
        size = max(1, token_budget // int(length))
        for start in range(0, len(chosen), size):
            yield chosen[start : start + size]


def pad(rows: Sequence[Sequence[int]], pad_id: int) -> torch.Tensor:
    """Rows of ids as one tensor, filled up with `pad_id` to the next multiple of LENGTH_STEP."""
    longest = -(-max(map(len, rows)) // LENGTH_STEP) * LENGTH_STEP
    return torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows])


def _truncate(ids: list[int]) -> list[int]:
    """Keep the beginning and the closing token: reviews open with their verdict."""
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]
