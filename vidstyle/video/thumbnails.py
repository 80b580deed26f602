"""Small versions of pictures, decoded in a fraction of the time where their format allows it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .pictures import Picture, decode_picture, picture_header, read_bytes

# JPEG holds waves of blocks of eight pixels: the slow ones alone are the picture at a fraction of its size.
_REDUCED = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
_COLOURS = (1, 3)  # channels of a JPEG that is no separation into inks


def read_thumbnail(path: Path, least: int) -> Picture:
    """A picture, upright, at its size or smaller, but with at least `least` pixels on its longer side.

    Colour profiles of JPEG count for nothing. Returns and raises as `read_picture`.
    """
    data = read_bytes(path)
    header = picture_header(data, path)
    longest = max(header.width, header.height)
    factor = next((each for each in _REDUCED if longest // each >= least), 1)
    if header.format == "jpeg" and factor > 1 and header.channels in _COLOURS and not header.cut:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), _REDUCED[factor])
        if image is not None:
            return np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)), None
    return decode_picture(data, path)
