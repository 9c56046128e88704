"""Low-rank adapters (Hu et al. 2021, arXiv 2106.09685) for every linear layer of an encoder."""

from __future__ import annotations

import math
import re

import torch
from torch import nn
from torch.nn import functional

ALPHA = 32.0
TOP = 1_000


class LoraLinear(nn.Module):  # type: ignore[misc]
    """A frozen linear layer plus a trained product of two thin matrices.

    down (rank, in), up (out, rank); the frozen weight keeps its own precision.
    """

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        self.scale = ALPHA / rank
        self.down = nn.Parameter(torch.empty(rank, base.in_features))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Frozen output plus the adapter's."""
        rows = x.flatten(0, -2)
        thin = rows @ (self.down.to(x.dtype) * self.scale).T
        frozen = functional.linear(rows, self.base.weight, self.base.bias)
        # In place: a second result of this size costs a tenth of the step.
        return frozen.addmm_(thin, self.up.to(x.dtype).T).unflatten(0, x.shape[:-1])


def add_adapters(body: nn.Module, rank: int, frozen_layers: int = 0) -> dict[str, LoraLinear]:
    """Wrap the linear layers of `body` in place, but for its lowest blocks.

    Returns the adapters by layer name.
    """
    adapters = {}
    linear = {name: part for name, part in body.named_modules() if isinstance(part, nn.Linear)}
    for name, part in linear.items():
        if block_of(name) < frozen_layers:
            continue
        parent, _, child = name.rpartition(".")
        adapters[name] = LoraLinear(part, rank)
        setattr(body.get_submodule(parent), child, adapters[name])
    return adapters


def block_of(name: str) -> int:
    """Number of the transformer block a layer is in; one outside all blocks counts as above."""
    block = re.search(r"\.(\d+)\.", name)
    return int(block[1]) if block else TOP


def adapter_state(adapters: dict[str, LoraLinear]) -> dict[str, torch.Tensor]:
    """The trained matrices under `<layer>.down` and `<layer>.up`, the scale folded into `down`."""
    state = {}
    for name, adapter in adapters.items():
        state[f"{name}.down"] = adapter.down.detach() * adapter.scale
        state[f"{name}.up"] = adapter.up.detach()
    return state


def merge(body: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Add each adapter's product to its layer in place, so that inference costs nothing more.

    Raises ValueError where a layer is missing or has another shape: another base model.
    """
    layers = dict(body.named_modules())
    for name in sorted({key.rpartition(".")[0] for key in state}):
        layer = layers.get(name)
        update = state[f"{name}.up"].float() @ state[f"{name}.down"].float()
        if not isinstance(layer, nn.Linear) or layer.weight.shape != update.shape:
            raise ValueError(f"adapter {name} of shape {tuple(update.shape)} fits no layer")
        with torch.no_grad():
            layer.weight += update
