"""The whole distribution of a picture's colours, and its transfer (Pitié, Kokaram & Dahyot 2007)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vidstyle.device import constant

# Bases of colour space along whose axes a distribution is known, and quantiles along each axis. From 8 bases
# on, what lies between the axes follows.
_BASES = 9
_QUANTILES = 64
# A picture of more pixels is measured by so many of them, evenly spread.
_PIXELS = 2**16
_SWEEPS = 3


def distribution(image: Tensor) -> Tensor:
    """What `match_distribution` needs to know of the colours of image (3, H, W): float32 (27, 64), 7 kB.

    Quantiles of the colours along three axes each of nine bases. They lie closer towards both ends, where a
    few pixels, the sun or a lamp, are far from all others.
    """
    return torch.cat([_quantiles(basis @ _some(image)) for basis in _bases(image)])


def match_distribution(image: Tensor, target: Tensor) -> Tensor:
    """`image` (3, H, W) in [0, 1] recoloured to the distribution of colours in `target`, see `distribution`.

    Iterative distribution transfer: along the axes of one basis after the other, values are moved by the
    monotone map that makes their quantiles those of the target. Deterministic; where the distribution is that
    of the target already, nothing changes.
    """
    colours = image.reshape(3, -1)
    wanted = target.to(image).reshape(_BASES, 3, -1)
    for _ in range(_SWEEPS):
        # The channels themselves come last, so that they match best.
        for basis, axes in zip(_bases(image), wanted, strict=True):
            along = basis @ colours
            moved = [
                _moved(*each) for each in zip(along, _quantiles(basis @ _some(colours)), axes, strict=True)
            ]
            colours = colours + basis.T @ (torch.stack(moved) - along)
    return colours.clamp(0, 1).reshape(image.shape)


def _bases(image: Tensor) -> list[Tensor]:
    """Rotations (3, 3) that cover all of them evenly, on a spiral (Alexa 2022); the last is the identity."""
    found = []
    for at in (index + 0.5 for index in range(_BASES - 1)):
        one, other = 2 * math.pi * at / math.sqrt(2), 2 * math.pi * at / 1.533751168755204
        near, far = math.sqrt(at / (_BASES - 1)), math.sqrt(1 - at / (_BASES - 1))
        x, y, z, w = near * math.sin(one), near * math.cos(one), far * math.sin(other), far * math.cos(other)
        found.append(
            (
                (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
                (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
                (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
            )
        )
    return [*constant(tuple(found), image), torch.eye(3, device=image.device)]


def _some(image: Tensor) -> Tensor:
    """Colours (3, N) of a picture, at most `_PIXELS` of them."""
    colours = image.reshape(3, -1)
    count = colours.shape[1]
    if count <= _PIXELS:
        return colours
    return colours[:, torch.arange(_PIXELS, device=image.device) * count // _PIXELS]


def _quantiles(values: Tensor) -> Tensor:
    """Quantiles (R, 64) of each row of values (R, N), from the least value to the greatest."""
    ordered = values.sort(dim=1).values
    shares = (1 - torch.cos(torch.linspace(0, math.pi, _QUANTILES, device=values.device))) / 2
    places = shares * (values.shape[1] - 1)
    before = places.floor().long()
    after = (before + 1).clamp(max=values.shape[1] - 1)
    return torch.lerp(ordered[:, before], ordered[:, after], places - before)


def _moved(values: Tensor, known: Tensor, wanted: Tensor) -> Tensor:
    """values (N,) by the piecewise linear map that takes the quantiles `known` to `wanted`, both (64,).

    A value that many pixels share lies at several quantiles: it goes to the middle one of where these go.
    """
    values = values.clamp(known[0], known[-1]).contiguous()
    first, past = (torch.searchsorted(known, values, right=right) for right in (False, True))
    before, after = past - 1, past.clamp(max=len(known) - 1)
    share = (values - known[before]) / (known[after] - known[before]).clamp_min(1e-9)
    between = torch.lerp(wanted[before], wanted[after], share)
    middle = (wanted[(first + before) // 2] + wanted[(first + before + 1) // 2]) / 2
    return torch.where(first < before, middle, between)
