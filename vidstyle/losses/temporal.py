"""Keeping to what earlier frames show: Ruder, Dosovitskiy & Brox (2016), and the colours of what is new."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_CELLS = 40  # along the longer side, of which each has a colour of its own
_BEND = 0.05  # where the smooth-l1 temporal loss turns from a parabola into a line, in pixel values


def temporal_loss(image: Tensor, prior: Tensor, weight: Tensor, form: str = "l2") -> Tensor:
    """1/D Σ c ρ(x − ω), D = 3·H·W (Ruder, Dosovitskiy & Brox 2016).

    image, prior: float32 (3, H, W) in [0, 1]; weight c: float32 (1, H, W) in [0, 1].
    form: "l2", ρ(d) = d², as in the paper; "smooth-l1", ρ(d) = d² up to |d| = δ and 2 δ |d| − δ² beyond, so
        that a pixel far off pulls no harder than one that is δ = 0.05 off.
    """
    if form == "smooth-l1":
        penalty = 2 * _BEND * F.smooth_l1_loss(image, prior, reduction="none", beta=_BEND)
    else:
        penalty = (image - prior).square()
    return (weight * penalty).mean()


def tint_loss(image: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Σ_cells w̄ d², d = Σ w (x − g) / Σ w over a cell, w̄ the mean of w there; a mean over cells and channels.

    image x, wanted g: float32 (3, H, W) in [0, 1]; weight w: float32 (1, H, W) in [0, 1]. A cell is a square
    of a fortieth of the longer side, wider than a stroke: strokes may have any colours that come to g
    together. A strip of a cell is held as hard as a whole one, by its area.
    """
    side = max(1, round(max(image.shape[1:]) / _CELLS))
    parts = torch.cat([weight * (image - wanted), weight])[None]
    off, covered = F.avg_pool2d(parts, side, ceil_mode=True, count_include_pad=False)[0].split([3, 1])
    return (off.square() / covered.clamp_min(1e-6)).mean()
