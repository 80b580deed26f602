"""OpenEXR is written: from sRGB back to scene-linear light, and as bright as it was."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from clip_makers import make_video, random_pixels, write_image
from test_film_pictures import coded, light
from writing import convert

from tests.pipeline.painting import noise
from vidstyle.cli import main
from vidstyle.errors import UsageError
from vidstyle.video.formats import check_output
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import open_clip


def stored(path: Path) -> np.ndarray:
    """float32 (3 or 4, H, W): what an OpenEXR file holds, RGB and alpha."""
    context = av.CodecContext.create("exr", "r")
    (frame,) = [*context.decode(av.Packet(path.read_bytes())), *context.decode(None)]
    assert "f16" in frame.format.name
    planes = [
        np.frombuffer(memoryview(plane), "<f2").reshape(plane.height, -1)[:, : frame.width]
        for plane in frame.planes
    ]
    return np.stack([planes[i] for i in [2, 0, 1, 3][: len(planes)]]).astype(np.float32)


def assert_half(found: np.ndarray, expected: np.ndarray) -> None:
    """Within the step of half floats, or of sRGB with 16 bits where it is dark."""
    assert (np.abs(found - expected) <= np.maximum(expected * 2**-10, 1e-6)).all()


@pytest.mark.parametrize("kind", ["half", "float"])
def test_light_comes_back_as_it_was(tmp_path: Path, kind: str) -> None:
    values = light() * 30  # up to 60 times as bright as white
    coded(tmp_path / "a.exr", "exr", "gbrpf32le", values, format=kind)
    _, notices = convert(tmp_path / "a.exr", tmp_path / "b.exr")
    as_it_was = stored(tmp_path / "a.exr") if kind == "half" else values.transpose(2, 0, 1)
    assert_half(stored(tmp_path / "b.exr"), as_it_was)
    assert notices == []


def test_what_shows_through_comes_back(tmp_path: Path) -> None:
    values = np.dstack([light(), np.ones((64, 96), np.float32)])
    values[:, :48] *= 0.25
    coded(tmp_path / "a.exr", "exr", "gbrapf32le", values, format="float")
    convert(tmp_path / "a.exr", tmp_path / "b.exr")
    found = stored(tmp_path / "b.exr")
    assert np.abs(found - values.transpose(2, 0, 1)).max() < 2e-3
    assert np.abs(found[3] - values[..., 3]).max() < 1e-4


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_picture_as_light(tmp_path: Path, dtype: type) -> None:
    pixels = random_pixels(dtype)
    write_picture(tmp_path / "a.exr", pixels)
    values = pixels / np.iinfo(dtype).max
    assert_half(
        stored(tmp_path / "a.exr"),
        np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4),
    )
    again = read_picture(tmp_path / "a.exr")[0]
    assert np.abs(again / 65535.0 - values).max() < 5e-4


def test_a_sequence_keeps_its_numbers(tmp_path: Path) -> None:
    for number in (1001, 1003):
        values = light() * number / 1000
        coded(tmp_path / f"f.{number}.exr", "exr", "gbrpf32le", values, format="half")
    for pattern in ("g.####.exr", "g.%04d.exr"):
        folder = tmp_path / pattern[2:4]
        convert(tmp_path / "f.####.exr", folder / pattern)
        assert sorted(path.name for path in folder.iterdir()) == ["g.1001.exr", "g.1003.exr"]
        assert_half(stored(folder / "g.1003.exr"), stored(tmp_path / "f.1003.exr"))


def test_of_a_film(tmp_path: Path) -> None:
    frames, notices = convert(make_video(tmp_path / "a.mp4", count=3), tmp_path / "g" / "%04d.exr")
    again = list(open_clip(tmp_path / "g" / "%04d.exr").frames())
    assert np.abs(again[2].pixels / 257.0 - frames[2].pixels).max() < 0.2
    assert notices == []
    make_video(tmp_path / "hdr.mkv", count=1, codec="ffv1", pix_fmt="yuv420p10le")
    clip = open_clip(tmp_path / "hdr.mkv")
    object.__setattr__(clip.color, "transfer", 16)
    assert convert(clip, tmp_path / "b.exr")[1] == [
        "hdr.mkv is HDR; its values are written as if they were sRGB, and are no light"
    ]


def test_depth(tmp_path: Path) -> None:
    clip = open_clip(write_image(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8)))
    assert check_output(tmp_path / "b.exr", clip, bit_depth=16) == "picture"
    with pytest.raises(UsageError, match=r"\.exr is written with 16 bits, not 8"):
        check_output(tmp_path / "b.exr", clip, bit_depth=8)


def test_painted(alone: None, tmp_path: Path, thin_weights: Path) -> None:
    """Where nothing is painted all is as it was, far above white; where it is, what was brighter still is."""
    noise(tmp_path / "style.png")
    mask = np.zeros((64, 96, 3), np.uint8)
    mask[:, :32] = 255
    write_image(tmp_path / "mask.png", mask)
    values = np.full((64, 96, 3), 8, np.float32)
    values[:32] = 0.4
    coded(tmp_path / "a.exr", "exr", "gbrpf32le", values, format="float")
    quick = ["--steps=2", "--precision=float32", "--device=cpu", f"--features={thin_weights}", "--quiet"]
    assert main(["style", "a.exr", "style.png", "-o", "b.exr", "--mask=mask.png", *quick]) == 0
    found = stored(tmp_path / "b.exr")
    assert_half(found[:, :, 40:], values.transpose(2, 0, 1)[:, :, 40:])
    assert found[:, 33:, :20].mean() > 1.5 > found[:, :31].max()

    half = ["--size=48", "-o", "c.exr"]
    assert main(["style", "a.exr", "style.png", "--mask=mask.png", *quick, *half]) == 0
    assert_half(stored(tmp_path / "c.exr")[:, 17:, 20:], np.full((3, 15, 28), 8, np.float32))
