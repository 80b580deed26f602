"""Judging a picture by the network's responses to it, in sums that can be taken part by part."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import torch
from torch import Tensor

from vidstyle import losses
from vidstyle.features.tiles import Tile, responses, tiles
from vidstyle.features.vgg import VGG, stride

Found = Mapping[str, Tensor]
"""Responses (1, C, h, w) by layer."""
Sums = dict[Hashable, tuple[Tensor, ...]]
"""By whatever the judge calls them; those of parts that make up a picture add up to those of the picture."""
See = Callable[[Iterable[str]], Found]
"""Layers -> their responses to the whole picture, without gradients."""


@dataclass(frozen=True)
class Place:
    """Which part of a picture some responses are of, in pixels; None is to the end.

    All sides but those to the end are multiples of the strides of the layers in question.
    """

    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None

    def of(self, layer: str, whole: Tensor) -> Tensor:
        """The part of `whole` (..., h, w), on all positions of `layer`, that lies here."""
        step = stride(layer)
        down, right = (None if end is None else end // step for end in (self.bottom, self.right))
        return whole[..., self.top // step : down, self.left // step : right]


WHOLE = Place()


def place_of(tile: Tile, size: tuple[int, int]) -> Place:
    """Where a tile of a picture of `size`, (height, width), lies."""
    height, width = size
    (top, bottom), (left, right) = ((span.begin, span.end) for span in (tile.rows, tile.columns))
    return Place(top, left, None if bottom == height else bottom, None if right == width else right)


class Judge(Protocol):
    """One term of a painting loss that depends on responses. Made anew for every minimisation."""

    @property
    def layers(self) -> Sequence[str]:
        """Of which it wants the responses."""
        ...

    def look(self, see: See) -> None:
        """Called before every evaluation, for what can only be found from the whole picture."""
        ...

    def measure(self, found: Found, place: Place) -> Sums:
        """What this part of the picture adds."""
        ...

    def value(self, sums: Sums) -> Tensor:
        """The term, a scalar, from the sums over the whole picture."""
        ...


def judged(
    network: VGG, image: Tensor, judges: Mapping[str, Judge], *, wrap: bool = False, tile: int | None = None
) -> dict[str, Tensor]:
    """The value of each judge for an image float32 (3, H, W) in [0, 1]; the network runs once for all.

    wrap: whether opposite borders of the image meet. tile: side in pixels of the tiles in which an image with
    a longer side is judged: the same but for rounding, in the memory of one tile, for one more run forward.
    """
    layers = list(dict.fromkeys(layer for judge in judges.values() for layer in judge.layers))
    parts = tiles((image.shape[1], image.shape[2]), tile, layers, wrap=wrap)
    if parts:
        seen = image.detach()
        for judge in judges.values():
            judge.look(lambda wanted: responses(network, seen, wanted, side=tile, wrap=wrap))
        sums = _added(network, image, judges, layers, parts)
        return {name: judge.value(sums[name]) for name, judge in judges.items()}
    found = network(image[None], layers, wrap=wrap)
    values = {}
    for name, judge in judges.items():
        judge.look(lambda wanted: {layer: found[layer].detach() for layer in wanted})
        values[name] = judge.value(judge.measure(found, WHOLE))
    return values


def _added(
    network: VGG, image: Tensor, judges: Mapping[str, Judge], layers: Sequence[str], parts: Sequence[Tile]
) -> dict[str, Sums]:
    """What the parts add up to, by judge."""
    size = image.shape[1], image.shape[2]
    places: list[tuple[str, Hashable, int]] = []

    def measure(crop: Tensor, tile: Tile) -> list[Tensor]:
        """The figures of a tile in a row; `places` says of whom and how many they are."""
        place, found = place_of(tile, size), tile.responses(network, crop, layers)
        each = {name: judge.measure(found, place) for name, judge in judges.items()}
        places[:] = [(name, key, len(sums[key])) for name, sums in each.items() for key in sums]
        return [figure for name, key, _ in places for figure in each[name][key]]

    figures = iter(_Added.apply(image, parts, measure))
    sums: dict[str, Sums] = {name: {} for name in judges}
    for name, key, count in places:
        sums[name][key] = tuple(islice(figures, count))
    return sums


class _Added(torch.autograd.Function):
    """Figures added up over tiles. On the way back each runs anew, so that the responses of one live."""

    @staticmethod
    def forward(
        ctx: Any, image: Tensor, parts: Sequence[Tile], measure: Callable[[Tensor, Tile], list[Tensor]]
    ) -> tuple[Tensor, ...]:
        ctx.save_for_backward(image)
        ctx.parts, ctx.measure = parts, measure
        total = measure(parts[0].crop(image), parts[0])
        for tile in parts[1:]:
            total = [a + b for a, b in zip(total, measure(tile.crop(image), tile), strict=True)]
        return tuple(total)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (image,) = ctx.saved_tensors
        total = torch.zeros_like(image)
        for tile in ctx.parts:
            with torch.enable_grad():
                crop = tile.crop(image).detach().requires_grad_()
                figures = zip(ctx.measure(crop, tile), gradients, strict=True)
            moving, pulls = zip(*((each, pull) for each, pull in figures if each.requires_grad), strict=True)
            tile.add(torch.autograd.grad(moving, crop, pulls)[0], total)
        return total, None, None


class ContentJudge:
    """Mean over layers of Σ (F − P)² / max(Σ P², N M / 2), P the responses to the subject.

    Compare `losses.content`. N M, channels times positions, is the least that normalised features have where
    there is anything to see: their mean is 1. A plain subject has a fiftieth of that, and by its own measure
    no stroke could be laid on it.
    """

    def __init__(self, targets: Found) -> None:
        self.targets = targets
        self.energies = {k: losses.energy(each).clamp_min(each.numel() / 2) for k, each in targets.items()}

    @property
    def layers(self) -> Sequence[str]:
        return list(self.targets)

    def look(self, see: See) -> None:
        pass

    def measure(self, found: Found, place: Place) -> Sums:
        return {k: (losses.apart(found[k], place.of(k, target)),) for k, target in self.targets.items()}

    def value(self, sums: Sums) -> Tensor:
        return torch.stack([sums[layer][0] / energy for layer, energy in self.energies.items()]).mean()
