"""Finding eyes: on drawn faces, whose eyes are known, and where OpenCV has no detectors."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from vidstyle.errors import UsageError
from vidstyle.image.faces import _pair, find_eyes

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from samples.faces import draw, random_face

HAS_DETECTORS = hasattr(cv2, "CascadeClassifier") and any(Path(cv2.__file__).parent.glob("data/*_eye.xml"))


@pytest.mark.skipif(not HAS_DETECTORS, reason="this OpenCV has no detectors of faces")
def test_eyes_are_where_they_were_drawn() -> None:
    rng, missed = np.random.default_rng(0), 0
    for size in (100, 200, 320) * 6:
        face = random_face(rng, -0.7)
        true = face.landmarks[:2] * size - 0.5
        found = find_eyes(draw(face, size))
        if found is None:
            missed += 1
            continue
        apart = np.linalg.norm(true[1] - true[0])
        assert np.linalg.norm(found - true, axis=1).max() < 0.1 * apart
    assert missed < 9  # a drawing is not what the detectors have learnt from
    assert find_eyes(np.full((3, 90, 120), 128, np.uint8)) is None
    assert find_eyes(np.full((3, 1, 1), 65535, np.uint16)) is None


@pytest.mark.skipif(HAS_DETECTORS, reason="this OpenCV has detectors of faces")
def test_without_detectors_the_remedy_is_told() -> None:
    with pytest.raises(UsageError, match=r"opencv-contrib-python<5.* --align LIST"):
        find_eyes(np.zeros((3, 40, 40), np.uint8))


def test_of_many_boxes_the_two_most_alike_are_the_eyes() -> None:
    eyes = [(20, 30, 11, 11), (50, 31, 11, 11)]
    mouth, nostril = (34, 60, 30, 30), (38, 45, 6, 6)
    pair = _pair([mouth, eyes[1], nostril, eyes[0]])
    assert pair is not None and pair.tolist() == [[25, 35], [55, 36]]
    assert (
        _pair([eyes[0], mouth]) is None and _pair([eyes[0], (21, 31, 11, 11)]) is None and _pair([]) is None
    )
