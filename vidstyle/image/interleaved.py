"""Pictures with channels last, (H, W, C), as OpenCV has them: for live use, in a millisecond or two."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np


def interleaved(planes: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
    """(C, H, W) as (H, W, C), of another size (height, width) where one is given."""
    picture = cv2.merge([*planes])
    if size is not None and picture.shape[:2] != size:
        picture = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(picture)


def planar(picture: np.ndarray) -> np.ndarray:
    """(H, W, C) as (C, H, W)."""
    return np.stack(cv2.split(picture))


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """float32 in [0, 1] as uint8, rounded half to even."""
    return np.asarray(cv2.convertScaleAbs(picture, alpha=255))


def remap(picture: np.ndarray, vectors: np.ndarray, *, sharp: bool = False) -> np.ndarray:
    """A picture of uint8 or float32 as it is seen along vectors float32 (H, W, 2), (dx, dy) in pixels.

    The border pixel reaches outwards without end. sharp: bicubic, which may go beyond the picture's range.
    """
    how = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(picture, places_of(vectors), None, how, borderMode=cv2.BORDER_REPLICATE))


def places_of(vectors: np.ndarray) -> np.ndarray:
    """Where vectors (H, W, 2) lead to, float32 likewise: (x, y) in pixels."""
    return np.asarray(_grid(*vectors.shape[:2]) + vectors)


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> np.ndarray:
    """(x, y) of every pixel, float32 (H, W, 2)."""
    y, x = np.indices((height, width), np.float32)
    return np.stack([x, y], -1)
