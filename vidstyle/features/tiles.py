"""Running the network on a large picture tile by tile, with the responses that it has to the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle.features.vgg import VGG, reach, stride


@dataclass(frozen=True)
class Span:
    """One side of a tile, in pixels: its own from `begin` to `end`, and in `parts` all that the network sees.

    parts: ranges that are laid one behind the other, several where the opposite borders of the picture meet;
    own: the one of them that holds the tile.
    """

    begin: int
    end: int
    parts: tuple[tuple[int, int], ...]
    own: int = 0

    @property
    def lengths(self) -> list[int]:
        """Of the parts."""
        return [stop - start for start, stop in self.parts]

    def inside(self, step: int) -> slice:
        """Where the tile's own positions lie among all, in a layer of this stride."""
        before = sum(-(-length // step) for length in self.lengths[: self.own])
        first = before + (self.begin - self.parts[self.own][0]) // step
        return slice(first, first - (self.begin - self.end) // step)


@dataclass(frozen=True)
class Tile:
    """A rectangle of a picture, and what lies around it as far as the network sees."""

    rows: Span
    columns: Span

    def crop(self, image: Tensor) -> Tensor:
        """Of an image (3, H, W) what the network has to see."""
        bands = [image[:, start:stop] for start, stop in self.rows.parts]
        bands = [_laid([b[..., start:stop] for start, stop in self.columns.parts], 2) for b in bands]
        return _laid(bands, 1)

    def add(self, change: Tensor, image: Tensor) -> None:
        """Add what is laid out as by `crop` to where it comes from."""
        bands = change.split(self.rows.lengths, 1)
        for (top, bottom), band in zip(self.rows.parts, bands, strict=True):
            parts = band.split(self.columns.lengths, 2)
            for (left, right), part in zip(self.columns.parts, parts, strict=True):
                image[:, top:bottom, left:right] += part

    def of(self, layer: str, whole: Tensor) -> Tensor:
        """The part of `whole` (..., h, w), on all positions of `layer`, that lies in the tile."""
        rows, columns = (
            slice(span.begin // stride(layer), -(-span.end // stride(layer)))
            for span in (self.rows, self.columns)
        )
        return whole[..., rows, columns]

    def responses(self, network: VGG, crop: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Responses (1, C, h, w) at the tile's own positions, from its crop (3, h, w)."""
        found = network(crop[None], layers, joins=(self.rows.lengths, self.columns.lengths))
        return {
            layer: each[..., self.rows.inside(stride(layer)), self.columns.inside(stride(layer))]
            for layer, each in found.items()
        }


def tiles(size: tuple[int, int], side: int | None, layers: Iterable[str], *, wrap: bool) -> list[Tile]:
    """Tiles of at most `side` pixels each way that make up a picture of `size`, (height, width).

    Their corners are multiples of the strides of the `layers`. Empty where the picture is to be taken whole:
    for None or 0 and where it is no larger. wrap: whether opposite borders of the picture meet; a strip so
    narrow that the network sees across it more than once is then taken whole as well.
    """
    layers = list(layers)
    if not side or max(size) <= side or not layers:
        return []
    step = max(stride(layer) for layer in layers)
    overlap = -(-max(reach(layer) for layer in layers) // step)
    if wrap:
        overlap += 1  # where the whole has an odd end, what is beyond it lies up to a position nearer
        if min(size) < (overlap + 1) * step:
            return []
    rows, columns = (list(_spans(length, side, step, overlap, wrap)) for length in size)
    return [Tile(down, right) for down in rows for right in columns]


@torch.no_grad()
def responses(
    network: VGG, image: Tensor, layers: Iterable[str], *, side: int | None, wrap: bool = False
) -> dict[str, Tensor]:
    """What the network, called with an image (3, H, W), responds, in tiles of at most `side` pixels."""
    layers = list(layers)
    parts = tiles((image.shape[1], image.shape[2]), side, layers, wrap=wrap)
    if not parts:
        return dict(network(image[None], layers, wrap=wrap))
    whole: dict[str, Tensor] = {}
    for tile in parts:
        for layer, part in tile.responses(network, tile.crop(image), layers).items():
            if layer not in whole:
                whole[layer] = part.new_empty(1, part.shape[1], *size_at(layer, image)).to(
                    memory_format=torch.channels_last
                )
            tile.of(layer, whole[layer])[:] = part
    return whole


def size_at(layer: str, image: Tensor) -> tuple[int, int]:
    """Height and width of the response of `layer` to an image (3, H, W)."""
    height, width = (-(-length // stride(layer)) for length in image.shape[1:])
    return height, width


def _spans(length: int, side: int, step: int, overlap: int, wrap: bool) -> Iterator[Span]:
    """A side of the picture in tiles of nearly equal length. overlap: in positions of `step` pixels."""
    most = max(step, side // step * step)
    count = -(-length // most)
    each = -(-length // (count * step)) * step
    for begin in range(0, length, each):
        end = min(begin + each, length)
        if wrap:
            yield _wrapped(begin, end, length, step, overlap)
        else:
            beyond = overlap * step
            yield Span(begin, end, ((max(0, begin - beyond), min(length, end + beyond)),))


def _wrapped(begin: int, end: int, length: int, step: int, overlap: int) -> Span:
    """A span that goes on beyond the borders on the opposite side."""
    positions = -(-length // step)
    first, last = begin // step - overlap, -(-end // step) + overlap
    copies = range(first // positions, -(-last // positions))
    ranges = [(max(first - n * positions, 0), min(last - n * positions, positions)) for n in copies]
    parts = tuple((start * step, min(stop * step, length)) for start, stop in ranges)
    return Span(begin, end, parts, copies.index(0))


def _laid(parts: list[Tensor], dim: int) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim)
