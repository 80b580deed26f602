"""TIFF files of every kind: right pictures, or a refusal that names the kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clip_makers import random_pixels
from picture_makers import cmyk_profile, tiff
from PIL import Image, ImageCms
from test_profiles import shown

from vidstyle.errors import MediaError
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip

WAYS = [
    {},
    {"planar": True},
    {"big": True},
    {"big": True, "planar": True, "order": ">"},
    {"order": ">"},
    {"packed": True, "planar": True},
    {"packed": True},
]


def read(folder: Path, data: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """As a style, once it was seen that a clip of it is the same."""
    (folder / "a.tif").write_bytes(data)
    pixels, alpha = read_picture(folder / "a.tif")
    (frame,) = open_clip(folder / "a.tif").frames()
    assert (frame.pixels == pixels).all()
    return pixels, alpha


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_and_greys(tmp_path: Path, dtype: type, way: dict) -> None:
    stored = random_pixels(dtype)
    pixels, alpha = read(tmp_path, tiff(stored.transpose(1, 2, 0), 2, **way))
    assert pixels.dtype == dtype
    assert alpha is None
    assert (pixels == stored).all()
    for photometric in (0, 1):
        pixels, _ = read(tmp_path, tiff(stored[:1].transpose(1, 2, 0), photometric, **way))
        right = stored[0] if photometric else np.iinfo(dtype).max - stored[0]
        assert pixels.dtype == dtype
        assert (pixels == right).all()


@pytest.mark.parametrize("way", WAYS)
def test_deep_with_alpha(tmp_path: Path, way: dict) -> None:
    stored = random_pixels(np.uint16, 4)
    pixels, alpha = read(tmp_path, tiff(stored.transpose(1, 2, 0), 2, more={338: (3, [2])}, **way))
    assert (pixels == stored[:3]).all()
    assert alpha is not None
    assert (alpha[0] == stored[3]).all()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_inks(tmp_path: Path, dtype: type, way: dict) -> None:
    stored, most = random_pixels(dtype, 4), np.iinfo(dtype).max
    pixels, alpha = read(tmp_path, tiff(stored.transpose(1, 2, 0), 5, **way))
    right = most * (1 - stored[:3] / most) * (1 - stored[3] / most)
    assert pixels.dtype == dtype
    assert alpha is None or (alpha == most).all()
    assert np.abs(pixels - right).max() <= (2 if dtype == np.uint8 else 0.51)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_inks_with_a_profile(tmp_path: Path, dtype: type, way: dict) -> None:
    few = random_pixels(np.uint8, 4)
    stored = few if dtype == np.uint8 else few.astype(np.uint16) * np.uint16(257)
    data = tiff(stored.transpose(1, 2, 0), 5, more={34675: (7, list(cmyk_profile("Inks")))}, **way)
    (tmp_path / "a.tif").write_bytes(data)
    told: list[str] = []
    pixels, _ = read_picture(tmp_path / "a.tif", told.append)
    right = shown(Image.frombytes("CMYK", (17, 11), few.transpose(1, 2, 0).tobytes()), cmyk_profile("Inks"))
    assert np.abs(pixels / (np.iinfo(dtype).max // 255) - right).max() <= 1
    (line,) = told
    assert line.endswith("to sRGB" if dtype == np.uint8 else "to sRGB, with 8 bits per channel")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lab(tmp_path: Path, dtype: type, way: dict) -> None:
    few = random_pixels(np.uint8)
    few[1:] = few[1:] // 4 + 96
    few[1:] ^= 128  # signed
    stored = few
    if dtype == np.uint16:
        stored = few.astype(np.uint16) * np.array([257, 256, 256], np.uint16)[:, None, None]
    pixels, _ = read(tmp_path, tiff(stored.transpose(1, 2, 0), 8, **way))
    assert pixels.dtype == dtype
    lab = Image.frombytes("LAB", (17, 11), few.transpose(1, 2, 0).tobytes())
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    exactly = {
        "renderingIntent": ImageCms.Intent.RELATIVE_COLORIMETRIC,
        "flags": ImageCms.Flags.NOOPTIMIZE,
    }
    right = np.asarray(ImageCms.profileToProfile(lab, *profiles, outputMode="RGB", **exactly))
    assert np.abs(pixels / (np.iinfo(dtype).max // 255) - right.transpose(2, 0, 1)).max() <= 2


@pytest.mark.parametrize(
    ("photometric", "channels", "words"),
    [
        *((9, 3, "ICC Lab"), (10, 3, "ITU Lab"), (32845, 3, "LogLuv"), (32803, 1, "a colour filter")),
        *((5, 5, "5 channels"), (8, 4, "4 channels")),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, photometric: int, channels: int, words: str) -> None:
    data = tiff(random_pixels(np.uint16, channels).transpose(1, 2, 0), photometric)
    (tmp_path / "a.tif").write_bytes(data)
    for reads in (read_picture, open_clip):
        with pytest.raises(MediaError, match=rf"a\.tif cannot be read as a picture: .*{words}"):
            reads(tmp_path / "a.tif")
