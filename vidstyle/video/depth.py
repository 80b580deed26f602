"""Pixels of 8 and of 16 bits."""

from __future__ import annotations

import numpy as np


def to_depth(pixels: np.ndarray, depth: int) -> np.ndarray:
    """uint8 or uint16 pixels of any shape as uint8 (depth 8) or uint16 (depth 16), full range, rounded."""
    if depth == 8 and pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if depth == 16 and pixels.dtype == np.uint8:
        return pixels.astype(np.uint16) * np.uint16(257)
    return pixels
