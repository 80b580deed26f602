"""The style term of a painting loss: one loss or several, each at its own layers, region by region."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Self

import torch
from torch import Tensor

from vidstyle.errors import UsageError
from vidstyle.features.recipes import Recipe, check_layers
from vidstyle.features.tiles import responses, tiles
from vidstyle.features.vgg import VGG, stride
from vidstyle.image.labels import pooled, shares_at
from vidstyle.image.mirrored import tiled
from vidstyle.image.octaves import grain_quantiles
from vidstyle.image.patches import variants
from vidstyle.losses import style_loss
from vidstyle.losses.loss import Shares, StyleLoss, Tensors, Weight, positions
from vidstyle.methods.terms import LayerLoss
from vidstyle.options.losses import StyleLossOptions

_KEPT = 16  # sets of targets: a long film with matched colours has many shots
_FEWEST = 4  # positions of a layer that still say what a region looks like
_ACROSS = 4  # positions across a style picture from which on a layer can tell what it looks like
_FRESH = 0.5  # of the weight of its area, for what has yet to be painted
_NOTHING = 1e-6  # share of a picture
# Shorter side in pixels up to which a style picture is continued by its reflections, and to which.
_TINY, _BROAD = 20, 64
_FLAT = 2 / 255  # standard deviation below which a picture shows but one colour


class StyleTerm:
    """Compares responses with those of style pictures.

    pictures: float32 (3, H, W) in [0, 1], on the device of `features`; shares: of each in the style, summing
    to 1. layers: those that it compares.
    regions: of each picture, float32 (R, h, w) of any size, how much of each pixel belongs to each of R
    regions; none where the pictures are one region.

    With regions each is compared with its own, and counts by its area (Gatys et al. 2017: a Gram matrix per
    region). Their borders are soft: a position counts for a region by how much of its area lies in it. What
    belongs to no region, to one that the style pictures do not have, or to one that has too few positions
    at a layer on either side, is compared there, all together, with the pictures as a whole.
    """

    def __init__(
        self,
        features: VGG,
        recipe: Recipe,
        pictures: Sequence[Tensor],
        shares: Sequence[float],
        options: StyleLossOptions,
        regions: Sequence[Tensor] = (),
    ) -> None:
        self.features, self.pictures, self.shares = features, list(pictures), list(shares)
        self.options, self.regions = options, list(regions)
        weights = options.loss_weights or (1.0,) * len(options.losses)
        self.parts = [
            (weight / sum(weights), style_loss(name), _weights(options, recipe, name))
            for name, weight in zip(options.losses, weights, strict=True)
            if weight > 0
        ]
        self.layers = list(dict.fromkeys(layer for _, _, weights in self.parts for layer in weights))
        check_layers(self.layers, features.layers)
        self._made: dict[Hashable, list[dict[str, _Targets]]] = {}

    def losses(
        self,
        key: Hashable,
        scale: Callable[[Tensor], Tensor],
        *,
        wrap: bool = False,
        where: Tensor | None = None,
        fresh: Tensor | None = None,
    ) -> list[LayerLoss]:
        """The term for one minimisation, against the style pictures as `scale` makes them.

        key: what `scale` depends on; targets are kept by it. wrap: whether the opposite borders of what is
        compared meet. where: float32 (R, h, w), how much of each pixel of what is compared belongs to each
        region; None where there are none. fresh: float32 (1, h, w), how much of each pixel has yet to be
        painted: where there are no regions, that is compared by itself as well, by half its area, because
        the rest of the picture may have all that the style asks for.
        """
        maps = {} if where is None else {k: pooled(where, stride(k), wrap=wrap) for k in self.layers}
        news = {} if fresh is None else {k: pooled(fresh, stride(k), wrap=wrap) for k in self.layers}
        return [
            LayerLoss(
                layer, share * kind.factor * weight * area, kind(target, self.options, wrap=wrap), counts
            )
            for (share, kind, weights), targets in zip(self.parts, self._targets(key, scale), strict=True)
            for layer, weight in _among(weights, targets).items()
            for area, target, counts in _split(targets[layer], maps.get(layer), news.get(layer))
        ]

    def grain(self, scale: Callable[[Tensor], Tensor], count: int) -> Tensor:
        """The finest octave of the style pictures as `scale` makes them; see `grain_loss`.

        Float32 (3, count). Averaging quantiles by the pictures' shares gives the distribution between theirs.
        """
        each = [grain_quantiles(scale(picture), count) for picture in self.pictures]
        return torch.stack([share * one for share, one in zip(self.shares, each, strict=True)]).sum(dim=0)

    def small(self, where: Tensor) -> dict[int, str]:
        """The regions that count too little, and the first of the layers at which they do; see `losses`."""
        found: dict[int, str] = {}
        for layer in sorted(self.layers, key=stride, reverse=True):
            counts = pooled(where, stride(layer)).sum(dim=(1, 2))
            present = where.sum(dim=(1, 2)) > 0
            found |= {int(r): layer for r in (present & (counts < _FEWEST)).nonzero()[:, 0]}
        return found

    def _targets(self, key: Hashable, scale: Callable[[Tensor], Tensor]) -> list[dict[str, _Targets]]:
        """By loss and layer."""
        if key not in self._made:
            if len(self._made) > _KEPT:
                self._made.clear()
            scaled = [scale(picture) for picture in self.pictures]
            maps = [
                shares_at(region, (picture.shape[1], picture.shape[2]))
                for region, picture in zip(self.regions, scaled, strict=False)
            ]
            self._made[key] = [self._targets_of(kind, w, scaled, maps) for _, kind, w in self.parts]
        return self._made[key]

    @torch.no_grad()
    def _targets_of(
        self,
        kind: type[StyleLoss],
        weights: Mapping[str, float],
        pictures: Sequence[Tensor],
        maps: Sequence[Tensor],
    ) -> dict[str, _Targets]:
        layers = _seeing([layer for layer, weight in weights.items() if weight > 0], pictures)
        pictures, maps = ([_continued(each) for each in all_of] for all_of in (pictures, maps))
        turns = (self.options.patch_rotations, self.options.patch_scales) if kind.pools else (0, 0)
        copies = [
            (share, copy)
            for share, picture in zip(self.shares, pictures, strict=True)
            for copy in variants(picture, *turns)
        ]
        regions: list[Tensor | None] = [copy for each in maps for copy in variants(each, *turns)]
        regions = regions or [None] * len(copies)
        styles = [
            (share, self._of_picture(kind, copy, regions_of, layers))
            for (share, copy), regions_of in zip(copies, regions, strict=True)
        ]
        count = len(maps[0]) if maps else 0
        target = partial(kind.target_of, options=self.options)
        return {k: _joint([(share, each[k]) for share, each in styles], count, target) for k in layers}

    def _of_picture(
        self, kind: type[StyleLoss], picture: Tensor, regions: Tensor | None, layers: Sequence[str]
    ) -> dict[str, _OfPicture]:
        """What targets are made of, at each of the layers. regions: float32 (R, H, W) of its size."""
        side, size = self.options.tile_size, (picture.shape[1], picture.shape[2])
        weights = {layer: _counting(regions, layer) for layer in layers}
        parts = [] if kind.pools else tiles(size, side, layers, wrap=False)
        if not parts:
            found = responses(self.features, picture, layers, side=side)
            return {k: {n: kind.of_style(found[k], w) for n, w in weights[k].items()} for k in layers}
        each: dict[str, dict[int | None, list[_Mass]]] = {k: {n: [] for n in weights[k]} for k in layers}
        for tile in parts:
            for layer, response in tile.responses(self.features, tile.crop(picture), layers).items():
                for number, weight in weights[layer].items():
                    own = None if weight is None else tile.of(layer, weight)
                    if (mass := float(positions(response, own))) > 0:
                        each[layer][number].append((mass, kind.of_style(response, own)))
        join = partial(_joined, kind)
        return {k: {n: reduce(join, masses)[1] for n, masses in each[k].items()} for k in layers}


_OfPicture = dict[int | None, Tensors]
"""See `StyleLoss.of_style`: by None of a whole picture, by number of each region that it has enough of."""
_Mass = tuple[float, Tensors]
"""How many positions a part of a picture has, and what a target is made of there."""


@dataclass(frozen=True)
class _Targets:
    """What is to be matched at a layer: by each region, None where too little shows it; and by the whole."""

    regions: Sequence[Tensors | None]
    whole: Tensors


def _joint(
    styles: Sequence[tuple[float, _OfPicture]], count: int, target: Callable[[Shares], Tensors]
) -> _Targets:
    """Of all pictures by their shares; count: how many regions there are."""
    regions: list[Tensors | None] = []
    for number in range(count):
        having = [(share, each[number]) for share, each in styles if share > 0 and number in each]
        total = sum(share for share, _ in having)
        regions.append(target([(share / total, own) for share, own in having]) if having else None)
    return _Targets(regions, target([(share, each[None]) for share, each in styles]))


def _counting(regions: Tensor | None, layer: str) -> dict[int | None, Weight]:
    """Which positions of a layer count for the whole, and for each region that has enough of them."""
    maps = [] if regions is None else list(pooled(regions, stride(layer))[:, None])
    return {None: None, **{number: each for number, each in enumerate(maps) if _enough(each)}}


def _joined(kind: type[StyleLoss], one: _Mass, other: _Mass) -> _Mass:
    mass = one[0] + other[0]
    return mass, kind.joined([(one[0] / mass, one[1]), (other[0] / mass, other[1])])


_Part = tuple[float, Tensors, Weight]


def _split(targets: _Targets, maps: Tensor | None, fresh: Tensor | None) -> list[_Part]:
    """The shares of a picture, by area, what each is compared with, and where it lies.

    maps: float32 (R, h, w), the regions at the layer; None where there are none. fresh: (1, h, w), see
    `StyleTerm.losses`.
    """
    if maps is None:
        if fresh is None or not _enough(fresh):
            return [(1.0, targets.whole, None)]
        return [(1.0, targets.whole, None), (_FRESH * float(fresh.mean()), targets.whole, fresh)]
    own = [
        (maps[number : number + 1], target)
        for number, target in enumerate(targets.regions)
        if target is not None and _enough(maps[number])
    ]
    if not own:
        return [(1.0, targets.whole, None)]
    rest = (1 - torch.stack([each for each, _ in own]).sum(dim=0)).clamp_min(0)
    parts = [(float(each.mean()), target, each) for each, target in (*own, (rest, targets.whole))]
    return [part for part in parts if part[0] > _NOTHING]


def _enough(region: Tensor) -> bool:
    """Whether a region (..., h, w) has positions enough; the whole of a tiny picture has."""
    return float(region.sum()) >= min(_FEWEST, region.numel()) * (1 - _NOTHING)


def _seeing(layers: Iterable[str], pictures: Sequence[Tensor]) -> list[str]:
    """The layers that see enough of all the style pictures (3, H, W); the shallowest counts in any case.

    Of a picture of two or three positions a deep layer sees borders above all: the painting would be framed
    and striped by them.
    """
    shallow, *deeper = sorted(layers, key=stride)
    shortest = min(min(picture.shape[1:]) for picture in pictures)
    return [shallow, *(layer for layer in deeper if shortest >= _ACROSS * stride(layer))]


def _continued(picture: Tensor) -> Tensor:
    """A tiny picture (C, H, W) continued by reflections: a network sees little but borders in it."""
    return tiled(picture, _BROAD) if min(picture.shape[1:]) <= _TINY else picture


def _among(weights: Mapping[str, float], layers: Collection[str]) -> dict[str, float]:
    """The weights of `layers` alone, which sum to 1 again."""
    total = sum(weights[layer] for layer in layers)
    return {layer: weights[layer] / total for layer in layers}


def is_flat(picture: Tensor) -> bool:
    """Whether a picture (3, H, W) shows but one colour."""
    return float(picture.flatten(1).std(dim=1, correction=0).max()) < _FLAT


def lacking(picture: Tensor) -> str | None:
    """What a style picture (3, H, W), of the size that it is used at, lacks to show a style, as a notice."""
    if is_flat(picture):
        return "a style picture is of one colour: there are no strokes in it, and the result will be dull"
    height, width = picture.shape[1:]
    if min(height, width) <= _TINY:
        return f"a style picture is used at {width}x{height} pixels, which show little of a style"
    return None


class ByStyle:
    """A painter with a style term, guided by regions where there are any; see `base.Guided`."""

    style: StyleTerm
    where: Tensor | None = None

    def guided(self, where: Tensor) -> Self:
        painter = copy.copy(self)
        painter.where = where
        return painter

    def small(self, where: Tensor) -> dict[int, str]:
        return self.style.small(where)


def layers_of(options: StyleLossOptions, recipe: Recipe, loss: str) -> tuple[str, ...]:
    """The layers where `loss` compares."""
    return options.style_layers or style_loss(loss).layers(recipe)


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
