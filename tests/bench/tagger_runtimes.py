"""Which runtime serves the encoder best here: `python -m tests.bench.tagger_runtimes SHARED`.

Wants `pip install onnx onnxscript onnxruntime` beside the project: they are needed by nothing else.
Prints processor time of one thread over the same token batches, its ratio to torch in single
precision, and how far the texts' vectors move from that (smallest cosine).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from nlp.encoder import Encoder, batches, pad
from nlp.loading import load_model
from tests.bench.tagger_speed import reviews, seconds

Run = Callable[[np.ndarray, np.ndarray], np.ndarray]


def with_torch(precision: str) -> Run:
    """The encoder as the tagger runs it."""
    encoder = load_model(precision=precision).encoder

    def run(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            states, _ = encoder.states(torch.from_numpy(ids))
        vectors: np.ndarray = states.float().numpy()
        return vectors

    return run


def with_torch_int8() -> Run:
    """torch's dynamic quantisation of the linear layers."""
    encoder = load_model(precision="float32").encoder
    body = torch.ao.quantization.quantize_dynamic(encoder.body, {torch.nn.Linear})

    def run(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            states = body(torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
        vectors: np.ndarray = states.last_hidden_state.numpy()
        return vectors

    return run


class Blocks(torch.nn.Module):  # type: ignore[misc]
    """All but the word table, whose four-bit rows no exporter knows and which is a mere look-up."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.body = encoder.body

    def forward(self, words: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Word vectors (batch, length, width) to token vectors of the same shape."""
        states: torch.Tensor = self.body(inputs_embeds=words, attention_mask=mask).last_hidden_state
        return states


def exported(encoder: Encoder, path: Path) -> Path:
    """The encoder's blocks as an ONNX file."""
    words = torch.zeros(2, 16, encoder.width)
    mask = torch.ones(2, 16, dtype=torch.long)
    free = {0: torch.export.Dim("batch", min=1), 1: torch.export.Dim("length", min=2)}
    torch.onnx.export(
        Blocks(encoder),
        (words, mask),
        str(path),
        input_names=["words", "mask"],
        dynamic_shapes=(free, free),
        dynamo=True,
        verbose=False,
    )
    return path


def quantised(path: Path) -> Path:
    """The same with weights and activations of 8 bits."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = path.with_name("int8.onnx")
    quantize_dynamic(
        path, target, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"]
    )
    return target


def with_onnx(path: Path, encoder: Encoder) -> Run:
    """ONNX Runtime on the processor, one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    look_up = encoder.body.embeddings.word_embeddings

    def run(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            words = look_up(torch.from_numpy(ids)).numpy()
        vectors: np.ndarray = session.run(None, {"words": words, "mask": mask})[0]
        return vectors

    return run


def pooled(run: Run, parts: list[tuple[np.ndarray, np.ndarray]]) -> torch.Tensor:
    """Unit vectors of all texts."""
    rows = []
    for ids, mask in parts:
        weights = mask[..., None].astype(np.float32)
        rows.append((run(ids, mask) * weights).sum(1) / weights.sum(1))
    return functional.normalize(torch.from_numpy(np.concatenate(rows)), dim=-1)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    parser.add_argument("--texts", type=int, default=500)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    encoder = load_model(precision="float32").encoder
    rows = encoder.tokenise(reviews(chosen.shared, chosen.texts))
    parts = []
    for places in batches(list(map(len, rows))):
        ids = pad([rows[place] for place in places], encoder.pad_id).numpy()
        parts.append((ids, (ids != encoder.pad_id).astype(np.int64)))
    with tempfile.TemporaryDirectory() as folder:
        plain = exported(encoder, Path(folder) / "plain.onnx")
        runs = {
            "torch float32": with_torch("float32"),
            "torch bfloat16": with_torch("bfloat16"),
            "torch int8": with_torch_int8(),
            "onnxruntime float32": with_onnx(plain, encoder),
            "onnxruntime int8": with_onnx(quantised(plain), encoder),
        }
        vectors = {name: pooled(run, parts) for name, run in runs.items()}
        first = 0.0
        for name, run in runs.items():
            spent = seconds(lambda run=run: pooled(run, parts))  # type: ignore[misc]
            first = first or spent
            cosine = (vectors[name] * vectors["torch float32"]).sum(-1).min().item()
            rate = chosen.texts / spent
            print(f"{name:20} {rate:7.1f} texts/s  {first / spent:5.2f} x  cosine {cosine:.4f}")


if __name__ == "__main__":
    main()
