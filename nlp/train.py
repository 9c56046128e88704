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

from earshot.errors import FixSettings
from nlp import lora
from nlp.encoder import Encoder, load_encoder, pad, set_precision
from nlp.heads import Heads
from nlp.loading import fingerprint
from nlp.training import batches, data
from nlp.training.finish import calibrate, write_weights
from nlp.training.losses import batch_loss
from nlp.training.mix import FIRST_TIMES, LAST_TIMES, mixed
from nlp.training.splits import split

log = logging.getLogger("nlp.train")

VERSION = 3
WARM_UP_STEPS = 60
LAST_EMPHASIS = 2.0
# Blocks that stand still on the descent: lower ones settle first, and this saves a quarter.
LAST_FROZEN = 6
CLIP_NORM = 1.0
LOG_STEPS = 20
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything that decides the outcome of a training run.

    The rate falls and the mix of the last part is read during the last `descent` of `steps`.
    """

    base: str = "e5"
    licence: str = "all"
    seed: int = 7
    steps: int = 2000
    descent: int = 600
    rank: int = 32
    rate: float = 4e-4
    frozen_layers: int = 2
    share: float = 1.0


class Trainee(torch.nn.Module):  # type: ignore[misc]
    """The frozen base with trainable adapters, and the heads in single precision.

    The base is in bfloat16 only where the processor multiplies it natively: without AVX512-BF16 a
    batch took 49 s of one core in bfloat16 and 2.5 s in single precision.
    """

    def __init__(self, encoder: Encoder, run: Run) -> None:
        super().__init__()
        self.encoder = encoder
        # The fused attention's backward pass in bfloat16 is ten times slower than the plain one.
        encoder.body.config._attn_implementation = "eager"
        set_precision(encoder, "auto", "cpu")
        # Without the base's own dropout 1,800 tweets of a language are learned by heart: 0.85 of
        # them right, and 0.66 of others.
        self.body = encoder.body.train()
        self.adapters = lora.add_adapters(self.body, run.rank, run.frozen_layers)
        for adapter in self.adapters.values():
            adapter.down.data = adapter.down.data.float()
            adapter.up.data = adapter.up.data.float()
        self.heads = Heads(encoder.width)

    def freeze_below(self, block: int) -> None:
        """Let only the adapters of this block and those above it learn."""
        for name, adapter in self.adapters.items():
            adapter.requires_grad_(lora.block_of(name) >= block)
            adapter.base.requires_grad_(False)

    def loss(self, batch: batches.MicroBatch, emphasis: float) -> torch.Tensor:
        """Forward pass over texts and over the theme texts that they are matched to."""
        states, mask = self._states(batch.texts)
        if batch.themes:
            themes = self.heads.embed(*self._states(batch.themes))
        else:
            themes = torch.zeros(0, self.encoder.width)
        return batch_loss(self.heads(states, mask, themes), batch, emphasis)

    def _states(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        ids = pad(self.encoder.tokenise(texts), self.encoder.pad_id)
        states, mask = self.encoder.states(ids)
        return states.float(), mask

    def trained(self) -> dict[str, torch.Tensor]:
        """Adapters and heads as they are shipped."""
        state = {f"lora.{key}": value for key, value in lora.adapter_state(self.adapters).items()}
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


@dataclass(frozen=True, kw_only=True)
class Pauses:
    """When to write checkpoints, and after which step to stop early (None: run to the end)."""

    checkpoint_steps: int = 100
    stop_after: int | None = None


def train(
    root: Path, out: Path, run: Run, *, workers: int = 1, pauses: Pauses | None = None
) -> Path:
    """Run or resume training; returns the file of adapters and heads in `out`.

    Workers are processes of one thread that share each step's batches: threads within one
    process wait for one another at every layer, which costs most on a busy machine.
    """
    out.mkdir(parents=True, exist_ok=True)
    _refuse_other_run(out / CHECKPOINT, run)
    rendezvous = (out / "rendezvous").resolve()
    rendezvous.unlink(missing_ok=True)
    arguments = (workers, rendezvous, root, out, run, pauses or Pauses())
    torch.multiprocessing.spawn(_work, arguments, nprocs=workers)
    return out / "model.safetensors"


def _work(
    rank: int, workers: int, rendezvous: Path, root: Path, out: Path, run: Run, pauses: Pauses
) -> None:
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
    is_done = _optimise(trainee, _plan(encoder, splits.train, run), out, run, pauses)
    if rank == 0 and is_done:
        card: dict[str, object] = {
            "id": f"{run.base}-earshot-{VERSION}",
            "base": run.base,
            "base_fingerprint": fingerprint_of_base,
            "run": asdict(run),
            "sets": sorted({example.source for example in splits.train}),
        }
        torch.set_num_threads(workers)
        write_weights(out, trainee.trained(), card, splits.calibration)
        calibrate(out, splits)
    distributed.destroy_process_group()


def _plan(
    encoder: Encoder, examples: list[data.Example], run: Run
) -> list[list[batches.MicroBatch]]:
    """The run's steps: one mix of the sets on the plateau, another on the descent."""
    examples = data.with_priors(examples)
    rows = encoder.tokenise([example.text for example in examples])
    lengths = {id(example): len(row) for example, row in zip(examples, rows, strict=True)}
    first = mixed(examples, FIRST_TIMES, f"{run.seed}-first")
    last = mixed(examples, LAST_TIMES, f"{run.seed}-last")
    plateau = _steps(first, lengths, run.seed, run.steps - run.descent)
    return plateau + _steps(last, lengths, run.seed + 1, run.descent)


def _steps(
    examples: list[data.Example], lengths: dict[int, int], seed: int, count: int
) -> list[list[batches.MicroBatch]]:
    """Whole passes over the examples, the last one cut at `count` steps."""
    steps = (
        step
        for epoch in itertools.count()
        for step in batches.steps(examples, lambda row: lengths[id(row)], seed, epoch)
    )
    return list(itertools.islice(steps, count))


def _optimise(
    trainee: Trainee,
    plan: list[list[batches.MicroBatch]],
    out: Path,
    run: Run,
    pauses: Pauses,
) -> bool:
    """Go through the plan from the last checkpoint on; returns whether its end was reached."""
    parameters = [value for value in trainee.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=run.rate, weight_decay=0.01)
    start = _resume(out, run, parameters, optimiser)
    rank, workers = distributed.get_rank(), distributed.get_world_size()
    began, loss = time.monotonic(), 0.0
    for step in range(start, len(plan)):
        if step == pauses.stop_after:
            return False
        is_descent = step >= run.steps - run.descent
        trainee.freeze_below(LAST_FROZEN if is_descent else run.frozen_layers)
        for group in optimiser.param_groups:
            group["lr"] = run.rate * _rate_share(step, run)
        optimiser.zero_grad()
        # The same dropout whether or not the run was resumed here.
        torch.manual_seed((run.seed * len(plan) + step) * workers + rank)
        for batch in plan[step][rank::workers]:
            part = trainee.loss(batch, LAST_EMPHASIS if is_descent else 1.0)
            part.backward()
            loss += part.item()
        moving = [value for value in parameters if value.requires_grad]
        _add_up(moving)
        torch.nn.utils.clip_grad_norm_(moving, CLIP_NORM)
        optimiser.step()
        if (step + 1) % LOG_STEPS == 0:
            pace = (time.monotonic() - began) / (step + 1 - start)
            left = pace * (len(plan) - step - 1) / 60
            mean = loss / LOG_STEPS
            log.info("step %d/%d loss %.3f, %.0f min left", step + 1, len(plan), mean, left)
            loss = 0.0
        if (step + 1) % pauses.checkpoint_steps == 0 and rank == 0:
            _checkpoint(out, run, parameters, optimiser, step + 1)
    return True


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


def _rate_share(step: int, run: Run) -> float:
    """Warm-up, a plateau, and a straight descent over the last part (arXiv 2405.18392).

    The plateau does not depend on `steps`: a run may be resumed with another number of them.
    """
    return min(1.0, (step + 1) / WARM_UP_STEPS, (run.steps - step) / (run.descent + 1))


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
    partial.replace(out / CHECKPOINT)


def _refuse_other_run(path: Path, run: Run) -> None:
    if path.is_file():
        found = torch.load(path, weights_only=True)["run"]
        if found | {"steps": run.steps, "descent": run.descent} != asdict(run):
            raise FixSettings(f"{path} belongs to another run: use another --out or delete it")


def _resume(
    out: Path, run: Run, parameters: list[torch.nn.Parameter], optimiser: torch.optim.Optimizer
) -> int:
    """Load the last checkpoint of the same run, if there is one; returns the next step."""
    path = out / CHECKPOINT
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
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
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--descent", type=int, default=600)
    parser.add_argument("--share", type=float, default=1.0, help="part of the data, to develop on")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--frozen-layers", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    chosen = vars(parser.parse_args())
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    root, out, workers = chosen.pop("data"), chosen.pop("out"), chosen.pop("workers")
    log.info("wrote %s", train(root, out, Run(**chosen), workers=workers))


if __name__ == "__main__":
    main()
