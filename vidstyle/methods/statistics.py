"""What of a style's responses is to be matched: their Gram matrix, their mean and covariance, or patches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vidstyle import losses
from vidstyle.image.patches import Pool, components, match, vote
from vidstyle.options.losses import StyleLossOptions

Figures = tuple[Tensor, ...]
Weight = Tensor | None
"""How much each position counts, float32 (1, h, w) in [0, 1]; None: all of them fully."""
Shares = Sequence[tuple[float, Tensor, Weight]]
"""The share that each of some pictures has in the style, the responses (1, C, h, w) to it, and which of their
positions count, some of every picture's; shares sum to 1."""
At = Callable[[Tensor], Tensor]
"""A map of all positions (..., h, w) -> the part of it where the responses at hand lie."""


class Comparison(Protocol):
    """Responses of a layer against those of a style, for one minimisation, in sums over positions."""

    def search(self, see: Callable[[], Tensor]) -> None:
        """Called before every evaluation; see() are the responses (1, C, h, w) to the whole picture."""
        ...

    def measure(self, features: Tensor, at: At, weight: Weight) -> Figures:
        """What responses (1, C, h, w) to a part of the picture add, those that count."""
        ...

    def distance(self, sums: Figures) -> Tensor:
        """From the sums over the whole picture: 0 where responses match, 1 for no response at all."""
        ...


@dataclass(frozen=True)
class Statistic:
    """One way to compare responses of a layer with those of a style.

    learn: what is compared with, from the responses to the style pictures.
    compare: the comparison with that. The flag: whether opposite borders of the picture meet.
    factor: of the style weight, found by measurement: the same weight gives the same balance with content.
    pools: whether it gains from turned and scaled copies of the style pictures.
    """

    learn: Callable[[Shares], Figures]
    compare: Callable[[Figures, bool], Comparison]
    factor: float = 1.0
    pools: bool = False


def statistic(name: str, options: StyleLossOptions) -> Statistic:
    """The statistic that `--loss` calls `name`."""
    return STATISTICS[name](options)


def _mean(measure: Callable[[Tensor, Weight], Figures], shares: Shares) -> Figures:
    """The figures of several styles, averaged by their shares."""
    each = [[share * figure for figure in measure(responses, weight)] for share, responses, weight in shares]
    return tuple(torch.stack(figures).sum(dim=0) for figures in zip(*each, strict=True))


@dataclass(frozen=True)
class _Known:
    """A comparison of sums with figures that do not change."""

    target: Figures
    sums: Callable[[Tensor, Weight], Figures]
    apart: Callable[[Figures, Figures], Tensor]

    def search(self, see: Callable[[], Tensor]) -> None:
        pass

    def measure(self, features: Tensor, at: At, weight: Weight) -> Figures:
        return self.sums(features, weight)

    def distance(self, sums: Figures) -> Tensor:
        return self.apart(sums, self.target)


def _gram_sums(features: Tensor, weight: Weight) -> Figures:
    return losses.products(features, weight), losses.positions(features, weight)


_GRAM = Statistic(
    learn=lambda shares: _mean(lambda features, weight: (losses.gram(features, weight),), shares),
    compare=lambda target, wrap: _Known(
        target, _gram_sums, lambda sums, known: losses.style(sums[0] / sums[1], known[0])
    ),
)


def _moments(features: Tensor, weight: Weight) -> Figures:
    """Mean and second moment, which unlike the covariance can be averaged over several styles."""
    mean, covariance = losses.moments(features, weight)
    return mean, covariance + torch.outer(mean, mean)


def _gaussian(shares: Shares) -> Figures:
    mean, second = _mean(_moments, shares)
    return mean, losses.matrix_root(second - torch.outer(mean, mean))


def _gaussian_apart(target: Figures, wrap: bool) -> Comparison:
    near = target[0]

    def apart(sums: Figures, known: Figures) -> Tensor:
        squares, total, count = sums
        return losses.wasserstein(*losses.moments_of(squares, total, count, near), *known)

    return _Known(target, lambda features, weight: losses.moment_sums(features, near, weight), apart)


_WASSERSTEIN = Statistic(learn=_gaussian, compare=_gaussian_apart, factor=0.6)

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

    def search(self, see: Callable[[], Tensor]) -> None:
        if self.calls % self.options.patch_refresh == 0:
            with torch.no_grad():
                self._search(see()[0])
        self.calls += 1

    def measure(self, features: Tensor, at: At, weight: Weight) -> Figures:
        mean, count, spread = at(self.vote.mean), at(self.vote.count), at(self.vote.spread)
        laid = count if weight is None else count * weight
        return losses.patch(features, mean, count, spread, weight), laid.sum() / self.vote.count.sum()

    def distance(self, sums: Figures) -> Tensor:
        return sums[0] / (self.energy * sums[1]).clamp_min(1e-12)

    def _search(self, features: Tensor) -> None:
        if self.pool is None:
            favours, basis, *shown = self.target
            maps, parts = shown[::2], shown[1::2]
            # A patch at every position looks best: where patches overlap unevenly, a grid shows faintly.
            pairs = features[0].numel() * sum(each[0].numel() for each in maps)
            stride = self.options.patch_stride or max(1, math.ceil((pairs / _PAIRS) ** 0.25))
            self.pool = Pool(maps, self.options.patch_size, stride, favours.tolist(), basis, parts)
        chosen = match(features, self.pool, wrap=self.wrap)
        self.vote = vote(chosen, self.pool, (features.shape[1], features.shape[2]), wrap=self.wrap)
        self.energy = self.pool.energy() * chosen.numel()


def _patch(options: StyleLossOptions) -> Statistic:
    def learn(shares: Shares) -> Figures:
        # Patches cannot be averaged: all styles lie in one pool, those of a larger share favoured.
        kept = [(share, responses[0], weight) for share, responses, weight in shares if share > 0]
        most = max(share for share, *_ in kept)
        favours = [_FAVOUR_TENTH * math.log10(share / most) for share, *_ in kept]
        maps = [responses for _, responses, _ in kept]
        # Of a region's borders, only what lies more inside than outside.
        parts = [torch.ones_like(m[:1]) if w is None else (w >= 0.5 * w.max()).to(m) for _, m, w in kept]
        shown = [each for pair in zip(maps, parts, strict=True) for each in pair]
        return torch.tensor(favours), components(maps, options.patch_size), *shown

    def compare(target: Figures, wrap: bool) -> Comparison:
        return _Nearest(target, options, wrap)

    return Statistic(learn, compare, factor=0.15, pools=True)


STATISTICS: dict[str, Callable[[StyleLossOptions], Statistic]] = {
    "gram": lambda options: _GRAM,
    "wasserstein": lambda options: _WASSERSTEIN,
    "patch": _patch,
}
