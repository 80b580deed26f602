"""How the frames of a film are turned before they are shown."""

from __future__ import annotations

from typing import NamedTuple

import av
import numpy as np

from .side_data import side_data


class Orientation(NamedTuple):
    """How stored rows and columns are turned for display: transpose first, then flip."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """pixels (C, H, W), as displayed."""
        if self.transpose:
            pixels = pixels.swapaxes(1, 2)
        pixels = pixels[:, :: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]
        return np.ascontiguousarray(pixels)


def orientation(frame: av.VideoFrame) -> Orientation:
    """By the display matrix, of which FFmpeg also makes one where EXIF says how a frame is turned."""
    matrix = side_data(frame).get("DISPLAYMATRIX")
    if matrix is None:
        return Orientation()
    # The matrix maps (x, y) to (ax + cy, bx + dy); anything but quarter turns goes to the nearest.
    a, b, _, c, d = (int(value) for value in np.frombuffer(matrix, "=i4")[:5])
    if abs(a) >= abs(b):
        return Orientation(False, d < 0, a < 0)
    return Orientation(True, b < 0, c < 0)
