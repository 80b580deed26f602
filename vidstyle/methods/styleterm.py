"""The style term of a painting loss: one statistic or several, each at layers of its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vidstyle.errors import UsageError
from vidstyle.features.recipes import Recipe, check_layers
from vidstyle.features.tiles import responses, size_at, tiles
from vidstyle.features.vgg import VGG
from vidstyle.image.patches import variants
from vidstyle.methods.judge import Found, Place, See, Sums
from vidstyle.methods.statistics import Comparison, Figures, Statistic, statistic
from vidstyle.options.losses import StyleLossOptions

_KEPT = 16  # sets of targets: a long film with matched colours has many shots


@dataclass(frozen=True)
class _Compared:
    """A comparison at a layer, and the factor of its distance in the style term."""

    layer: str
    factor: float
    comparison: Comparison


class StyleJudge:
    """The style term for one minimisation; see `Judge`."""

    def __init__(self, compared: Sequence[_Compared]) -> None:
        self.compared = compared
        self.layers = list(dict.fromkeys(each.layer for each in compared))

    def look(self, see: See) -> None:
        for each in self.compared:
            each.comparison.search(lambda layer=each.layer: see([layer])[layer])  # type: ignore[misc]

    def measure(self, found: Found, place: Place) -> Sums:
        return {
            number: each.comparison.measure(found[each.layer], partial(place.of, each.layer))
            for number, each in enumerate(self.compared)
        }

    def value(self, sums: Sums) -> Tensor:
        return torch.stack(
            [each.factor * each.comparison.distance(sums[n]) for n, each in enumerate(self.compared)]
        ).sum()


class StyleTerm:
    """Compares responses with those of style pictures.

    pictures: float32 (3, H, W) in [0, 1], on the device of `features`; shares: of each in the style, summing
    to 1. layers: those that it compares.
    """

    def __init__(
        self,
        features: VGG,
        recipe: Recipe,
        pictures: Sequence[Tensor],
        shares: Sequence[float],
        options: StyleLossOptions,
    ) -> None:
        self.features, self.pictures, self.shares = features, list(pictures), list(shares)
        self.options = options
        weights = options.loss_weights or (1.0,) * len(options.losses)
        self.parts = [
            (weight / sum(weights), statistic(name, options), _weights(options, recipe, name))
            for name, weight in zip(options.losses, weights, strict=True)
            if weight > 0
        ]
        self.layers = list(dict.fromkeys(layer for _, _, weights in self.parts for layer in weights))
        check_layers(self.layers, features.layers)
        self._learnt: dict[Hashable, list[dict[str, Figures]]] = {}

    def judge(self, key: Hashable, scale: Callable[[Tensor], Tensor], *, wrap: bool = False) -> StyleJudge:
        """The term for one minimisation, against the style pictures as `scale` makes them.

        key: what `scale` depends on; what is learnt of the pictures is kept by it. wrap: whether the opposite
        borders of what is compared meet.
        """
        return StyleJudge(
            [
                _Compared(layer, share * known.factor * weight, known.compare(targets[layer], wrap))
                for (share, known, weights), targets in zip(self.parts, self.targets(key, scale), strict=True)
                for layer, weight in weights.items()
            ]
        )

    def targets(self, key: Hashable, scale: Callable[[Tensor], Tensor]) -> list[dict[str, Figures]]:
        """What the layers of each of the losses are to match; see `judge`."""
        if key not in self._learnt:
            if len(self._learnt) > _KEPT:
                self._learnt.clear()
            scaled = [scale(picture) for picture in self.pictures]
            self._learnt[key] = [self._learn(part, scaled) for part in range(len(self.parts))]
        return self._learnt[key]

    @torch.no_grad()
    def _learn(self, part: int, pictures: Sequence[Tensor]) -> dict[str, Figures]:
        _, known, weights = self.parts[part]
        turns = (self.options.patch_rotations, self.options.patch_scales) if known.pools else (0, 0)
        shown = [
            (share, self._shown(known, copy, list(weights)))
            for share, picture in zip(self.shares, pictures, strict=True)
            for copy in variants(picture, *turns)
        ]
        return {k: known.learn([(share, found[k]) for share, found in shown]) for k in weights}

    def _shown(self, known: Statistic, picture: Tensor, layers: Sequence[str]) -> dict[str, Figures]:
        """What a style picture shows at each of the layers."""
        side = self.options.tile_size
        parts = tiles((picture.shape[1], picture.shape[2]), side, layers, wrap=False)
        if known.pools or not parts:
            found = responses(self.features, picture, layers, side=side)
            return {layer: known.show(each) for layer, each in found.items()}
        total: dict[str, tuple[float, Figures]] = {}
        for tile in parts:
            for layer, each in tile.responses(self.features, tile.crop(picture), layers).items():
                before, figures = total.get(layer, (0.0, ())), known.show(each)
                share = each[0, 0].numel() / math.prod(size_at(layer, picture))
                total[layer] = _joined(known, before, (share, figures)) if before[0] else (share, figures)
        return {layer: figures for layer, (_, figures) in total.items()}


def _joined(
    known: Statistic, one: tuple[float, Figures], other: tuple[float, Figures]
) -> tuple[float, Figures]:
    """What two parts of a picture show together, and the share of its positions that they have together."""
    share = one[0] + other[0]
    return share, known.join([(one[0] / share, one[1]), (other[0] / share, other[1])])


def layers_of(options: StyleLossOptions, recipe: Recipe, loss: str) -> tuple[str, ...]:
    """The layers where `loss` compares."""
    return options.style_layers or (recipe.patch_layers if loss == "patch" else recipe.style_layers)


def _weights(options: StyleLossOptions, recipe: Recipe, loss: str) -> dict[str, float]:
    """The layers where `loss` compares, and their weights, which sum to 1."""
    layers = layers_of(options, recipe, loss)
    weights = options.layer_weights
    if weights and len(weights) != len(layers):
        raise UsageError(
            f"--layer-weights has {len(weights)} weights for {len(layers)} style layers ({', '.join(layers)})"
        )
    if weights and sum(weights) <= 0:
        raise UsageError("--layer-weights needs at least one weight above 0")
    shares = list(weights) or [1.0] * len(layers)
    return {layer: share / sum(shares) for layer, share in zip(layers, shares, strict=True)}


def shares(weights: Sequence[float], count: int) -> list[float]:
    """Of `count` style pictures, by the weights that --blend gives; they sum to 1. Raises UsageError."""
    if weights and len(weights) != count:
        raise UsageError(f"--blend has {len(weights)} weights for {count} style pictures; give one for each")
    if weights and sum(weights) <= 0:
        raise UsageError("--blend needs at least one weight above 0")
    wanted = list(weights) or [1.0] * count
    return [share / sum(wanted) for share in wanted]
