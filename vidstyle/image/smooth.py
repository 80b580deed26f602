"""Smoothing that keeps edges."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from vidstyle.image.colour import with_luminance
from vidstyle.image.convert import to_uint8

# (strength, levels of 255 that make an edge).
# Texture goes and the edges of things stay, as with weighted least squares at λ 0.8, α 1:
_TEXTURE = (300.0, 8.0)
# Blotches of colour go within a surface; with more, colour would run out of small things:
_BLOTCHES = (30.0, 4.0)


def smooth_along(image: Tensor, guide: Tensor, strength: float, edge: float) -> Tensor:
    """`image` smoothed, but not across the edges of `guide`: weighted least squares, in linear time.

    image, guide: float32 (3, H, W) in [0, 1]. strength: λ. edge: a step of so many levels of 255 is an edge.
    The fast global smoother of Min et al. (2014) stands in for the solver that Liao et al. (2017) use.
    """
    edges = np.ascontiguousarray(to_uint8(guide).transpose(1, 2, 0))
    planes = np.ascontiguousarray(image.cpu().numpy().transpose(1, 2, 0))
    smoothed = cv2.ximgproc.fastGlobalSmootherFilter(edges, planes, strength, edge)
    return torch.from_numpy(np.ascontiguousarray(smoothed.transpose(2, 0, 1))).to(image)


def median(plane: Tensor) -> Tensor:
    """The median of the 5 × 5 pixels around each, float32 (1, H, W); beyond the border it goes on."""
    found = cv2.medianBlur(np.ascontiguousarray(plane[0].cpu().numpy()), 5)
    return torch.from_numpy(found)[None].to(plane)


def refined(photo: Tensor, analogy: Tensor) -> Tensor:
    """The detail of a photo with the look of its analogy: A + smooth(A′) − smooth(A), all (3, H, W)."""
    look, own = (smooth_along(image, photo, *_TEXTURE) for image in (analogy, photo))
    return (photo + look - own).clamp(0, 1)


def coloured(grey: Tensor, colour: Tensor) -> Tensor:
    """A grey picture with the chroma of another, evened out within what is one surface in it; (3, H, W)."""
    return with_luminance(smooth_along(colour, grey, *_BLOTCHES), grey)
