"""Places: where each pixel of one picture lies in another, to parts of a pixel.

Places are float32 (2, H, W) on the grid of the one: x and y in pixels of the other. Unlike a field (see
`vidstyle.image.fields`) they follow slow motion, and what is seen through them moves smoothly.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import constant
from vidstyle.image.correspondence import at_start, looked_up
from vidstyle.image.fields import Size, around, numbered
from vidstyle.image.warp import warp

_TOGETHER = 1.0  # pixels by which the places of neighbours differ from a shift, where they move together
_BROKEN = 1.5  # from here on they do not belong together


def within(places: Tensor, reach: Size) -> Tensor:
    """Places brought into a picture of size `reach`; (2, ...)."""
    return torch.stack([places[0].clamp(0, reach[1] - 1), places[1].clamp(0, reach[0] - 1)])


def rescaled(places: Tensor, size: Size, reach: Size, new_reach: Size) -> Tensor:
    """Places on a grid of `size`, into a picture of `new_reach`; before, into one of `reach`.

    Where neighbours move together they are mixed, so that what is seen stays smooth; elsewhere a block that
    grows out of one pixel lies as it does there.
    """
    old = places.shape[1], places.shape[2]
    if old == size and reach == new_reach:
        return places
    step = [new / before for new, before in zip(size[::-1], old[::-1], strict=True)]
    grown = [new / before for new, before in zip(new_reach[::-1], reach[::-1], strict=True)]
    scale, shift = (constant(tuple(each), places).view(2, 1, 1) for each in (grown, step))
    fine = (at_start(*size, places.device) + 0.5) / shift - 0.5
    nearest = within(fine.round(), old)
    own = at_start(*size, places.device)
    moved = looked_up(places, fine, "bilinear")
    smooth = (moved + 0.5) * scale - 0.5
    block = (
        (looked_up(places, nearest, "nearest") + 0.5) * scale - 0.5 + own - ((nearest + 0.5) * shift - 0.5)
    )
    together = (smooth - block).abs().amax(dim=0, keepdim=True) < _TOGETHER * scale.max()
    return within(torch.where(together, smooth, block), new_reach)


def followed(places: Tensor, vectors: Tensor) -> Tensor:
    """Places of a frame, from those of another to which `vectors` lead: float32 (2, H, W), see `Flow`."""
    height, width = places.shape[1:]
    here = at_start(height, width, places.device)
    there = here + torch.nan_to_num(vectors)
    nearest = within(there.round(), (height, width))
    block = looked_up(places, nearest, "nearest") + (there - nearest).clamp(-0.5, 0.5)
    smooth = looked_up(places, there, "bilinear")
    together = (smooth - block).abs().amax(dim=0, keepdim=True) < _TOGETHER
    return torch.where(together, smooth, block)


def broken(places: Tensor, grow: int = 0) -> Tensor:
    """Where neighbours do not belong together in the other picture: bool (H, W).

    grow: pixels by which the area is grown.
    """
    apart = torch.zeros_like(places[0], dtype=torch.bool)
    for dim, channel in ((2, 0), (1, 1)):
        if places.shape[dim] < 2:
            continue
        step = places.diff(dim=dim)
        step[channel] -= 1
        torn = step.abs().amax(dim=0) > _BROKEN
        ahead, behind = (0, 1), (1, 0)
        for pad in (ahead, behind):
            sides = (*pad, 0, 0) if dim == 2 else (0, 0, *pad)
            apart |= F.pad(torn, sides)
    if grow and bool(apart.any()):
        apart = F.max_pool2d(apart[None, None].float(), 2 * grow + 1, 1, grow)[0, 0] > 0
    return apart


def seen(picture: Tensor, places: Tensor, patch: int) -> Tensor:
    """What a picture (C, h, w) in [0, 1] looks like through places (2, H, W): float32 (C, H, W).

    Where neighbours belong together the picture is sampled, once, so that nothing blurs from frame to frame.
    Elsewhere each pixel is the mean of what the patches around it, of odd side `patch`, have there.
    """
    here = at_start(places.shape[1], places.shape[2], places.device)
    image = warp(picture, places - here, "quick").clamp(0, 1)
    torn = broken(places, patch // 2)
    if not bool(torn.any()):
        return image
    size, reach = (places.shape[1], places.shape[2]), (picture.shape[1], picture.shape[2])
    rows, columns = torn.nonzero(as_tuple=True)
    total = image.new_zeros(image.shape[0], len(rows))
    places, pixels = places.flatten(1), picture.flatten(1)
    for dx, dy in around(patch):
        y, x = (rows + dy).clamp(0, size[0] - 1), (columns + dx).clamp(0, size[1] - 1)
        shift = torch.stack([columns - x, rows - y])
        # By single numbers it is much quicker on a processor than by rows and columns.
        place = within((places.index_select(1, y * size[1] + x) + shift).round(), reach).long()
        total += pixels.index_select(1, numbered(place, reach[1]))
    result = image.clone()
    result[:, rows, columns] = total / patch**2
    return result
