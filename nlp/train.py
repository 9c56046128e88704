"""Train adapters and heads: `python -m nlp.train --data DATA --out DIR`.

Resumable: a run that was stopped continues from its last checkpoint in DIR, with the same batches
in the same order. `--licence permissive` uses only sets whose licence is stated as permissive.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import distributed

from nlp.encoder import Encoder, load_encoder, pad
from nlp.heads import Heads
from nlp.lora import adapter_state, add_adapters
from nlp.model import fingerprint
from nlp.training import batches, data
from nlp.training.finish import calibrate, write_weights
from nlp.training.losses import batch_loss
from nlp.training.splits import split

log = logging.getLogger("nlp.train")

VERSION = 1
WARM_UP_STEPS = 60
DESCENT_SHARE = 0.4
CLIP_NORM = 1.0
CHECKPOINT_STEPS = 100


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that decides the outcome of a training run."""

    base: str = "e5"
    licence: str = "all"
    seed: int = 7
    steps: int = 1800
    rank: int = 32
    rate: float = 4e-4
    frozen_layers: int = 4
    share: float = 1.0


class Trainee(torch.nn.Module):  # type: ignore[misc]
    """The frozen base in bfloat16 with trainable adapters, and the heads in single precision."""

    def __init__(self, encoder: Encoder, run: Run) -> None:
        super().__init__()
        self.encoder = encoder
        # The fused attention's backward pass in bfloat16 is ten times slower than the plain one.
        encoder.body.config._attn_implementation = "eager"
        self.body = encoder.body.to(torch.bfloat16)
        self.adapters = add_adapters(self.body, run.rank, run.frozen_layers)
        for adapter in self.adapters.values():
            adapter.down.data = adapter.down.data.float()
            adapter.up.data = adapter.up.data.float()
        self.heads = Heads(encoder.width)

    def loss(self, batch: batches.MicroBatch) -> torch.Tensor:
        """Forward pass over texts and over the theme texts that they are matched to."""
        states, mask = self._states(batch.texts)
        if batch.themes:
            themes = self.heads.embed(*self._states(batch.themes))
        else:
            themes = torch.zeros(0, self.encoder.width)
        return batch_loss(self.heads(states, mask, themes), batch)

    def _states(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        ids = pad(self.encoder.tokenise(texts), self.encoder.pad_id)
        states, mask = self.encoder.states(ids)
        return states.float(), mask

    def trained(self) -> dict[str, torch.Tensor]:
        """Adapters and heads as they are shipped."""
        state = {f"lora.{key}": value for key, value in adapter_state(self.adapters).items()}
        heads = {f"heads.{key}": value.detach() for key, value in self.heads.state_dict().items()}
        return state | heads


def training_examples(root: Path, run: Run) -> list[data.Example]:
    """What the run trains on: deduplicated, translations of one scheme joined."""
    files = data.training_files(root, permissive_only=run.licence == "permissive")
    held_out = [row.text for path in data.held_out_files(root) for row in data.read(path)]
    examples = data.without_duplicates((row for path in files for row in data.read(path)), held_out)
    joined = [_join_translations(example) for example in examples]
    return random.Random(run.seed).sample(joined, int(len(joined) * run.share))


def _join_translations(example: data.Example) -> data.Example:
    is_translated = example.scheme.startswith("phone_shop")
    return replace(example, scheme="phone_shop") if is_translated else example


def train(root: Path, out: Path, run: Run, *, workers: int = 1) -> Path:
    """Run or resume training; returns the file of adapters and heads in `out`.

    Workers are processes of one thread that share each step's batches: threads within one
    process wait for one another at every layer, which costs most on a busy machine.
    """
    out.mkdir(parents=True, exist_ok=True)
    rendezvous = (out / "rendezvous").resolve()
    rendezvous.unlink(missing_ok=True)
    arguments = (workers, rendezvous, root, out, run)
    torch.multiprocessing.spawn(_work, arguments, nprocs=workers)
    return out / "model.safetensors"


def _work(rank: int, workers: int, rendezvous: Path, root: Path, out: Path, run: Run) -> None:
    """One worker: every one holds the same weights and sees the same plan."""
    logging.basicConfig(
        level=logging.WARNING if rank else logging.INFO, format="%(asctime)s %(message)s"
    )
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=workers
    )
    torch.manual_seed(run.seed)
    encoder = load_encoder(run.base)
    fingerprint_of_base = fingerprint(encoder)
    trainee = Trainee(encoder, run)
    splits = split(training_examples(root, run), run.seed)
    log.info("%d examples from %d sets", len(splits.train), len({x.source for x in splits.train}))
    _optimise(trainee, _plan(encoder, splits.train, run), out, run)
    if rank == 0:
        card: dict[str, object] = {
            "id": f"{run.base}-earshot-{VERSION}",
            "base": run.base,
            "base_fingerprint": fingerprint_of_base,
            "run": asdict(run),
            "sets": sorted({example.source for example in splits.train}),
        }
        write_weights(out, trainee.trained(), card)
        torch.set_num_threads(workers)
        calibrate(out, splits)
    distributed.destroy_process_group()


def _plan(
    encoder: Encoder, examples: list[data.Example], run: Run
) -> list[list[batches.MicroBatch]]:
    """The run's steps: whole epochs, the last one cut."""
    rows = encoder.tokenise([example.text for example in examples])
    lengths = {id(example): len(row) for example, row in zip(examples, rows, strict=True)}
    plan: list[list[batches.MicroBatch]] = []
    for epoch in itertools.count():
        plan += batches.steps(examples, lambda row: lengths[id(row)], run.seed, epoch)
        if len(plan) >= run.steps:
            log.info("%d steps are %.2f epochs", run.steps, run.steps * (epoch + 1) / len(plan))
            return plan[: run.steps]
    raise AssertionError


def _optimise(trainee: Trainee, plan: list[list[batches.MicroBatch]], out: Path, run: Run) -> None:
    parameters = [value for value in trainee.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=run.rate, weight_decay=0.01)
    start = _resume(out, run, parameters, optimiser)
    rank, workers = distributed.get_rank(), distributed.get_world_size()
    began, loss = time.monotonic(), 0.0
    for step in range(start, len(plan)):
        for group in optimiser.param_groups:
            group["lr"] = run.rate * _rate_share(step, len(plan))
        optimiser.zero_grad(set_to_none=False)
        for batch in plan[step][rank::workers]:
            part = trainee.loss(batch)
            part.backward()
            loss += part.item()
        _add_up(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
        optimiser.step()
        if (step + 1) % 20 == 0:
            pace = (time.monotonic() - began) / (step + 1 - start)
            left = pace * (len(plan) - step - 1) / 60
            log.info("step %d/%d loss %.3f, %.0f min left", step + 1, len(plan), loss / 20, left)
            loss = 0.0
        if (step + 1) % CHECKPOINT_STEPS == 0 and rank == 0:
            _checkpoint(out, run, parameters, optimiser, step + 1)


def _add_up(parameters: list[torch.nn.Parameter]) -> None:
    """Sum the gradients of all workers in place."""
    gradients = [
        torch.zeros_like(value) if value.grad is None else value.grad for value in parameters
    ]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    parts = flat.split([gradient.numel() for gradient in gradients])
    for value, part in zip(parameters, parts, strict=True):
        value.grad = part.view_as(value)


def _rate_share(step: int, total: int) -> float:
    """Warm-up, a plateau, and a straight descent over the last part (arXiv 2405.18392).

    The plateau does not depend on `total`: a run may be resumed with another number of steps.
    """
    descent = int(total * DESCENT_SHARE)
    return min(1.0, (step + 1) / WARM_UP_STEPS, (total - step) / (descent + 1))


def _checkpoint(
    out: Path,
    run: Run,
    parameters: list[torch.nn.Parameter],
    optimiser: torch.optim.Optimizer,
    step: int,
) -> None:
    partial = out / "checkpoint.partial"
    state = {
        "run": asdict(run),
        "step": step,
        "parameters": [parameter.detach() for parameter in parameters],
        "optimiser": optimiser.state_dict(),
    }
    torch.save(state, partial)
    partial.replace(out / "checkpoint.pt")


def _resume(
    out: Path, run: Run, parameters: list[torch.nn.Parameter], optimiser: torch.optim.Optimizer
) -> int:
    """Load the last checkpoint of the same run, if there is one; returns the next step."""
    path = out / "checkpoint.pt"
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    if state["run"] | {"steps": run.steps} != asdict(run):
        raise SystemExit(f"{path} belongs to another run: use another --out or delete it")
    for parameter, value in zip(parameters, state["parameters"], strict=True):
        parameter.data.copy_(value)
    optimiser.load_state_dict(state["optimiser"])
    log.info("resumed at step %d", state["step"])
    return int(state["step"])


def main() -> None:
    """Command line of the training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds SETS.md")
    parser.add_argument("--out", type=Path, required=True, help="checkpoints and weights go here")
    parser.add_argument("--licence", choices=["all", "permissive"], default="all")
    parser.add_argument("--base", default="e5")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--share", type=float, default=1.0, help="part of the data, to develop on")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--frozen-layers", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    chosen = vars(parser.parse_args())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    root, out, workers = chosen.pop("data"), chosen.pop("out"), chosen.pop("workers")
    log.info("wrote %s", train(root, out, Run(**chosen), workers=workers))


if __name__ == "__main__":
    main()
