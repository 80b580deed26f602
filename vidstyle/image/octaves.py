"""The finest octave of a picture: what a reduction to half its size would lose."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.device import constant

_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
# Orthonormal: lightness, and what tells red from green, and both from blue.
_OPPONENTS = (
    (3**-0.5, 3**-0.5, 3**-0.5),
    (2**-0.5, -(2**-0.5), 0.0),
    (6**-0.5, 6**-0.5, -2 * 6**-0.5),
)


def finest_octave(image: Tensor, *, wrap: bool = False) -> Tensor:
    """The first level of a Laplacian pyramid (Burt & Adelson 1983), x − b∗x, b the binomial kernel of 5 × 5.

    image: float32 (3, H, W), RGB. wrap: whether its opposite borders meet; they repeat their pixels
    otherwise. Returns float32 (3, H, W): in lightness, red against green, and both against blue, each of
    unit length.
    """
    mode = "circular" if wrap and min(image.shape[1:]) > 2 else "replicate"
    kernel = constant(_BINOMIAL, image)
    padded = F.pad(image[:, None], (2, 2, 2, 2), mode=mode)
    low = F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))[:, 0]
    return torch.einsum("oc,chw->ohw", constant(_OPPONENTS, image), image - low)


def grain_quantiles(image: Tensor, count: int) -> Tensor:
    """How strong the finest octave is, from the weakest of its values to the strongest.

    image: float32 (3, H, W). Returns float32 (3, count), ascending: `count` evenly spaced quantiles of the
    absolute values of each of its channels.
    """
    ordered = finest_octave(image).flatten(1).abs().sort(dim=1).values
    return F.interpolate(ordered[None], count, mode="linear", align_corners=True)[0]
