"""Patches (Li & Wand 2016): Σ_i |Ψ_i(F) − Ψ_NN(i)(S)|², by normalised cross-correlation the nearest."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vidstyle.features.recipes import Recipe
from vidstyle.image.patches import Laid, Pool, components, lay, match
from vidstyle.losses.loss import At, Shares, StyleLoss, Tensors, Weight
from vidstyle.options.losses import StyleLossOptions

# What a style of a tenth of the share of another has to match better by, in correlation, to be preferred.
_FAVOUR_TENTH = 0.15
# Pairs of patches that are compared at most, unless a stride is given: about a second on two cores.
_PAIRS = 2**29


class PatchLoss(StyleLoss):
    """The distance from the nearest patches of all style pictures, as a share of those patches' energy.

    The target holds what each picture is favoured by, the components in which patches are compared, and of
    each picture its responses (C, h, w) and where patches may be taken from, (1, h, w).
    Neighbours are found at the first evaluation and again after every `patch_refresh` of them.
    """

    factor = 0.3
    pools = True

    def __init__(self, target: Tensors, options: StyleLossOptions, *, wrap: bool = False) -> None:
        super().__init__(target, options, wrap=wrap)
        self._pool: Pool | None = None
        self._laid: Laid
        self._energy = 0.0
        self._evaluations = 0

    @staticmethod
    def layers(recipe: Recipe) -> tuple[str, ...]:
        return recipe.patch_layers

    @staticmethod
    def of_style(features: Tensor, weight: Weight = None) -> Tensors:
        if weight is None:
            return features[0], torch.ones_like(features[0, :1])
        # Of a region's borders, only what lies more inside than outside.
        return features[0], (weight >= 0.5 * weight.max()).to(features)

    @staticmethod
    def target_of(styles: Shares, options: StyleLossOptions) -> Tensors:
        # Patches cannot be averaged: all styles lie in one pool, those of a larger share favoured.
        kept = [(share, pair) for share, pair in styles if share > 0]
        most = max(share for share, _ in kept)
        favours = [_FAVOUR_TENTH * math.log10(share / most) for share, _ in kept]
        basis = components([responses for _, (responses, _) in kept], options.patch_size)
        return torch.tensor(favours), basis, *(each for _, pair in kept for each in pair)

    def search(self, see: Callable[[], Tensor]) -> None:
        if self._evaluations % self.options.patch_refresh == 0:
            with torch.no_grad():
                self._search(see()[0])
        self._evaluations += 1

    def sums(self, features: Tensor, at: At, weight: Weight = None) -> Tensors:
        mean, count, spread = at(self._laid.mean), at(self._laid.count), at(self._laid.spread)
        counted = count if weight is None else count * weight
        apart = patch_distance(features, mean, count, spread, weight)
        return apart, counted.sum() / self._laid.count.sum()

    def distance(self, sums: Tensors) -> Tensor:
        return sums[0] / (self._energy * sums[1]).clamp_min(1e-12)

    def _search(self, features: Tensor) -> None:
        pool = self._pool = self._pool or self._pooled(features)
        chosen = match(features, pool, wrap=self.wrap)
        self._laid = lay(chosen, pool, (features.shape[1], features.shape[2]), wrap=self.wrap)
        self._energy = pool.energy * chosen.numel()

    def _pooled(self, features: Tensor) -> Pool:
        favours, basis, *styles = self.target
        maps, parts = styles[::2], styles[1::2]
        # A patch at every position looks best: where patches overlap unevenly, a grid shows faintly.
        pairs = features[0].numel() * sum(each[0].numel() for each in maps)
        stride = self.options.patch_stride or max(1, math.ceil((pairs / _PAIRS) ** 0.25))
        return Pool(maps, self.options.patch_size, stride, favours.tolist(), basis, parts)


def patch_distance(
    features: Tensor, mean: Tensor, count: Tensor, spread: Tensor, weight: Weight = None
) -> Tensor:
    """Σ_i |Ψ_i(F) − Ψ_NN(i)(S)|² over patches Ψ (Li & Wand 2016), summed by positions with their weights.

    features: (1, C, h, w). mean: float32 (C, h, w), of the style's patches s that cover a position; count:
    (1, h, w), how many do; spread: (1, h, w), Σ |s − mean|².

    At every position Σ |F − s|² = n |F − s̄|² + Σ |s − s̄|²: as long as the neighbours stay the same, the loss
    costs no more than that of the content.
    """
    each = count * (features[0].float() - mean).square().sum(dim=0, keepdim=True) + spread
    return (each if weight is None else weight * each).sum()
