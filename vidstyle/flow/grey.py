"""Between frames and what OpenCV's flow functions take and give."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from vidstyle.errors import UsageError
from vidstyle.image.convert import reduce_to_uint8

# Below this, OpenCV's pyramids have no level to work on.
LEAST_SIDE = 32


def contrib(module: str) -> Any:
    """One of OpenCV's contrib modules, "optflow" or "ximgproc"; not every build of OpenCV has them.

    Raises UsageError where it is missing.
    """
    found = getattr(cv2, module, None)
    if found is None:
        raise UsageError(
            f"this OpenCV has no {module} module, which the flow asked for needs: install "
            "opencv-contrib-python in place of opencv-python, or take --flow dis"
        )
    return found


def colour_pair(target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (h, w, 3) each, the last row and column repeated where a side is under LEAST_SIDE pixels.

    target, source: uint8 or uint16 (3, H, W), RGB.
    """
    if target.ndim != 3 or target.shape[0] != 3 or target.shape != source.shape or 0 in target.shape:
        raise ValueError(f"target and source must both be (3, H, W), not {target.shape} and {source.shape}")
    return _colour(target), _colour(source)


def grey_pair(target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The luma of `colour_pair`, uint8 (h, w) each."""
    one, other = colour_pair(target, source)
    return cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), cv2.cvtColor(other, cv2.COLOR_RGB2GRAY)


def no_motion(grey: np.ndarray) -> np.ndarray:
    """A flow of zeros to start from, float32 (h, w, 2)."""
    return np.zeros((*grey.shape, 2), np.float32)


def to_vectors(flow: np.ndarray, target: np.ndarray) -> np.ndarray:
    """OpenCV's (h, w, 2) as float32 (2, H, W), without the padding."""
    _, height, width = target.shape
    return np.ascontiguousarray(flow[:height, :width].transpose(2, 0, 1), dtype=np.float32)


def _colour(pixels: np.ndarray) -> np.ndarray:
    return large_enough(np.ascontiguousarray(reduce_to_uint8(pixels).transpose(1, 2, 0)))


def large_enough(rgb: np.ndarray) -> np.ndarray:
    """uint8 (h, w, 3), the last row and column repeated where a side is under LEAST_SIDE pixels."""
    below, beside = (max(0, LEAST_SIDE - side) for side in rgb.shape[:2])
    return np.asarray(cv2.copyMakeBorder(rgb, 0, below, 0, beside, cv2.BORDER_REPLICATE))
