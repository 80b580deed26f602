"""Eyes of a face, found by the detectors that come with OpenCV."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vidstyle.errors import UsageError

_LONGEST = 320  # pixels of the longer side at which faces are looked for
_EYES_WITHIN = 0.6  # of a face's height, from its top
# How far apart two eyes are, in widths of what is found as an eye.
_APART = (1.1, 4.5)
_STEP, _AGREEING = 1.05, 3  # between the sizes that are tried; how many of them must agree

_Box = tuple[int, int, int, int]


def check_detectors() -> None:
    """Raise UsageError where this OpenCV has none."""
    _detectors()


def find_eyes(pixels: np.ndarray) -> np.ndarray | None:
    """Centres of the eyes of the largest face, float64 (2, 2), (x, y) in pixels, the left one in the picture
    first; None where no two are found.

    pixels: uint8 or uint16 (3, H, W), RGB. Cascades of simple features (Viola & Jones 2001) look for the face
    and for eyes in its upper part; where that finds none, for eyes anywhere. Raises as `check_detectors`.
    """
    face, eye = _detectors()
    values = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    grey = cv2.cvtColor(np.ascontiguousarray(values.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY)
    scale = _LONGEST / max(grey.shape)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    faces = sorted(_found(face, grey, min(grey.shape) // 5), key=lambda box: box[2], reverse=True)
    for x, y, width, height in faces:
        upper = grey[y : y + round(height * _EYES_WITHIN), x : x + width]
        if (pair := _pair(_found(eye, upper, width // 8))) is not None:
            return (pair + np.array([x, y]) + 0.5) / scale - 0.5
    pair = _pair(_found(eye, grey, min(grey.shape) // 20))
    return None if pair is None else (pair + 0.5) / scale - 0.5


@cache
def _detectors() -> tuple[Any, Any]:
    """Of faces and of eyes."""
    folder = Path(cv2.__file__).parent / "data"
    files = [folder / f"haarcascade_{name}.xml" for name in ("frontalface_default", "eye")]
    # Not in every version: OpenCV 5 has neither the class in its main modules nor its data.
    make = getattr(cv2, "CascadeClassifier", None)
    if make is None or not all(file.is_file() for file in files):
        raise UsageError(
            f"OpenCV {cv2.__version__} comes without detectors of faces: "
            "pip install 'opencv-contrib-python<5', or give landmarks with --align LIST"
        )
    return make(str(files[0])), make(str(files[1]))


def _found(detector: Any, grey: np.ndarray, least: int) -> list[_Box]:
    """(x, y, width, height) of all that a detector finds, at least so many pixels wide."""
    boxes = detector.detectMultiScale(grey, _STEP, _AGREEING, minSize=(max(8, least), max(8, least)))
    return [(int(x), int(y), int(width), int(height)) for x, y, width, height in boxes]


def _pair(boxes: list[_Box]) -> np.ndarray | None:
    """The centres of those two that are most alike in size and height; None where no two can be eyes."""
    best: tuple[float, np.ndarray] | None = None
    for one, other in combinations(sorted(boxes), 2):
        centres = np.array([(x + (w - 1) / 2, y + (h - 1) / 2) for x, y, w, h in (one, other)])
        across, down = np.abs(centres[1] - centres[0])
        width = (one[2] + other[2]) / 2
        if not _APART[0] * width <= across <= _APART[1] * width or down > across / 3:
            continue
        unlike = down / across + abs(one[2] - other[2]) / width
        if best is None or unlike < best[0]:
            best = unlike, centres
    return None if best is None else best[1]
