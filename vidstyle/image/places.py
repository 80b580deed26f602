"""Where each pixel of a frame was in the first frame of its shot: by that, a map of one is carried to all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidstyle.image.warp import Mode, in_frame, warp

_TRUSTED = 0.5  # weight from which on the flow says where a pixel was
_STEP = 0.01  # what each pixel of way adds, beside the change of colour along it
_LEVELS = 65535

Link = tuple[Tensor, Tensor, Tensor]
"""Of an earlier frame: its places, the flow float32 (2, H, W) to it, and how surely that holds, (1, H, W)."""


def at_start(height: int, width: int) -> Tensor:
    """The places of a shot's first frame, its own: float32 (2, H, W), x and y in pixels."""
    rows, columns = torch.arange(height).float(), torch.arange(width).float()
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y])


def carried(links: Sequence[Link], image: Tensor) -> Tensor:
    """The places of a frame, from those of earlier ones: float32 (2, H, W), in pixels.

    links: at least one, nearest first. image: the frame, float32 (3, H, W) in [0, 1].

    Each pixel follows the flow that is surest for it, to the nearest pixel there, and keeps the part of a
    pixel that is left over: places are never mixed, and slow motion is not lost to rounding. What no flow
    can be trusted for has come into view, or lies on an edge that moves: it takes the place of the trusted
    pixel from which the way to it changes least in colour.
    """
    height, width = image.shape[1:]
    here = at_start(height, width).to(image.device)
    found, surest = torch.zeros_like(here), torch.zeros_like(image[:1]) - 1
    for places, vectors, weight in links:
        there = here + torch.nan_to_num(vectors)
        nearest = torch.stack([there[0].round().clamp(0, width - 1), there[1].round().clamp(0, height - 1)])
        came = warp(places, nearest - here, "nearest") + (there - nearest).clamp(-0.5, 0.5)
        surer = weight * in_frame(vectors, (height, width), margin=0.5) > surest
        found = torch.where(surer, came, found)
        surest = torch.where(surer, weight, surest)
    known = surest[0] > _TRUSTED
    if bool(known.any()) and not bool(known.all()):
        source = likest(known, image)
        found = found.flatten(1)[:, source].view_as(found)
    limit = found.new_tensor([width - 1, height - 1]).view(2, 1, 1)
    return found.clamp_min(0).minimum(limit)


def likest(known: Tensor, image: Tensor) -> Tensor:
    """For every pixel the known one, itself if it is, from which the way to it changes least in colour.

    known: bool (H, W), somewhere true. image: float32 (C, H, W).

    Returns int64 (H·W,), indices into the flattened picture.
    """
    height, width = known.shape
    open_ = (~known).flatten().nonzero()[:, 0]
    rows, columns = open_ // width, open_ % width
    around = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
    beside = torch.stack(
        [(rows + dy).clamp(0, height - 1) * width + (columns + dx).clamp(0, width - 1) for dy, dx in around]
    )
    pixels = image.flatten(1)
    far = torch.tensor([(dy * dy + dx * dx) ** 0.5 for dy, dx in around], device=image.device)
    change = (pixels[:, beside] - pixels[:, None, open_]).abs().sum(dim=0) + _STEP * far[:, None]
    cost = torch.where(known.flatten(), 0.0, torch.inf)
    source = torch.arange(height * width, device=image.device)
    while True:
        least, which = (cost[beside] + change).min(dim=0)
        better = least < cost[open_]
        if not bool(better.any()):
            return source
        came = beside.gather(0, which[None])[0]
        source[open_[better]] = source[came[better]]
        cost[open_[better]] = least[better]


def looked_up(picture: Tensor, places: Tensor, mode: Mode) -> Tensor:
    """What a picture (C, H, W) of the first frame is in the frame that has these places."""
    here = at_start(places.shape[1], places.shape[2]).to(places.device)
    return warp(picture, places - here, mode)


def stored(places: Tensor) -> Tensor:
    """Places as they are kept: int16 (2, H, W), each side in 65535 steps."""
    return ((places / _side(places) * _LEVELS).round() - _LEVELS // 2).to(torch.int16)


def restored(kept: Tensor) -> Tensor:
    """Places float32 (2, H, W) from what `stored` made of them."""
    return (kept.float() + _LEVELS // 2) / _LEVELS * _side(kept)


def _side(places: Tensor) -> Tensor:
    """The greatest x and y."""
    height, width = places.shape[1:]
    return torch.tensor([max(1, width - 1), max(1, height - 1)], device=places.device).float().view(2, 1, 1)
