"""Where each pixel of a frame was in the first frame of its shot: by that, a map of one is carried to all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import constant
from vidstyle.image.warp import Mode, in_frame, warp

_TRUSTED = 0.5  # weight from which on the flow says where a pixel was
_STEP = 0.01  # what each pixel of way adds, beside the changes along it
_MOTION = 2.0  # what a pixel of difference in motion weighs beside colour, where things come into the frame
_LOOKS = (3, 7)  # sides of the squares whose mean colours are compared
_SEARCH = 1 / 16  # how far off one looks, as a share of the longest side
_LEAST_SEARCH = 8  # pixels at least
_LINES = 13  # of places looked at, each way
_DISTANCE = 0.3  # what the farthest weighs beside colour
_COVERED = 0.3  # likewise, to be of the kind that has gone from there
_APART = 1.0  # pixels by which a thing moves otherwise than the picture as a whole
_AGREE, _ROUNDS = 2, 3  # how far around a place is compared with others, and how often
_LEVELS = 2 * 32767

Link = tuple[Tensor, Tensor, Tensor]
"""Of an earlier frame: its places, the flow float32 (2, H, W) to it, and how surely that holds, (1, H, W)."""


def at_start(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """The places of a shot's first frame, its own: float32 (2, H, W), x and y in pixels."""
    rows, columns = (torch.arange(side, device=device).float() for side in (height, width))
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y])


def carried(links: Sequence[Link], image: Tensor, kinds: Tensor | None = None) -> Tensor:
    """The places of a frame, from those of earlier ones: float32 (2, H, W), in pixels.

    links: at least one, nearest first. image: the frame, float32 (3, H, W) in [0, 1]. kinds: (1, H, W), what
    the pixels of the first frame are, as numbers, where that is known.

    Each pixel follows the flow that is surest for it, to the nearest pixel there, and keeps the part of a
    pixel that is left over: places are never mixed, and slow motion is not lost to rounding. Where no flow
    can be trusted a pixel takes the place of another. One that was hidden, or lies on an edge that moves:
    that of the trusted pixel near by that looks most like it; flow says nothing there, and the way along
    the colours leads over the edge too often where what is behind has texture; and one of the kind that was
    there in the frame before is less likely, since that would have been followed. One that was out of the
    frame: that of the trusted pixel from which the way to it changes least in colour and in motion, since
    a thing that comes into the frame need not look like what of it is there already.
    """
    height, width = image.shape[1:]
    here = at_start(height, width, image.device)
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
        motion = torch.nan_to_num(links[0][1])
        own, gone = _gone(found, links[0], known, kinds)
        hidden = ~known & (in_frame(motion, (height, width), margin=0.5)[0] | (gone >= 0))
        source = alike(known, hidden, image, own, gone)
        reached = known | (source >= 0).view_as(known)
        way = likest(reached, torch.cat([image, _MOTION * motion]))
        found = _agreed(found.flatten(1)[:, source[way]].view_as(found), hidden)
    limit = constant((width - 1, height - 1), found).view(2, 1, 1)
    return found.clamp_min(0).minimum(limit)


def _gone(found: Tensor, link: Link, known: Tensor, kinds: Tensor | None) -> tuple[Tensor, Tensor]:
    """The kind of each pixel by its place, and the kind that it is hardly of; float32 (H, W), -1 for none.

    Where a thing was that moves otherwise than the picture as a whole, and is not followed to, there is now
    something else: what it has uncovered.
    """
    places, vectors, _ = link
    if kinds is None:
        none = torch.full_like(found[0], -1)
        return none, none
    whole = vectors[:, known].median(dim=1).values.view(2, 1, 1)
    own, before = (looked_up(kinds.float(), each, "nearest")[0] for each in (found, places))
    apart = (vectors - whole).square().sum(dim=0) > _APART**2
    gone = warp(before[None], whole.expand_as(vectors), "nearest")[0]
    moving = [kind for kind in own[known].unique() if bool(apart[known & (own == kind)].float().mean() > 0.5)]
    uncovered = torch.isin(gone, torch.stack(moving)) if moving else torch.zeros_like(known)
    height, width = known.shape
    return own, torch.where(uncovered & in_frame(whole.expand_as(vectors), (height, width))[0], gone, -1)


def alike(known: Tensor, wanted: Tensor, image: Tensor, own: Tensor, gone: Tensor) -> Tensor:
    """For every pixel that is wanted the known one near by that looks most like it, for a known one itself.

    known, wanted: bool (H, W). image: float32 (3, H, W) in [0, 1]. own: the kinds of the pixels, (H, W);
    gone: the kind that each is hardly of.

    Returns int64 (H·W,), indices into the flattened picture; -1 for all others, and where none is near.
    """
    height, width = known.shape
    looks = torch.cat([_blurred(image, side) for side in _LOOKS]).flatten(1)
    pixels = wanted.flatten().nonzero()[:, 0]
    rows, columns, look, usable = pixels // width, pixels % width, looks[:, pixels], known.flatten()
    kinds, hardly = own.flatten(), gone.flatten()[pixels]
    far = max(_LEAST_SEARCH, round(_SEARCH * max(height, width)))
    best = torch.full_like(rows, -1)
    least = torch.full(best.shape, torch.inf, device=image.device)
    steps = torch.linspace(-far, far, _LINES).round().int().tolist()
    for dy, dx in ((dy, dx) for dy in steps for dx in steps):
        y, x = rows + dy, columns + dx
        beside = y.clamp(0, height - 1) * width + x.clamp(0, width - 1)
        apart = (looks[:, beside] - look).abs().sum(dim=0) + _DISTANCE * (dy * dy + dx * dx) ** 0.5 / far
        apart = apart + _COVERED * (kinds[beside] == hardly)
        better = usable[beside] & (y >= 0) & (y < height) & (x >= 0) & (x < width) & (apart < least)
        best, least = torch.where(better, beside, best), torch.where(better, apart, least)
    source = torch.where(usable, torch.arange(height * width, device=image.device), -1)
    source[pixels] = best
    return source


def _agreed(places: Tensor, wanted: Tensor) -> Tensor:
    """Each wanted place given up for that near by which most of those around it are near to: no specks."""
    height, width = wanted.shape
    pixels = wanted.flatten().nonzero()[:, 0]
    reach = range(-_AGREE, _AGREE + 1)
    rows, columns = pixels // width, pixels % width
    steps = [(y, x) for y in reach for x in reach]
    beside = torch.stack(
        [(rows + y).clamp(0, height - 1) * width + (columns + x).clamp(0, width - 1) for y, x in steps]
    )
    result = places.flatten(1).clone()
    limit = max(_LEAST_SEARCH, _SEARCH * max(height, width))
    for _ in range(_ROUNDS):
        around = result[:, beside]
        apart = torch.stack(
            [
                (around - each[:, None]).abs().sum(dim=0).clamp(max=limit).sum(dim=0)
                for each in around.unbind(1)
            ]
        )
        result[:, pixels] = around.gather(1, apart.argmin(dim=0).expand(2, 1, -1))[:, 0]
    return result.view_as(places)


def _blurred(image: Tensor, side: int) -> Tensor:
    """The mean over squares of odd `side` around each pixel."""
    padded = F.pad(image[None], [side // 2] * 4, mode="replicate")
    return F.avg_pool2d(padded, side, stride=1)[0]


def likest(known: Tensor, image: Tensor) -> Tensor:
    """For every pixel the known one, itself if it is, from which the way to it changes least.

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
    far = constant(tuple((dy * dy + dx * dx) ** 0.5 for dy, dx in around), image)
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
    here = at_start(places.shape[1], places.shape[2], places.device)
    return warp(picture, places - here, mode)


def packed(places: Tensor) -> Tensor:
    """Places as they are kept: int16 (2, H, W), each side in 65534 steps."""
    return ((places / _side(places) * _LEVELS).round() - _LEVELS // 2).to(torch.int16)


def unpacked(kept: Tensor) -> Tensor:
    """Places float32 (2, H, W) from what `packed` made of them."""
    return (kept.float() + _LEVELS // 2) / _LEVELS * _side(kept)


def _side(places: Tensor) -> Tensor:
    """The greatest x and y."""
    height, width = places.shape[1:]
    sides = max(1, width - 1), max(1, height - 1)
    return constant(sides, places).float().view(2, 1, 1)
