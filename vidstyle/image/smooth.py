"""Smoothing that keeps edges."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from vidstyle.image.convert import to_uint8

# Chosen so that texture goes and the edges of things stay, as with weighted least squares at λ 0.8, α 1.
_STRENGTH = 300.0
_EDGE = 8.0  # levels of 255: a step this high is an edge


def smooth_along(image: Tensor, guide: Tensor) -> Tensor:
    """`image` smoothed, but not across the edges of `guide`: weighted least squares, in linear time.

    image, guide: float32 (3, H, W) in [0, 1]. The fast global smoother of Min et al. (2014) stands in for the
    solver that Liao et al. (2017) use.
    """
    edges = np.ascontiguousarray(to_uint8(guide).transpose(1, 2, 0))
    planes = np.ascontiguousarray(image.cpu().numpy().transpose(1, 2, 0))
    smoothed = cv2.ximgproc.fastGlobalSmootherFilter(edges, planes, _STRENGTH, _EDGE)
    return torch.from_numpy(np.ascontiguousarray(smoothed.transpose(2, 0, 1))).to(image)


def refined(photo: Tensor, analogy: Tensor) -> Tensor:
    """The detail of a photo with the look of its analogy: A + smooth(A′) − smooth(A), all (3, H, W)."""
    return (photo + smooth_along(analogy, photo) - smooth_along(photo, photo)).clamp(0, 1)
