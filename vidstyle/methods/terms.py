"""Terms of a painting loss by the network's responses to the picture: run whole or in tiles, and added up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from vidstyle.features.tiles import Tile, responses, tiles
from vidstyle.features.vgg import VGG
from vidstyle.losses.content import ContentLoss
from vidstyle.losses.loss import Loss, Tensors, Weight


@dataclass(frozen=True)
class LayerLoss:
    """A loss at a layer, the factor of its distance in a term, and what of the picture counts.

    where: float32 (1, h, w), on all positions of the layer.
    """

    layer: str
    factor: float
    loss: Loss
    where: Weight = None

    def sums(self, found: Mapping[str, Tensor], tile: Tile | None = None) -> Tensors:
        """What the picture adds, or a tile of it. found: responses (1, C, h, w) to that, by layer."""
        at = _whole if tile is None else partial(tile.of, self.layer)
        return self.loss.sums(found[self.layer], at, None if self.where is None else at(self.where))


def content_term(targets: Mapping[str, Tensor]) -> list[LayerLoss]:
    """The content loss at each layer. targets: the responses to the subject."""
    return [LayerLoss(layer, 1.0, ContentLoss(target)) for layer, target in targets.items()]


def term_values(
    network: VGG,
    image: Tensor,
    terms: Mapping[str, Sequence[LayerLoss]],
    *,
    wrap: bool = False,
    tile: int | None = None,
) -> dict[str, Tensor]:
    """Each term at an image float32 (3, H, W) in [0, 1]: its losses summed. The network runs once.

    Losses are made anew for every minimisation. wrap: whether opposite borders of the image meet. tile: side
    in pixels of the tiles in which the network goes over an image with a longer side: the same but for
    rounding, in the memory of one tile, for one more run forward.
    """
    every = [each for term in terms.values() for each in term]
    layers = list(dict.fromkeys(each.layer for each in every))
    parts = tiles((image.shape[1], image.shape[2]), tile, layers, wrap=wrap)
    if parts:
        seen = image.detach()
        _search(every, lambda layer: responses(network, seen, [layer], side=tile, wrap=wrap)[layer])
        sums = _added(network, image, every, parts)
    else:
        found = network(image[None], layers, wrap=wrap)
        _search(every, lambda layer: found[layer].detach())
        sums = [each.sums(found) for each in every]
    distances = iter([each.factor * each.loss.distance(own) for each, own in zip(every, sums, strict=True)])
    return {name: torch.stack(list(islice(distances, len(term)))).sum() for name, term in terms.items()}


def _whole(positions: Tensor) -> Tensor:
    return positions


def _search(every: Sequence[LayerLoss], see: Callable[[str], Tensor]) -> None:
    for each in every:
        each.loss.search(partial(see, each.layer))


def _added(network: VGG, image: Tensor, every: Sequence[LayerLoss], parts: Sequence[Tile]) -> list[Tensors]:
    """What the tiles add up to, by loss."""
    layers = list(dict.fromkeys(each.layer for each in every))
    counts: list[int] = []

    def measure(crop: Tensor, tile: Tile) -> list[Tensor]:
        """The sums of a tile in a row; `counts` says how many are whose."""
        found = tile.responses(network, crop, layers)
        sums = [each.sums(found, tile) for each in every]
        counts[:] = map(len, sums)
        return [one for own in sums for one in own]

    total = iter(_Added.apply(image, parts, measure))
    return [tuple(islice(total, count)) for count in counts]


class _Added(torch.autograd.Function):
    """Sums added up over tiles. On the way back each runs anew, so that the responses of one live."""

    @staticmethod
    def forward(
        ctx: Any, image: Tensor, parts: Sequence[Tile], measure: Callable[[Tensor, Tile], list[Tensor]]
    ) -> Tensors:
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
                sums = zip(ctx.measure(crop, tile), gradients, strict=True)
            moving, pulls = zip(*((each, pull) for each, pull in sums if each.requires_grad), strict=True)
            tile.add(torch.autograd.grad(moving, crop, pulls)[0], total)
        return total, None, None
