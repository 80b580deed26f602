"""How large a picture, or a frame of a video, may be."""

from __future__ import annotations

import os
import re

from ..errors import MediaError, UsageError

# Far more than any camera makes, and what takes 2 to 5 GB to read.
MAX_PIXELS = 2**28
MOST_PIXELS = 2**30  # that OpenCV reads
LIMIT_VARIABLE = "VIDSTYLE_MAX_PIXELS"


def check_size(width: int, height: int, name: object) -> None:
    """Raises MediaError for a picture or frame of more than `max_pixels`, before memory is taken for it."""
    most = max_pixels()
    if width * height > most:
        raise MediaError(
            f"{name} says that it is {width}x{height}, more than the {most / 1e6:.0f} million pixels that "
            f"are read; make it smaller, or raise the limit with {LIMIT_VARIABLE}={width * height}"
        )


def max_pixels() -> int:
    """The most pixels that a picture or a frame may have: MAX_PIXELS, or what the environment says.

    Raises UsageError where that is no such number.
    """
    given = os.environ.get(LIMIT_VARIABLE)
    if not given:
        return MAX_PIXELS
    if not re.fullmatch(r"\d{1,10}", given, re.ASCII) or not 1 <= int(given) <= MOST_PIXELS:
        raise UsageError(
            f"{LIMIT_VARIABLE} must be a number of pixels from 1 to {MOST_PIXELS}, not {given!r}"
        )
    return int(given)
