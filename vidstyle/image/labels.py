"""Maps of labels: plain colours that say which region each pixel belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import adaptive_avg_pool2d

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""
Size = tuple[int, int]
"""(height, width)."""

MOST = 32  # regions
_NEAR = 24  # levels, in any channel, that compression may change a colour by
_RARE = 1e-4  # of the pixels: a colour that has less, or under four of them, is a slip, not a region
_RARE_LOSSY = 3e-3  # likewise, where colours are mixed at edges or by compression
_EXPLAINED = 0.9  # of the plain pixels must be near to the frequent colours
_PLAIN = 0.5  # of all pixels must be plain
_AROUND = 7  # side in pixels of the square where an edge's own labels are looked for


@dataclass(frozen=True)
class Palette:
    """The colours of a map, most frequent first; exact: whether none was mixed or changed a little."""

    colours: tuple[Colour, ...]
    exact: bool

    def nearest(self, colour: Colour, exact: bool) -> int | None:
        """Which of them is meant by a colour of another map; None where there is none."""
        if not self.colours:
            return None
        apart = [max(abs(a - b) for a, b in zip(colour, own, strict=True)) for own in self.colours]
        best = min(range(len(apart)), key=apart.__getitem__)
        # Maps of numbers, 0, 1, 2 ..., have colours that are near and yet not the same.
        return best if apart[best] <= (0 if exact and self.exact else _NEAR) else None


def palette_of(pixels: np.ndarray) -> Palette:
    """The colours that are regions in a map uint8 (3, H, W).

    Raises ValueError where there are too many for a map of labels.
    """
    packed = _packed(pixels)
    values, counts = np.unique(packed, return_counts=True)
    if len(values) <= MOST:
        kept = counts >= min(max(4, _RARE * packed.size), counts.max())
        order = np.argsort(-counts[kept], kind="stable")
        return Palette(tuple(map(_unpacked, values[kept][order])), exact=True)
    return Palette(
        _frequent(*np.unique(packed[_plain(pixels)], return_counts=True), packed.size), exact=False
    )


def _plain(pixels: np.ndarray) -> np.ndarray:
    """bool (H, W): not on an edge, where colours are mixed."""
    around = np.pad(pixels.astype(np.int16), ((0, 0), (1, 1), (1, 1)), mode="edge")
    middle = around[:, 1:-1, 1:-1]
    beside = around[:, :-2, 1:-1], around[:, 2:, 1:-1], around[:, 1:-1, :-2], around[:, 1:-1, 2:]
    result: np.ndarray = np.max([np.abs(each - middle).max(axis=0) for each in beside], axis=0) <= _NEAR
    return result


def _frequent(values: np.ndarray, counts: np.ndarray, pixels: int) -> tuple[Colour, ...]:
    """Colours of a map with mixed ones: each stands for all that are near it.

    counts: of the pixels that have each of the values and are plain; pixels: of the whole map.
    """
    total, left = max(1, counts.sum()), counts.copy()
    colours = np.array([_unpacked(value) for value in values])
    found: list[Colour] = []
    while len(found) <= MOST and len(values):
        best = int(left.argmax())
        near = np.abs(colours - colours[best]).max(axis=1) <= _NEAR
        if left[near].sum() < max(4, _RARE_LOSSY * total):
            break
        found.append(_unpacked(values[best]))
        left[near] = 0
    explained = 1 - left.sum() / total
    if len(found) > MOST or explained < _EXPLAINED or total < _PLAIN * pixels:
        raise ValueError(
            f"it has too many colours for a map of labels; paint each region in one plain colour, {MOST} "
            "at most"
        )
    return tuple(found)


def labelled(pixels: np.ndarray, colours: Sequence[Colour]) -> np.ndarray:
    """The number of the colour that each pixel of a map uint8 (3, H, W) has or is next to: uint8 (1, H, W).

    Mixed colours, as on smoothed edges, take the nearest colour among those that are plain close by.
    """
    wanted = torch.tensor(colours, dtype=torch.float32)
    image = torch.from_numpy(pixels.astype(np.float32))
    apart = torch.stack([(image - colour.view(3, 1, 1)).abs().amax(dim=0) for colour in wanted])
    nearest = apart.argmin(dim=0)
    plain = apart.amin(dim=0) <= _NEAR
    if not bool(plain.all()):
        here = F.one_hot(nearest, len(colours)).permute(2, 0, 1) * plain
        near = F.max_pool2d(here[None].float(), _AROUND, stride=1, padding=_AROUND // 2)[0]
        nearest = torch.where(plain, nearest, (apart + 1000 * (1 - near)).argmin(dim=0))
    result: np.ndarray = nearest[None].numpy().astype(np.uint8)
    return result


def one_hot(labels: Tensor, count: int) -> Tensor:
    """How much of each pixel belongs to each region, 0 or 1: float32 (count, H, W).

    labels: uint8 (1, H, W); what is not below `count` belongs to none.
    """
    numbers = torch.arange(count, device=labels.device, dtype=labels.dtype).view(-1, 1, 1)
    return (labels == numbers).float()


def shares_at(weights: Tensor, size: Size) -> Tensor:
    """Weights (R, H, W) at another size, averaged over the area of each new pixel."""
    if tuple(weights.shape[1:]) == tuple(size):
        return weights
    return adaptive_avg_pool2d(weights[None], size)[0]


def pooled(weights: Tensor, step: int, *, wrap: bool = False) -> Tensor:
    """Weights (R, H, W) averaged as a network pools its responses, which have a position per `step` pixels.

    step: a power of two. wrap: whether opposite borders meet.
    """
    result = weights[None]
    while step > 1:
        if wrap:
            result = F.pad(result, (0, result.shape[3] % 2, 0, result.shape[2] % 2), mode="circular")
        result = F.avg_pool2d(result, 2, ceil_mode=True, count_include_pad=False)
        step //= 2
    return result[0]


def _packed(pixels: np.ndarray) -> np.ndarray:
    red, green, blue = pixels.astype(np.int32)
    return (red << 16) | (green << 8) | blue


def _unpacked(value: int) -> Colour:
    number = int(value)
    return number >> 16, number >> 8 & 255, number & 255
