"""Losses: weighted cross entropy for sentiment, listwise and pairwise terms for themes."""

from __future__ import annotations

import torch
from torch.nn import functional

from nlp.heads import Outputs
from nlp.training.batches import MicroBatch

LABEL_SMOOTHING = 0.05
# Relative weights of the terms, set so that their sizes are alike after warm-up.
LISTWISE, PAIRWISE, THEME_SENTIMENT = 0.5, 2.0, 1.0


def batch_loss(outputs: Outputs, batch: MicroBatch, emphasis: float = 1.0) -> torch.Tensor:
    """Scalar loss of one micro-batch over the terms for which it carries labels.

    `emphasis` multiplies the terms that tell themes apart: their ranking and their sentiment.
    """
    loss = _sentiment(outputs.sentiment, batch)
    if not batch.themes:
        return loss
    target = torch.zeros_like(outputs.match)
    for row, labels in enumerate(batch.labels):
        target[row, list(labels)] = 1.0
    loss = loss + emphasis * LISTWISE * _listwise(outputs.match, target)
    loss = loss + PAIRWISE * functional.binary_cross_entropy_with_logits(outputs.match, target)
    towards = _theme_sentiment(outputs.theme_sentiment, batch)
    return loss + emphasis * THEME_SENTIMENT * towards


def _sentiment(logits: torch.Tensor, batch: MicroBatch) -> torch.Tensor:
    rows = [row for row, value in enumerate(batch.sentiments) if value is not None]
    if not rows:
        return logits.sum() * 0
    target = torch.tensor([batch.sentiments[row] for row in rows])
    weights = torch.tensor([batch.weights[row] for row in rows])
    priors = torch.tensor([batch.log_priors[row] for row in rows])
    losses = functional.cross_entropy(
        logits[rows] + priors, target, reduction="none", label_smoothing=LABEL_SMOOTHING
    )
    return (losses * weights).mean()


def _listwise(match: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Each right label against all wrong ones of its row."""
    if not target.any():
        return match.sum() * 0
    wrong = match.masked_fill(target.bool(), -1e4).logsumexp(-1, keepdim=True)
    losses = functional.softplus(wrong - match)
    return (losses * target).sum() / target.sum()


def _theme_sentiment(logits: torch.Tensor, batch: MicroBatch) -> torch.Tensor:
    known = [
        (row, theme, value)
        for row, labels in enumerate(batch.labels)
        for theme, value in labels.items()
        if value is not None
    ]
    if not known:
        return logits.sum() * 0
    rows, themes, values = (torch.tensor(column) for column in zip(*known, strict=True))
    return functional.cross_entropy(logits[rows, themes], values, label_smoothing=LABEL_SMOOTHING)
