"""TGA, DPX and OpenEXR are read, at their depth; light is brought to sRGB."""

from __future__ import annotations

import struct
import warnings
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from clip_makers import random_pixels
from PIL import Image

from vidstyle.errors import MediaError
from vidstyle.video.formats import check_output
from vidstyle.video.limits import LIMIT_VARIABLE
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip


def coded(path: Path, codec: str, pix_fmt: str, pixels: np.ndarray, **options: str) -> Path:
    """One picture of (H, W, C) in the layout of `pix_fmt`."""
    context = av.CodecContext.create(codec, "w")
    context.height, context.width, context.pix_fmt = *pixels.shape[:2], pix_fmt
    context.time_base, context.options = Fraction(1, 25), options
    frame = av.VideoFrame.from_ndarray(pixels, pix_fmt)
    frame.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)]))
    return path


def tga(path: Path, mode: str = "RGB", **options: object) -> Path:
    pixels = random_pixels(channels=4).transpose(1, 2, 0)
    Image.fromarray(pixels).convert(mode).save(path, **options)
    return path


# TGA


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("options", [{}, {"compression": "tga_rle"}, {"orientation": 1}])
def test_tga(tmp_path: Path, mode: str, options: dict[str, object]) -> None:
    path = tga(tmp_path / "a.tga", mode, **options)
    with Image.open(path) as image:
        expected = np.asarray(image.convert("RGBA")).transpose(2, 0, 1)
    pixels, alpha = read_picture(path)
    assert (pixels == expected[:3]).all()
    assert (alpha is not None) == (mode == "RGBA")
    assert alpha is None or (alpha == expected[3:]).all()
    assert open_clip(path).kind == "still"


def test_tga_of_another_name_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="not a picture in a known format"):
        read_picture(tga(tmp_path / "a.tga").rename(tmp_path / "a.dat"))


# DPX


def test_dpx(tmp_path: Path) -> None:
    codes = (np.arange(64 * 96 * 3).reshape(64, 96, 3) % 1024).astype(np.uint16)
    clip = open_clip(coded(tmp_path / "a.dpx", "dpx", "gbrp10le", codes))
    (frame,) = clip.frames()
    assert (clip.kind, clip.bit_depth, clip.notices) == ("still", 16, [])
    assert (frame.pixels == np.rint(codes.transpose(2, 0, 1) * (65535 / 1023))).all()
    eight = random_pixels()
    coded(tmp_path / "b.dpx", "dpx", "rgb24", np.ascontiguousarray(eight.transpose(1, 2, 0)))
    assert (read_picture(tmp_path / "b.dpx")[0] == eight).all()


def test_logarithmic_dpx_is_named(tmp_path: Path) -> None:
    path = coded(tmp_path / "a.dpx", "dpx", "rgb24", np.zeros((8, 8, 3), np.uint8))
    data = bytearray(path.read_bytes())
    data[801] = 3
    path.write_bytes(data)
    assert open_clip(path).notices == ["a.dpx is logarithmic; it is painted as it is encoded"]


# OpenEXR


def light(count: int = 1) -> np.ndarray:
    """float32 (H, W, 3), from dark to twice as bright as white."""
    ramp = np.linspace(0, 2, 96 * count, dtype=np.float32).reshape(count, 96).repeat(64 // count, axis=0)
    return np.stack([ramp, ramp / 2, ramp / 4], axis=-1)


def srgb(values: np.ndarray) -> np.ndarray:
    """uint16 (3, H, W)"""
    values = values.clip(0, 1).astype(np.float64).transpose(2, 0, 1)
    return np.rint(65535 * np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("kind", ["half", "float"])
@pytest.mark.parametrize("compression", ["none", "rle", "zip1", "zip16"])
def test_exr(tmp_path: Path, kind: str, compression: str) -> None:
    path = coded(tmp_path / "a.exr", "exr", "gbrpf32le", light(), format=kind, compression=compression)
    clip = open_clip(path)
    (frame,) = clip.frames()
    assert (clip.kind, clip.bit_depth) == ("still", 16)
    assert np.abs(frame.pixels - srgb(light())).max() <= (40 if kind == "half" else 1)
    assert clip.notices == [
        "a.exr is scene-linear; it is painted as sRGB, with what is brighter than 1 as white"
    ]


def test_exr_with_alpha(tmp_path: Path) -> None:
    opaque = np.dstack([light(), np.ones((64, 96), np.float32)])
    opaque[:, :48] *= 0.5  # with its alpha
    opaque[:, 0] = 0
    path = coded(tmp_path / "a.exr", "exr", "gbrapf32le", opaque, format="float")
    pixels, alpha = read_picture(path)
    assert alpha is not None
    assert [int(alpha[0, 0, x]) for x in (0, 1, 95)] == [0, 32768, 65535]
    assert np.abs(pixels[:, :, 1:] - srgb(light())[:, :, 1:]).max() <= 1


def test_more_light_than_a_number_holds(tmp_path: Path) -> None:
    values = np.full((64, 96, 4), 3e38, np.float32)
    values[..., 3] = 1e-30
    path = coded(tmp_path / "a.exr", "exr", "gbrapf32le", values, format="float")
    with warnings.catch_warnings(action="error"):
        assert (read_picture(path)[0] == 65535).all()


def test_what_is_no_number_in_exr(tmp_path: Path) -> None:
    values = light()
    values[0, :4] = [[np.nan] * 3, [np.inf] * 3, [-np.inf] * 3, [-1] * 3]
    pixels, _ = read_picture(coded(tmp_path / "a.exr", "exr", "gbrpf32le", values, format="float"))
    assert pixels[:, 0, :4].tolist() == [[0, 65535, 0, 0]] * 3


# Radiance and PFM


@pytest.mark.parametrize("name", ["a.hdr", "a.pfm"])
def test_other_light(tmp_path: Path, name: str) -> None:
    assert cv2.imwrite(str(tmp_path / name), np.ascontiguousarray(light()[..., ::-1]))
    clip = open_clip(tmp_path / name)
    (frame,) = clip.frames()
    assert clip.notices == [
        f"{name} is scene-linear; it is painted as sRGB, with what is brighter than 1 as white"
    ]
    # Radiance has eight bits beside the exponent that all channels share.
    assert np.abs(frame.pixels - srgb(light())).max() <= (2 * 257 if name == "a.hdr" else 1)
    excess = clip.excess(0)
    assert excess is not None and excess.max() == pytest.approx(2, abs=0.02)


def test_a_sequence(tmp_path: Path) -> None:
    for number in (1001, 1002, 1003):
        coded(tmp_path / f"f.{number}.exr", "exr", "gbrpf32le", light() * number / 1001)
    clip = open_clip(tmp_path / "f.####.exr")
    assert (clip.kind, clip.frame_count, clip.bit_depth) == ("sequence", 3, 16)
    assert [frame.pixels.shape for frame in clip.frames()] == [(3, 64, 96)] * 3
    assert len(clip.notices) == 1
    assert open_clip(tmp_path).numbers == (1001, 1002, 1003)


# Pictures that only libavcodec reads


@pytest.mark.parametrize(("name", "codec", "layout"), [("a.qoi", "qoi", "rgb24"), ("a.pcx", "pcx", "rgb24")])
def test_one_picture_is_one_frame(tmp_path: Path, name: str, codec: str, layout: str) -> None:
    pixels = np.ascontiguousarray(random_pixels().transpose(1, 2, 0))
    clip = open_clip(coded(tmp_path / name, codec, layout, pixels))
    assert clip.frame_count == 1
    assert check_output(tmp_path / "b.png", clip) == "picture"


def test_of_an_icon_the_largest(tmp_path: Path) -> None:
    Image.fromarray(random_pixels(size=(64, 64)).transpose(1, 2, 0)).save(
        tmp_path / "a.ico", sizes=[(16, 16), (64, 64), (32, 32)]
    )
    clip = open_clip(tmp_path / "a.ico")
    assert (clip.width, clip.frame_count) == (64, 1)


# Files that are not whole, or claim too much


@pytest.mark.parametrize("name", ["a.tga", "a.dpx", "a.exr", "a.hdr", "a.pfm"])
def test_what_is_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.tga":
        tga(path)
    elif name == "a.dpx":
        coded(path, "dpx", "rgb24", np.ascontiguousarray(random_pixels().transpose(1, 2, 0)))
    else:
        coded(path, name[2:], "gbrpf32le", light())
    data = path.read_bytes()
    almost = len(data) - (400 if name == "a.hdr" else 40)  # of Radiance the last row may be damaged
    for length in (30, 200, 320, 350, len(data) // 2, almost):
        path.write_bytes(data[:length])
        with pytest.raises(MediaError, match=rf"{name} cannot be read as a"):
            open_clip(path)


def exr_claim(width: int, height: int, inner: int) -> bytes:
    def attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
        return name + b"\0" + kind + b"\0" + struct.pack("<I", len(value)) + value

    return (
        b"v/1\x01"
        + struct.pack("<I", 2 | 0x200)
        + b"".join(
            [
                attribute(b"dataWindow", b"box2i", struct.pack("<4i", 0, 0, inner - 1, inner - 1)),
                attribute(b"displayWindow", b"box2i", struct.pack("<4i", 0, 0, width - 1, height - 1)),
                b"\0" * 9,
            ]
        )
    )


HUGE = 40_000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tga", bytes([0, 0, 2]) + bytes(9) + struct.pack("<HHBB", HUGE, HUGE, 24, 0) + bytes(9)),
        ("a.dpx", b"SDPX" + bytes(768) + struct.pack(">II", HUGE, HUGE) + bytes(2000)),
        ("a.exr", exr_claim(HUGE, HUGE, HUGE)),
        ("a.hdr", b"#?RADIANCE\n\n-Y 40000 +X 40000\n" + bytes(90)),
        ("a.pfm", b"PF\n40000 40000\n-1\n" + bytes(90)),
    ],
)
def test_a_size_that_is_absurd(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    for read in (read_picture, open_clip):
        with pytest.raises(MediaError, match=rf"{name} says that it is 40000x40000, .* {LIMIT_VARIABLE}="):
            read(tmp_path / name)


def test_more_than_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(exr_claim(8, 8, HUGE))
    with pytest.raises(MediaError, match="holds far more than it shows"):
        read_picture(tmp_path / "a.exr")
