"""What is unknown, from what is known around it, as smoothly as can be: Δu = 0 inside, u given outside."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SWEEPS = 24  # of Jacobi's method at each size; the sizes above have settled all that is slower
_SMALLEST = 2  # pixels, side of the smallest size


def diffused(values: Tensor, known: Tensor) -> Tensor:
    """Values (C, H, W) with those that are unknown filled in by diffusion, over a pyramid.

    known: bool (1, H, W). Where nothing is known the result is 0.
    """
    weight = known.float()
    begun = _begun(values * weight, weight)
    return _settled(torch.where(known, values, begun), known)


def _begun(sums: Tensor, weight: Tensor) -> Tensor:
    """A guess from the size below: means of what is known there, spread where there is nothing."""
    height, width = sums.shape[1:]
    if max(height, width) <= _SMALLEST:
        return (sums.mean((1, 2), keepdim=True) / weight.mean().clamp_min(1e-9)).expand_as(sums)
    padded = F.pad(torch.cat([sums, weight])[None], (0, width % 2, 0, height % 2))
    small = F.avg_pool2d(padded, 2)[0]
    covered = small[-1:]
    means = small[:-1] / covered.clamp_min(1e-9)
    known = covered > 0
    below = _begun(torch.where(known, means, 0), known.float())
    filled = _settled(torch.where(known, means, below), known)
    return F.interpolate(filled[None], (height + height % 2, width + width % 2), mode="bilinear")[
        0, :, :height, :width
    ]


def _settled(values: Tensor, known: Tensor) -> Tensor:
    for _ in range(_SWEEPS):
        padded = F.pad(values[None], (1, 1, 1, 1), mode="replicate")[0]
        around = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
        values = torch.where(known, values, around / 4)
    return values
