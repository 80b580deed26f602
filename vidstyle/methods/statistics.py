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
Shares = Sequence[tuple[float, Figures]]
"""What some pictures show, and the share that each has in the style; shares sum to 1."""
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

    show: what responses (1, C, h, w) to a style picture, or to a part of it, show, those that count.
    join: what parts of one picture show together, by the share of its positions that each has.
    learn: what is compared with, from what the style pictures show.
    compare: the comparison with that. The flag: whether opposite borders of the picture meet.
    factor: of the style weight, found by measurement: the same weight gives the same balance with content.
    pools: whether it takes what it puts together from the style pictures: they show their responses, which
        are needed whole, and it gains from turned and scaled copies.
    """

    show: Callable[[Tensor, Weight], Figures]
    join: Callable[[Shares], Figures]
    learn: Callable[[Shares], Figures]
    compare: Callable[[Figures, bool], Comparison]
    factor: float = 1.0
    pools: bool = False


def statistic(name: str, options: StyleLossOptions) -> Statistic:
    """The statistic that `--loss` calls `name`."""
    return STATISTICS[name](options)


def _mean(shares: Shares) -> Figures:
    """The figures of several styles, averaged by their shares."""
    each = [[share * figure for figure in shown] for share, shown in shares]
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
    show=lambda features, weight: (losses.gram(features, weight),),
    join=_mean,
    learn=_mean,
    compare=lambda target, wrap: _Known(
        target, _gram_sums, lambda sums, known: losses.style(sums[0] / sums[1], known[0])
    ),
)


def _joined_moments(shares: Shares) -> Figures:
    """Mean and covariance of parts of a picture, by differences: products of means would cancel."""
    mean, _ = _mean(shares)
    spread = ((share, (mine, own + torch.outer(mine - mean, mine - mean))) for share, (mine, own) in shares)
    return mean, _mean(list(spread))[1]


_ROUNDING = 1e-6  # of the mean's square


def _gaussian(shares: Shares) -> Figures:
    # Second moments, unlike covariances, can be averaged over several styles.
    second_moments = [(share, (mean, own + torch.outer(mean, mean))) for share, (mean, own) in shares]
    mean, second = _mean(second_moments)
    covariance = second - torch.outer(mean, mean)
    # Of a layer that responds the same everywhere only rounding is left, which may have no root.
    if float(covariance.norm()) < _ROUNDING * float(mean.square().sum()):
        covariance = torch.zeros_like(covariance)
    return mean, losses.matrix_root(covariance)


def _gaussian_apart(target: Figures, wrap: bool) -> Comparison:
    near = target[0]

    def apart(sums: Figures, known: Figures) -> Tensor:
        squares, total, count = sums
        return losses.wasserstein(*losses.moments_of(squares, total, count, near), *known)

    return _Known(target, lambda features, weight: losses.moment_sums(features, near, weight), apart)


_WASSERSTEIN = Statistic(
    show=losses.moments, join=_joined_moments, learn=_gaussian, compare=_gaussian_apart, factor=0.6
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


def _responses(features: Tensor, weight: Weight) -> Figures:
    """The responses themselves, and (1, h, w) where patches may be taken from."""
    if weight is None:
        return features, torch.ones_like(features[0, :1])
    # Of a region's borders, only what lies more inside than outside.
    return features, (weight >= 0.5 * weight.max()).to(features)


def _patch(options: StyleLossOptions) -> Statistic:
    def learn(shares: Shares) -> Figures:
        # Patches cannot be averaged: all styles lie in one pool, those of a larger share favoured.
        kept = [(share, responses[0], part) for share, (responses, part) in shares if share > 0]
        most = max(share for share, *_ in kept)
        favours = [_FAVOUR_TENTH * math.log10(share / most) for share, *_ in kept]
        shown = [each for _, *pair in kept for each in pair]
        return torch.tensor(favours), components(shown[::2], options.patch_size), *shown

    def compare(target: Figures, wrap: bool) -> Comparison:
        return _Nearest(target, options, wrap)

    return Statistic(_responses, _mean, learn, compare, factor=0.3, pools=True)


STATISTICS: dict[str, Callable[[StyleLossOptions], Statistic]] = {
    "gram": lambda options: _GRAM,
    "wasserstein": lambda options: _WASSERSTEIN,
    "patch": _patch,
}
