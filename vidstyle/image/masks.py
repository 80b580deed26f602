"""Masks: where one picture is laid over another."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

_NOISE = 0.03  # by which compression makes black brighter and white darker


def cleaned(mask: Tensor) -> Tensor:
    """A mask float32 (1, H, W) in [0, 1] with what is nearly black or white made so."""
    return ((mask - _NOISE) / (1 - 2 * _NOISE)).clamp(0, 1)


def feathered(mask: Tensor, pixels: int) -> Tensor:
    """A mask float32 (1, H, W) in [0, 1] that rises from its edge over so many pixels; what is 0 stays 0."""
    inside = np.ascontiguousarray((mask[0] > 0).cpu().numpy().astype(np.uint8))
    if pixels < 1 or inside.all():
        return mask
    away = torch.from_numpy(cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    return mask.minimum((away / (pixels + 1)).clamp(max=1)[None].to(mask))


def laid_over(below: np.ndarray, above: np.ndarray, mask: Tensor) -> np.ndarray:
    """uint16 (3, H, W): one picture where the mask float32 (1, H, W) is 1, the other, exactly, where it is 0.

    below: uint8 or uint16 (3, H, W); above: uint16.
    """
    ground = below.astype(np.float64) * (257 if below.dtype == np.uint8 else 1)
    share = mask.double().cpu().numpy()
    result: np.ndarray = np.rint(ground * (1 - share) + above * share).astype(np.uint16)
    return result
