"""What of a style's responses is to be matched: their Gram matrix, their mean and covariance, or patches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle import losses
from vidstyle.image.patches import Pool, components, match, vote
from vidstyle.options.losses import StyleLossOptions

Figures = tuple[Tensor, ...]
Shares = Sequence[tuple[float, Tensor]]
"""Responses (1, C, h, w) to some pictures, and the share that each has in the style; shares sum to 1."""
Compare = Callable[[Tensor], Tensor]
"""Responses (1, C, h, w) -> their distance from a style, a scalar."""


@dataclass(frozen=True)
class Statistic:
    """One way to compare responses of a layer with those of a style.

    learn: what is compared with, from the responses to the style pictures.
    compare: the distance from that, 0 where responses match, 1 for no response at all. Made anew for every
        minimisation, so that it may remember what it has found. The flag: whether opposite borders meet.
    factor: of the style weight, found by measurement: the same weight gives the same balance with content.
    pools: whether it gains from turned and scaled copies of the style pictures.
    """

    learn: Callable[[Shares], Figures]
    compare: Callable[[Figures, bool], Compare]
    factor: float = 1.0
    pools: bool = False


def statistic(name: str, options: StyleLossOptions) -> Statistic:
    """The statistic that `--loss` calls `name`."""
    return STATISTICS[name](options)


def _mean(measure: Callable[[Tensor], Figures], shares: Shares) -> Figures:
    """The figures of several styles, averaged by their shares."""
    each = [[share * figure for figure in measure(responses)] for share, responses in shares]
    return tuple(torch.stack(figures).sum(dim=0) for figures in zip(*each, strict=True))


_GRAM = Statistic(
    learn=lambda shares: _mean(lambda features: (losses.gram(features),), shares),
    compare=lambda target, wrap: lambda features: losses.style(losses.gram(features), target[0]),
)


def _moments(features: Tensor) -> Figures:
    """Mean and second moment, which unlike the covariance can be averaged over several styles."""
    mean, covariance = losses.moments(features)
    return mean, covariance + torch.outer(mean, mean)


def _gaussian(shares: Shares) -> Figures:
    mean, second = _mean(_moments, shares)
    return mean, losses.matrix_root(second - torch.outer(mean, mean))


_WASSERSTEIN = Statistic(
    learn=_gaussian,
    compare=lambda target, wrap: lambda features: losses.wasserstein(*losses.moments(features), *target),
    factor=0.6,
)

# What a style of a tenth of the share of another has to match better by, in correlation, to be preferred.
_FAVOUR_TENTH = 0.15


# Pairs of patches that are compared at most, unless a stride is given: about a second on two cores.
_PAIRS = 2**29


class _Nearest:
    """The patch loss. Neighbours are found at the first call and again after every `patch_refresh` calls."""

    def __init__(self, target: Figures, options: StyleLossOptions, wrap: bool) -> None:
        self.target, self.options, self.wrap = target, options, wrap
        self.pool: Pool | None = None
        self.calls = 0

    def __call__(self, features: Tensor) -> Tensor:
        if self.calls % self.options.patch_refresh == 0:
            with torch.no_grad():
                self._search(features[0].detach())
        self.calls += 1
        return losses.patch(features, self.vote.mean, self.vote.count, self.vote.spread, self.energy)

    def _search(self, features: Tensor) -> None:
        if self.pool is None:
            favours, basis, *maps = self.target
            # A patch at every position looks best: where patches overlap unevenly, a grid shows faintly.
            pairs = features[0].numel() * sum(each[0].numel() for each in maps)
            stride = self.options.patch_stride or max(1, math.ceil((pairs / _PAIRS) ** 0.25))
            self.pool = Pool(maps, self.options.patch_size, stride, favours.tolist(), basis)
        chosen = match(features, self.pool, wrap=self.wrap)
        self.vote = vote(chosen, self.pool, (features.shape[1], features.shape[2]), wrap=self.wrap)
        self.energy = self.pool.energy() * chosen.numel()


def _patch(options: StyleLossOptions) -> Statistic:
    def learn(shares: Shares) -> Figures:
        # Patches cannot be averaged: all styles lie in one pool, those of a larger share favoured.
        kept = [(share, responses[0]) for share, responses in shares if share > 0]
        most = max(share for share, _ in kept)
        favours = [_FAVOUR_TENTH * math.log10(share / most) for share, _ in kept]
        maps = [responses for _, responses in kept]
        return torch.tensor(favours), components(maps, options.patch_size), *maps

    def compare(target: Figures, wrap: bool) -> Compare:
        return _Nearest(target, options, wrap)

    return Statistic(learn, compare, factor=0.15, pools=True)


STATISTICS: dict[str, Callable[[StyleLossOptions], Statistic]] = {
    "gram": lambda options: _GRAM,
    "wasserstein": lambda options: _WASSERSTEIN,
    "patch": _patch,
}
