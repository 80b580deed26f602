"""What is read as a picture to paint is read as a style as well, and what takes more to read is named."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from clip_makers import scene
from heic_maker import heic
from picture_makers import DISPLAY_P3, SRGB_CURVE, rgb_profile
from PIL import Image

from vidstyle.errors import MediaError
from vidstyle.video import plugins
from vidstyle.video.jxl import jxl_size
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip

EXTRA = r'pip install "vidstyle\[pictures\]"'
P3 = rgb_profile("Display P3", DISPLAY_P3, SRGB_CURVE)


def apart(path: Path, right: np.ndarray) -> float:
    """The mean difference, after it was seen that the picture and the clip are the same."""
    pixels, alpha = read_picture(path)
    clip = open_clip(path)
    assert (clip.width, clip.height) == pixels.shape[:0:-1]
    (frame,) = clip.frames()
    assert (frame.pixels == pixels).all()
    assert (frame.alpha is None) == (alpha is None)
    return float(np.abs(pixels.transpose(1, 2, 0).astype(int) - right).mean())


@pytest.mark.parametrize("name", ["a.gif", "a.avif", "a.heic"])
def test_pictures_out_of_containers(tmp_path: Path, name: str) -> None:
    picture = scene(128, 136, 0)
    if name == "a.heic":
        (tmp_path / name).write_bytes(heic(picture))
    else:
        Image.fromarray(picture).save(tmp_path / name, **({"quality": 95} if name == "a.avif" else {}))
    assert apart(tmp_path / name, picture) < 6
    if name != "a.gif":
        assert open_clip(tmp_path / name).kind == "still"


@pytest.mark.parametrize("turns", range(4))
def test_a_turned_heic_is_upright(tmp_path: Path, turns: int) -> None:
    (tmp_path / "a.heic").write_bytes(heic(scene(136, 160, 0), turns=turns))
    assert apart(tmp_path / "a.heic", np.rot90(scene(136, 160, 0), turns)) < 3


@pytest.mark.parametrize("name", ["a.avif", "a.heic"])
def test_their_profiles_count(tmp_path: Path, name: str) -> None:
    picture = np.full((128, 128, 3), (60, 180, 60), np.uint8)
    if name == "a.heic":
        (tmp_path / name).write_bytes(heic(picture, profile=P3))
    else:
        Image.fromarray(picture).save(tmp_path / name, icc_profile=P3)
    told: list[str] = []
    pixels, _ = read_picture(tmp_path / name, told.append)
    assert told == [f"{name} has the colour profile Display P3; its colours are converted to sRGB"]
    assert open_clip(tmp_path / name).notices == told
    assert pixels[:, 60, 60].tolist() == pytest.approx([0, 183, 30], abs=4)


def test_of_an_animation_the_first_picture(tmp_path: Path) -> None:
    pictures = [Image.fromarray(scene(64, 48, index)) for index in range(3)]
    for name in ("a.gif", "a.avif"):
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:])
        told: list[str] = []
        pixels, alpha = read_picture(tmp_path / name, told.append)
        assert told == [f"{name} is animated; its first picture is taken"]
        assert alpha is None
        assert np.abs(pixels.transpose(1, 2, 0).astype(int) - scene(64, 48, 0)).mean() < 8
        assert len(list(open_clip(tmp_path / name).frames())) == 3


def test_transparency(tmp_path: Path) -> None:
    hole = np.full((64, 96), 255, np.uint8)
    hole[20:40, 30:60] = 0
    Image.fromarray(np.dstack([scene(96, 64, 0), hole])).save(tmp_path / "a.avif", quality=95)
    _, alpha = read_picture(tmp_path / "a.avif")
    assert alpha is not None
    assert np.abs(alpha[0].astype(int) - hole).mean() < 3
    assert open_clip(tmp_path / "a.avif").has_alpha
    palette = Image.fromarray(np.uint8(hole > 0) * np.uint8(7))
    palette.save(tmp_path / "b.gif", transparency=0)
    _, alpha = read_picture(tmp_path / "b.gif")
    assert alpha is not None
    assert (alpha[0] == hole).all()


def test_tiles_are_put_together_or_the_extra_is_named(tmp_path: Path) -> None:
    picture = scene(240, 200, 0)
    (tmp_path / "a.heic").write_bytes(heic(picture, tiles=True, turns=3))
    if plugins.can_decode("heic"):
        assert apart(tmp_path / "a.heic", np.rot90(picture, 3)) < 3
        return
    for read in (read_picture, open_clip):
        with pytest.raises(MediaError, match=rf"a\.heic .*in tiles.* {EXTRA}"):
            read(tmp_path / "a.heic")


def test_jpeg_xl_is_read_or_the_extra_is_named(tmp_path: Path) -> None:
    picture = scene(101, 67, 0)
    (tmp_path / "a.jxl").write_bytes(SMALL_JXL)
    assert jxl_size(SMALL_JXL) == (256, 192, 1)
    if plugins.can_decode("jxl"):
        import pillow_jxl  # noqa: F401

        buffer = BytesIO()
        Image.fromarray(picture).save(buffer, "JXL", lossless=True)
        (tmp_path / "b.jxl").write_bytes(buffer.getvalue())
        assert apart(tmp_path / "b.jxl", picture) == 0
        return
    for read in (read_picture, open_clip):
        with pytest.raises(MediaError, match=rf"a\.jxl .*JPEG XL.* {EXTRA}"):
            read(tmp_path / "a.jxl")


# The beginning of a file of 256x192.
SMALL_JXL = b"\xff\x0a" + (1 | 23 << 1 | 3 << 6 | 1 << 9).to_bytes(4, "little")


@pytest.mark.parametrize("at", range(8, 700, 7))
def test_damaged_boxes_are_refused_in_words(tmp_path: Path, at: int) -> None:
    data = bytearray(HEIC)
    data[at] ^= 0xFF
    (tmp_path / "a.heic").write_bytes(data)
    try:
        read_picture(tmp_path / "a.heic")
    except MediaError as error:
        assert str(tmp_path / "a.heic") in str(error)


HEIC = heic(scene(128, 128, 0), turns=1)
