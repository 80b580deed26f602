"""JPEG files in inks (CMYK), as amounts of ink."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile


def decode_inks(data: bytes) -> np.ndarray:
    """A JPEG file in inks, uint8 (H, W, 4): cyan, magenta, yellow and black. Raises ValueError.

    Not by Image.open, which has a limit of its own to the size.
    """
    try:
        image = JpegImageFile(BytesIO(data))
        return np.asarray(image)
    except (OSError, SyntaxError, ValueError, IndexError, TypeError) as error:
        raise ValueError("the file is damaged") from error
