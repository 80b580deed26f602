"""Pictures with colour profiles are read as sRGB, maps as they are, and stills say that they are sRGB."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_makers import random_pixels
from picture_makers import (
    ADOBE_RGB,
    DISPLAY_P3,
    PROPHOTO,
    SRGB,
    SRGB_CURVE,
    cmyk_profile,
    grey_profile,
    rgb_profile,
)
from PIL import Image, ImageCms
from test_pictures import png_chunk

from vidstyle.methods.base import learnt_from
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import open_clip

PROFILES = {
    "Adobe RGB (1998)": rgb_profile("Adobe RGB (1998)", ADOBE_RGB, 2.19921875),
    "ProPhoto": rgb_profile("ProPhoto", PROPHOTO, 1.8),
    "Display P3": rgb_profile("Display P3", DISPLAY_P3, SRGB_CURVE),
    "Grey 1.8": grey_profile("Grey 1.8", 1.8),
    "Inks": cmyk_profile("Inks"),
}


def shown(image: Image.Image, profile: bytes) -> np.ndarray:
    """What LittleCMS makes of it: int (3, H, W)."""
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    return np.asarray(converted).transpose(2, 0, 1).astype(int)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize("name", ["Adobe RGB (1998)", "ProPhoto", "Display P3"])
def test_colours_become_srgb(tmp_path: Path, name: str, suffix: str) -> None:
    image = Image.fromarray(random_pixels(size=(24, 40)).transpose(1, 2, 0).copy())
    options = {".webp": {"lossless": True}}.get(suffix, {})
    image.save(tmp_path / f"a{suffix}", icc_profile=PROFILES[name], **options)
    told: list[str] = []
    pixels, _ = read_picture(tmp_path / f"a{suffix}", told.append)
    stored, _ = read_picture(tmp_path / f"a{suffix}", raw=True)
    right = shown(Image.fromarray(stored.transpose(1, 2, 0).copy()), PROFILES[name])
    assert np.abs(pixels - right).max() <= 1
    assert np.abs(pixels.astype(int) - stored).max() > 25
    assert told == [f"a{suffix} has the colour profile {name}; its colours are converted to sRGB"]
    clip = open_clip(tmp_path / f"a{suffix}")
    assert clip.notices == told
    assert (next(iter(clip.frames())).pixels == pixels).all()
    assert (next(iter(open_clip(tmp_path / f"a{suffix}", raw=True).frames())).pixels == stored).all()
    learnt = learnt_from(tmp_path / f"a{suffix}", told.append)
    assert np.abs(255 * learnt.numpy() - pixels).max() < 0.01
    assert len(told) == 2


def test_known_colours(tmp_path: Path) -> None:
    """Grey stays grey, and the green of Adobe RGB that is half as strong is a stronger one of sRGB."""
    image = Image.fromarray(np.array([[[128, 128, 128], [150, 128, 128], [255, 255, 255]]], np.uint8))
    image.save(tmp_path / "a.png", icc_profile=PROFILES["Adobe RGB (1998)"])
    pixels, _ = read_picture(tmp_path / "a.png")
    assert np.abs(pixels[:, 0, 0].astype(int) - 128).max() <= 1
    assert pixels[:, 0, 1].tolist() == pytest.approx([158, 127, 128], abs=2)
    assert pixels[:, 0, 2].tolist() == [255] * 3


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_kept(tmp_path: Path, suffix: str) -> None:
    pixels, alpha = random_pixels(np.uint16), random_pixels(np.uint16, 1)
    write_deep(tmp_path / f"a{suffix}", pixels, alpha, PROFILES["Display P3"])
    found, found_alpha = read_picture(tmp_path / f"a{suffix}")
    light = np.where(
        pixels <= 0.04045 * 65535, pixels / 65535 / 12.92, ((pixels / 65535 + 0.055) / 1.055) ** 2.4
    )
    linear = np.tensordot(np.linalg.inv(SRGB) @ np.array(DISPLAY_P3), light, axes=1).clip(0, 1)
    right = 65535 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert found.dtype == np.uint16
    assert np.abs(found - right).max() < 8
    assert found_alpha is not None
    assert (found_alpha == alpha).all()


def write_deep(path: Path, pixels: np.ndarray, alpha: np.ndarray, profile: bytes) -> None:
    """A PNG or TIFF with a profile, put where `write_picture` puts sRGB's."""
    write_picture(path, pixels, alpha)
    data = path.read_bytes()
    if path.suffix == ".png":
        chunk = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))
        path.write_bytes(data[:33] + chunk + data[33 + 13 :])
    else:
        at = data.index(struct.pack("<HHI", 34675, 7, 588))
        start = struct.unpack_from("<I", data, at + 8)[0]
        own = profile.ljust(588, b"\0")
        path.write_bytes(data[:start] + own + data[start + 588 :])


def test_grey_with_a_profile(tmp_path: Path) -> None:
    image = Image.fromarray(np.arange(0, 250, 10, dtype=np.uint8).reshape(5, 5))
    image.save(tmp_path / "a.png", icc_profile=PROFILES["Grey 1.8"])
    pixels, _ = read_picture(tmp_path / "a.png")
    assert np.abs(pixels - shown(image, PROFILES["Grey 1.8"])).max() <= 1
    image.save(tmp_path / "b.png", icc_profile=PROFILES["Inks"])
    told: list[str] = []
    assert (read_picture(tmp_path / "b.png", told.append)[0] == np.asarray(image)).all()
    assert told == ["b.png has a colour profile of another kind of picture; its colours are taken for sRGB"]


def test_inks_with_a_profile(tmp_path: Path) -> None:
    values = np.repeat(np.repeat(random_pixels(channels=4, size=(3, 4)), 16, 1), 16, 2)
    image = Image.frombytes("CMYK", (64, 48), values.transpose(1, 2, 0).tobytes())
    image.save(tmp_path / "a.jpg", quality=100, icc_profile=PROFILES["Inks"])
    told: list[str] = []
    pixels, _ = read_picture(tmp_path / "a.jpg", told.append)
    right = shown(image, PROFILES["Inks"])
    assert np.abs(pixels.astype(int) - right)[:, 8::16, 8::16].max() <= 3
    assert np.abs(read_picture(tmp_path / "a.jpg", raw=True)[0].astype(int) - right).mean() > 10
    assert told == ["a.jpg has the colour profile Inks; its colours are converted to sRGB"]


def test_srgb_under_any_name_stays_as_it_is(tmp_path: Path) -> None:
    pixels = random_pixels()
    for profile in (rgb_profile("My Screen", SRGB, SRGB_CURVE), b"junk"):
        Image.fromarray(pixels.transpose(1, 2, 0).copy()).save(tmp_path / "a.png", icc_profile=profile)
        told: list[str] = []
        assert (read_picture(tmp_path / "a.png", told.append)[0] == pixels).all()
        damaged = "a.png has a colour profile that is damaged, or of an unknown kind; "
        damaged += "its colours are taken for sRGB"
        assert told == ([damaged] if profile == b"junk" else [])


def test_of_a_sequence_is_told_once(tmp_path: Path) -> None:
    for index in range(3):
        image = Image.fromarray(random_pixels(size=(8, 8)).transpose(1, 2, 0).copy())
        image.save(tmp_path / f"{index}.png", icc_profile=PROFILES["ProPhoto"])
    assert open_clip(tmp_path).notices == [
        f"{tmp_path.name} has the colour profile ProPhoto; its colours are converted to sRGB"
    ]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize("transparent", [False, True])
def test_stills_say_that_they_are_srgb(tmp_path: Path, suffix: str, transparent: bool) -> None:
    pixels, alpha = np.full((3, 30, 42), 90, np.uint8), np.full((1, 30, 42), 200, np.uint8)
    write_picture(tmp_path / f"a{suffix}", pixels, alpha if transparent else None)
    with Image.open(tmp_path / f"a{suffix}") as image:
        image.load()
        assert image.size == (42, 30)
        if suffix == ".png":
            assert image.info["srgb"] == 1
        else:
            name = ImageCms.getProfileName(ImageCms.ImageCmsProfile(BytesIO(image.info["icc_profile"])))
            assert "sRGB" in name
        if transparent and suffix != ".jpg":
            assert image.mode == "RGBA"
    told: list[str] = []
    found, found_alpha = read_picture(tmp_path / f"a{suffix}", told.append)
    assert np.abs(found.astype(int) - 90).max() <= 3
    assert (found_alpha is not None) == (transparent and suffix != ".jpg")
    assert told == []
    assert cv2.imread(str(tmp_path / f"a{suffix}")).shape == (30, 42, 3)
