from pathlib import Path

import numpy as np
import pytest

from tests.video.clip_makers import scene, write_image
from vidstyle.errors import MediaError
from vidstyle.video.pictures import read_picture
from vidstyle.video.thumbnails import read_thumbnail


@pytest.mark.parametrize(("least", "width"), [(40, 50), (60, 100), (150, 200), (500, 400)])
def test_a_jpeg_comes_at_a_fraction_of_its_size(tmp_path: Path, least: int, width: int) -> None:
    path = write_image(tmp_path / "large.jpg", scene(400, 240, 0))
    pixels, alpha = read_thumbnail(path, least)
    whole, _ = read_picture(path)
    assert alpha is None and pixels.shape == (3, width * 240 // 400, width)
    assert np.abs(pixels.mean((1, 2)) - whole.mean((1, 2))).max() < 2  # also the order of the channels


def test_others_are_read_whole_and_broken_ones_are_told(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.png", scene(64, 48, 0))
    assert read_thumbnail(path, 16)[0].shape == (3, 48, 64)
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    with pytest.raises(MediaError):
        read_thumbnail(tmp_path / "b.jpg", 16)
