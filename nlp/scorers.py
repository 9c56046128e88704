"""What scores padded token ids: our own adapters and heads; `nlp.foreign` has the others."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch
from torch.nn import functional

from nlp.encoder import Encoder
from nlp.heads import Heads, Outputs, likeness


class Scorer(Protocol):
    """Logits for padded ids: what differs between our model and a foreign one."""

    def __call__(self, ids: torch.Tensor, themes: torch.Tensor) -> Outputs:
        """Outputs for ids (batch, length) and theme vectors (themes, width)."""

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """Unit vectors (batch, width), for likeness of meaning."""

    def theme(self, ids: torch.Tensor) -> torch.Tensor:
        """What a theme's wording is to be compared by: (batch, theme width)."""

    @property
    def theme_width(self) -> int:
        """Size of a theme vector."""

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """Every encoder that it runs."""


class EarshotScorer:
    """With adapters merged for sentiment; together with the base as it is for themes.

    Adapters that learn sentiment and known label schemes make the encoder forget what it knew of
    themes nobody labelled: airline complaint reasons fall from 0.56 to 0.44. A second pass costs
    as much as the first one, and keeps both.
    """

    def __init__(self, base: Encoder, encoder: Encoder, heads: Heads, centre: torch.Tensor) -> None:
        self.base = base
        self.encoder = encoder
        self.heads = heads.eval()
        self.centre = centre

    @property
    def theme_width(self) -> int:
        """See Scorer."""
        return 2 * self.encoder.width

    @property
    def encoders(self) -> tuple[Encoder, ...]:
        """See Scorer."""
        return (self.base, self.encoder)

    def __call__(self, ids: torch.Tensor, themes: torch.Tensor) -> Outputs:
        """See Scorer."""
        states, mask = self.encoder.states(ids)
        states, mask = states.float().cpu(), mask.cpu()
        plain, tuned = (functional.normalize(half, dim=-1) for half in themes.chunk(2, dim=-1))
        outputs: Outputs = self.heads(states, mask, tuned)
        if not len(themes):
            return outputs
        both = torch.cat([plain, tuned], dim=-1)
        own = self._pooled(self.base, ids), self.heads.embed(states, mask)
        match = likeness(*own, both, self.centre)
        return replace(outputs, match=match)

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        """See Scorer."""
        return self._pooled(self.encoder, ids)

    def theme(self, ids: torch.Tensor) -> torch.Tensor:
        """See Scorer: both halves, each a unit vector."""
        return torch.cat([self._pooled(self.base, ids), self.embed(ids)], dim=-1)

    def _pooled(self, encoder: Encoder, ids: torch.Tensor) -> torch.Tensor:
        states, mask = encoder.states(ids)
        return self.heads.embed(states.float().cpu(), mask.cpu())
