"""The trained heads: everything is read off one set of token vectors per text.

Sentiment looks at an attention pool and the mean of the token vectors. A theme is a vector made
by the same encoder: its cosine with the text's vector gives the match, and its attention over the
text's tokens the sentiment towards it, so that one encoder pass serves any number of themes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

LIKENESS_SCALE, LIKENESS_CENTRE = 50.0, 0.55
"""Where a likeness is even odds before calibration, which takes it from there."""
CENTRE_SHARE = 0.4
"""How much of a theme's likeness to customers' texts as a whole is taken off its likeness to one:
a theme described in common words is otherwise near everything."""
TUNED_SHARE = 0.2
"""Weight of the tuned encoder's cosine, which spreads five times as wide, beside the base's. Kept
out: shop aspects 0.47 top-1 (base alone 0.31), bank intents 0.95 (0.92); airline reasons 0.58."""
THEME_HEADS = 6
THEME_WIDTH = 192


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Logits: sentiment (batch, 3), match (batch, themes), theme_sentiment (batch, themes, 3)."""

    sentiment: torch.Tensor
    match: torch.Tensor
    theme_sentiment: torch.Tensor


def likeness(
    plain: torch.Tensor, tuned: torch.Tensor, themes: torch.Tensor, centre: torch.Tensor
) -> torch.Tensor:
    """Match logits (texts, themes).

    Args:
        plain: unit vectors of the base (texts, width).
        tuned: unit vectors of the tuned encoder, of the same shape.
        themes: both halves of the theme vectors (themes, 2 * width), each a unit vector.
        centre: both halves of the mean text (2 * width,), each the mean of unit vectors.
    """
    texts = torch.cat([plain, TUNED_SHARE * tuned], dim=-1)
    width = plain.shape[-1]
    middle = torch.cat([centre[:width], TUNED_SHARE * centre[width:]])
    return LIKENESS_SCALE * ((texts - CENTRE_SHARE * middle) @ themes.T - LIKENESS_CENTRE)


class Heads(nn.Module):  # type: ignore[misc]
    """Document sentiment, text-theme matcher and sentiment towards a theme."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pool = nn.Linear(width, 1)
        self.hidden = nn.Linear(2 * width, width)
        self.sentiment = nn.Linear(width, 3)
        self.query = nn.Linear(width, THEME_WIDTH)
        self.key = nn.Linear(width, THEME_WIDTH)
        self.value = nn.Linear(width, THEME_WIDTH)
        self.match_scale = nn.Parameter(torch.tensor(20.0))
        self.match_bias = nn.Parameter(torch.tensor(-18.0))
        self.theme_hidden = nn.Linear(THEME_WIDTH, width)
        self.theme_mix = nn.Linear(width, width)
        self.text_mix = nn.Linear(width, width)
        self.theme_sentiment = nn.Linear(width, 3)
        nn.init.zeros_(self.theme_sentiment.weight)

    def embed(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Unit vector of each text: the normalised mean of its token vectors."""
        return functional.normalize(_mean(states, mask), dim=-1)

    def document(
        self, states: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden sentiment features (batch, width) and logits (batch, 3)."""
        weights = self.pool(states)[..., 0].masked_fill(~mask, -1e4).softmax(-1)
        pooled = torch.einsum("bt,btd->bd", weights, states)
        features = functional.gelu(self.hidden(torch.cat([pooled, _mean(states, mask)], dim=-1)))
        return features, self.sentiment(features)

    def forward(self, states: torch.Tensor, mask: torch.Tensor, themes: torch.Tensor) -> Outputs:
        """All logits; `themes` are unit vectors (themes, width)."""
        features, sentiment = self.document(states, mask)
        context = self._attend(states, mask, themes)
        cosine = self.embed(states, mask) @ themes.T
        # What a theme attends to says nothing of themes never trained; the cosine does.
        match = self.match_scale * cosine
        mixed = functional.gelu(
            self.theme_hidden(context)
            + self.theme_mix(themes)[None]
            + self.text_mix(features)[:, None]
        )
        theme_sentiment = sentiment[:, None] + self.theme_sentiment(mixed)
        return Outputs(
            sentiment=sentiment, match=match + self.match_bias, theme_sentiment=theme_sentiment
        )

    def _attend(
        self, states: torch.Tensor, mask: torch.Tensor, themes: torch.Tensor
    ) -> torch.Tensor:
        """What each theme reads in each text: (batch, themes, THEME_WIDTH)."""
        batch, length, _ = states.shape
        size = THEME_WIDTH // THEME_HEADS
        query = self.query(themes).view(-1, THEME_HEADS, size)
        key = self.key(states).view(batch, length, THEME_HEADS, size)
        value = self.value(states).view(batch, length, THEME_HEADS, size)
        scores = torch.einsum("nhs,bths->bhnt", query, key) / size**0.5
        weights = scores.masked_fill(~mask[:, None, None], -1e4).softmax(-1)
        return torch.einsum("bhnt,bths->bnhs", weights, value).flatten(-2)


def _mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask.to(states.dtype)[..., None]
    return (states * weights).sum(1) / weights.sum(1)
