"""The content loss (Gatys, Ecker & Bethge 2016): Σ (F − P)² / Σ P², P the responses to the subject."""

from __future__ import annotations

from torch import Tensor

from vidstyle.losses.loss import At, Loss, Tensors, Weight


class ContentLoss(Loss):
    """Σ (F − P)² / max(Σ P², N M / 2); every position counts fully.

    N M, channels times positions, is the least that normalised features have where there is anything to see:
    their mean is 1. A plain subject has a fiftieth of that, and by its own measure no stroke could be laid on
    it.
    """

    def __init__(self, target: Tensor) -> None:
        self.target = target
        self.energy = energy(target).clamp_min(target.numel() / 2)

    def sums(self, features: Tensor, at: At, weight: Weight = None) -> Tensors:
        return (apart(features, at(self.target)),)

    def distance(self, sums: Tensors) -> Tensor:
        return sums[0] / self.energy


def content_distance(features: Tensor, target: Tensor) -> Tensor:
    """Σ (F − P)² / Σ P² over features (1, C, h, w)."""
    return apart(features, target) / energy(target)


def apart(features: Tensor, target: Tensor) -> Tensor:
    """Σ (F − P)² over features of equal shapes, in float32."""
    return (features.float() - target.float()).square().sum()


def energy(target: Tensor) -> Tensor:
    """Σ P², never 0, so that it can be divided by."""
    return target.float().square().sum().clamp_min(1e-12)
