"""One painting of the two that the key frames on either side give (after Jamriška et al. 2019).

Detail is of one side or the other, pixel by pixel, since two paintings of one thing laid over one another
show both; what is broad, the colours, goes over from one to the other evenly. Of everything that moves along
the flow detail changes sides once, and in each frame about as much of it as the time that has passed.

Departures: sides are chosen by rank and not by error alone, so that the change is spread over the frames; a
side that is clearly wrong is left out of the colours, too; YIQ stands in for Lab.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from vidstyle.device import constant
from vidstyle.image.colour import from_yiq, to_yiq
from vidstyle.image.poisson import gradients, screened_poisson
from vidstyle.image.resize import resize

_GRADIENTS = (2.5, 0.5, 0.5)  # weights of gradients beside colours, of brightness and of the two of colour
_WRONG = 1.6  # times the error of the other side, and
_LEAST_WRONG = 0.04  # so much more, from which on a side is not taken at all
_USUAL = 0.02  # of errors: below, a side that fits a little less counts as much in the colours
_PATCHES = 1 / 40  # of the longest side: in patches of about this radius detail changes sides
_SURE = 0.5  # trust in the flow from which on a pixel keeps to the side it has had


def chosen(before: Tensor, after: Tensor, share: float, later: Tensor | None, trust: Tensor | None) -> Tensor:
    """Which pixels have the detail of the side after: bool (1, h, w).

    before, after: float32 (1, h, w), how wrong each side is. share: of the time between both, from 0 to 1.
    later: float32 (1, h, w) in [0, 1], what was chosen in the frame behind this one, which lies nearer to
    the side after, moved along the flow; trust: how surely.
    """
    better = _smoothed(before.sqrt() - after.sqrt())
    # Pixels that the frame behind has already given to the side before stay with it.
    if later is not None and trust is not None:
        better = torch.where((trust > _SURE) & (later < 0.5), torch.full_like(better, -torch.inf), better)
    count = round(share * better.numel())
    taken = torch.zeros_like(better, dtype=torch.bool)
    if count:
        taken.view(-1)[better.flatten().topk(count).indices] = True
    taken &= better > -torch.inf
    return (taken | is_wrong(before, after)) & ~is_wrong(after, before)


def is_wrong(one: Tensor, other: Tensor) -> Tensor:
    """Where one side shows something else than the frame, and the other does not: bool (1, h, w)."""
    one, other = _smoothed(one), _smoothed(other)
    return (one > _WRONG * other) & (one > other + _LEAST_WRONG)


def _smoothed(values: Tensor) -> Tensor:
    side = 2 * max(1, round(_PATCHES * max(values.shape[1:]))) + 1
    return F.avg_pool2d(values[None], side, 1, side // 2, count_include_pad=False)[0]


def shares(before: Tensor, after: Tensor, share: float) -> Tensor:
    """How much of the colours is of the side after: float32 (1, h, w). As for `chosen`.

    That of the time, but less where that side fits less, and none where it is wrong.
    """
    weights = ((_smoothed(each) + _USUAL).pow(-2) for each in (before, after))
    first, second = (part * each for part, each in zip((1 - share, share), weights, strict=True))
    mix = second / (first + second)
    gone, amiss = (_smoothed(is_wrong(*each).float()) for each in ((before, after), (after, before)))
    return torch.lerp(torch.lerp(mix, torch.ones_like(mix), gone), torch.zeros_like(mix), amiss)


def blended(before: Tensor, after: Tensor, taken: Tensor, mix: Tensor) -> Tensor:
    """One picture of two, all float32 (3, H, W) in [0, 1].

    taken: bool (1, h, w), see `chosen`. mix: float32 (1, h, w), see `shares`.
    """
    size = before.shape[1], before.shape[2]
    one, other = to_yiq(before), to_yiq(after)
    pick = resize(taken.float(), size) > 0.5
    mix = resize(mix, size)
    steps = [
        torch.where(pick, theirs, ours) for ours, theirs in zip(gradients(one), gradients(other), strict=True)
    ]
    colours = _mixed(one, other, mix)
    return from_yiq(screened_poisson(colours, steps[0], steps[1], constant(_GRADIENTS, one))).clamp(0, 1)


def _mixed(one: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Two pictures mixed, without the loss of contrast that a mean of two has."""
    mixed = torch.lerp(one, other, share)
    (first, spread), (second, wide), (own, have) = map(_statistics, (one, other, mixed))
    part = share.mean()
    scale = (torch.lerp(spread, wide, part) / have.clamp_min(1e-4)).clamp(0.8, 1.5)
    return (mixed - own) * scale + torch.lerp(first, second, part)


def _statistics(image: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel, (3, 1, 1)."""
    return image.mean(dim=(1, 2), keepdim=True), image.std(dim=(1, 2), keepdim=True, correction=0)
