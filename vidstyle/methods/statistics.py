"""What of a style's responses is to be matched: their Gram matrix, or their mean and covariance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle import losses

Figures = tuple[Tensor, ...]


@dataclass(frozen=True)
class Statistic:
    """One way to compare responses (1, C, h, w) of a layer with those of a style.

    measure: the figures of responses. Those of several styles are averaged by their weights.
    target: what is compared with, made once of a style's figures.
    distance: of responses from a target, 0 where they match, 1 for no response at all.
    factor: of the style weight, found by measurement: the same weight gives the same balance with content.
    """

    measure: Callable[[Tensor], Figures]
    target: Callable[[Figures], Figures]
    distance: Callable[[Tensor, Figures], Tensor]
    factor: float = 1.0


def _moments(features: Tensor) -> Figures:
    """Mean and second moment, which unlike the covariance can be averaged over several styles."""
    mean, covariance = losses.moments(features)
    return mean, covariance + torch.outer(mean, mean)


def _gaussian(figures: Figures) -> Figures:
    mean, second = figures
    return mean, losses.matrix_root(second - torch.outer(mean, mean))


def _wasserstein(features: Tensor, target: Figures) -> Tensor:
    return losses.wasserstein(*losses.moments(features), *target)


STATISTICS = {
    "gram": Statistic(
        measure=lambda features: (losses.gram(features),),
        target=lambda figures: figures,
        distance=lambda features, target: losses.style(losses.gram(features), target[0]),
    ),
    "wasserstein": Statistic(_moments, _gaussian, _wasserstein, factor=0.6),
}
