"""Transparency of clips: read, kept wherever there is a place for it, and what it hides shows nowhere."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clip_makers import make_video, scene
from PIL import Image
from writing import convert

from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import Clip, open_clip
from vidstyle.video.transparency import covered

COUNT = 6
KEEPS = ["prores.mov", "prores.mkv", "vp9.webm", "vp9.mkv", "ffv1.mkv"]
LEFT_OUT = "is transparent in places; that is left out, and what lies there is painted as opaque"


def hole(index: int) -> np.ndarray:
    """Alpha uint8 (64, 96): a hole that moves, and a part that is seen by half."""
    alpha = np.full((64, 96), 255, np.uint8)
    alpha[10 + index : 30 + index, 10:40] = 0
    alpha[40:50, 50:90] = 128
    return alpha


def rgba(index: int, hidden: int = 0) -> np.ndarray:
    """uint8 (64, 96, 4): a moving scene with `hole`, in which there is `hidden`."""
    pixels = scene(96, 64, index)
    pixels[hole(index) == 0] = hidden
    return np.dstack([pixels, hole(index)])


def film(path: Path, codec: str, pix_fmt: str, **options: str) -> Path:
    """`rgba` as a video."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(
            codec, rate=25, options={k.replace("_", "-"): v for k, v in options.items()}
        )
        stream.width, stream.height, stream.pix_fmt = 96, 64, pix_fmt
        for index in range(COUNT):
            frame = av.VideoFrame.from_ndarray(rgba(index), "rgba").reformat(format=pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def lossless(folder: Path) -> Path:
    return film(folder / "a.mkv", "ffv1", "bgra")


def alphas(clip: Clip) -> list[np.ndarray]:
    """As 8 bits (H, W), rounded."""
    frames = list(clip.frames())
    assert all(frame.alpha is not None for frame in frames)
    return [_to_8(frame.alpha[0]) for frame in frames if frame.alpha is not None]


def _to_8(values: np.ndarray) -> np.ndarray:
    return np.rint(values * (255 / np.iinfo(values.dtype).max)).astype(int)


FORMATS = [
    *(
        ("ffv1", pix_fmt, "mkv")
        for pix_fmt in (
            *(f"yuva{chroma}p{bits}" for chroma in (420, 422, 444) for bits in ("", "9le", "10le", "16le")),
            *("yuva422p12le", "yuva444p12le", "gbrap10le", "gbrap12le", "gbrap14le", "gbrap16le"),
            *("rgba64le", "bgra", "ya8"),
        )
    ),
    *(
        ("rawvideo", pix_fmt, "nut")
        for pix_fmt in (
            *("argb", "abgr", "rgba", "rgba64be", "bgra64le", "gbrap", "gbrapf32le", "vuya", "ayuv"),
            *("uyva",),
        )
    ),
    ("png", "ya16be", "mov"),
    ("jpeg2000", "ya16le", "mov"),
    ("exr", "gbrapf32le", "mov"),
]


@pytest.mark.parametrize(("codec", "pix_fmt", "suffix"), FORMATS)
def test_every_layout_of_pixels_is_read(tmp_path: Path, codec: str, pix_fmt: str, suffix: str) -> None:
    clip = open_clip(film(tmp_path / f"a.{suffix}", codec, pix_fmt))
    assert clip.has_alpha
    for index, alpha in enumerate(alphas(clip)):
        assert np.abs(alpha - hole(index)).max() <= 1
    pixels = next(clip.frames()).pixels
    opaque = hole(0) == 255
    seen = rgba(0)[opaque, :3].mean(axis=1, keepdims=True) if "ya" in pix_fmt[:2] else rgba(0)[opaque, :3]
    error = np.abs(pixels.transpose(1, 2, 0)[opaque] / np.iinfo(pixels.dtype).max * 255 - seen)
    assert error.mean() < (25 if "ya" in pix_fmt[:2] else 1)


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "suffix", "near"),
    [
        ("ffv1", "bgra", "mkv", 0),
        ("png", "rgba", "mov", 0),
        ("png", "rgba64be", "mov", 0),
        ("qtrle", "argb", "mov", 0),
        ("prores_ks", "yuva444p10le", "mov", 1),
        ("libvpx-vp9", "yuva420p", "webm", 4),
        ("libvpx", "yuva420p", "webm", 8),
    ],
)
def test_it_is_read(tmp_path: Path, codec: str, pix_fmt: str, suffix: str, near: int) -> None:
    more = {"auto_alt_ref": "0", "b": "2M"} if codec == "libvpx" else {}
    clip = open_clip(film(tmp_path / f"a.{suffix}", codec, pix_fmt, **more))
    assert clip.has_alpha and clip.notices == []
    found = alphas(clip)
    assert len(found) == COUNT
    for index, (alpha, frame) in enumerate(zip(found, clip.frames(), strict=True)):
        assert np.abs(alpha - hole(index)).max() <= near
        seen = hole(index) == 255
        away = np.abs(_to_8(frame.pixels) - scene(96, 64, index).transpose(2, 0, 1).astype(int))
        assert away[:, seen].mean() < (1 if near == 0 else 12)


def test_from_the_middle_it_is_the_same(tmp_path: Path) -> None:
    clip = open_clip(film(tmp_path / "a.webm", "libvpx-vp9", "yuva420p"))
    whole, part = list(clip.frames()), list(clip.frames(3, 5))
    assert [frame.pts for frame in part] == [frame.pts for frame in whole[3:5]]
    assert all(np.array_equal(a.alpha, b.alpha) for a, b in zip(whole[3:5], part, strict=True))


def test_of_a_gif(tmp_path: Path) -> None:
    """Decoded GIFs always have an alpha channel, but not always anything that is transparent."""
    for name, pictures in (
        ("holes", [Image.fromarray(rgba(index)) for index in range(3)]),
        ("opaque", [Image.fromarray(rgba(index)[..., :3]) for index in range(3)]),
    ):
        pictures[0].save(tmp_path / f"{name}.gif", save_all=True, append_images=pictures[1:], disposal=2)
    holes, opaque = open_clip(tmp_path / "holes.gif"), open_clip(tmp_path / "opaque.gif")
    for index, alpha in enumerate(alphas(holes)):
        assert ((alpha == 0) == (hole(index) == 0)).all()
    assert not opaque.has_alpha and all(frame.alpha is None for frame in opaque.frames())
    assert convert(opaque, tmp_path / "b.mp4")[1] == []


@pytest.mark.parametrize("target", KEEPS)
def test_it_is_kept(tmp_path: Path, target: str) -> None:
    codec, _, suffix = target.partition(".")
    path = tmp_path / f"b.{suffix}"
    frames, notices = convert(lossless(tmp_path), path, codec=codec)
    assert notices == []
    result = open_clip(path)
    for frame, alpha in zip(frames, alphas(result), strict=True):
        assert frame.alpha is not None
        away = np.abs(alpha - frame.alpha[0])
        assert away.max() <= {"ffv1": 0, "prores": 0, "vp9": 4}[codec]
    for before, after in zip(frames, result.frames(), strict=True):
        away = np.abs(_to_8(after.pixels) - before.pixels.astype(int))
        assert away.mean() < {"ffv1": 0.01, "prores": 2, "vp9": 4}[codec]


@pytest.mark.parametrize("depth", [8, 10, 16])
def test_at_every_depth_of_ffv1(tmp_path: Path, depth: int) -> None:
    frames, _ = convert(lossless(tmp_path), tmp_path / "b.mkv", codec="ffv1", bit_depth=depth)
    result = open_clip(tmp_path / "b.mkv")
    assert result.bit_depth == depth
    for before, after in zip(frames, result.frames(), strict=True):
        assert before.alpha is not None and after.alpha is not None
        assert np.abs(_to_8(after.pixels) - before.pixels).max() <= (depth == 10)  # swscale rounds so
        assert (_to_8(after.alpha) == before.alpha).all()


@pytest.mark.parametrize("suffix", ["gif", "apng", "webp"])
def test_it_is_kept_in_animations(tmp_path: Path, suffix: str) -> None:
    _, notices = convert(lossless(tmp_path), tmp_path / f"b.{suffix}")
    assert notices == []
    with Image.open(tmp_path / f"b.{suffix}") as picture:
        for index in range(COUNT):
            picture.seek(index)
            alpha = np.array(picture.convert("RGBA"))[..., 3]
            wanted = np.where(hole(index) < 128, 0, 255) if suffix == "gif" else hole(index)
            assert (alpha == wanted).all()


def test_it_is_kept_in_pictures_and_comes_back(tmp_path: Path) -> None:
    _, notices = convert(lossless(tmp_path), tmp_path / "out")
    assert notices == []
    assert (read_picture(tmp_path / "out" / "000003.png")[1] == hole(3)).all()
    convert(tmp_path / "out", tmp_path / "b.mov", codec="prores")
    assert all(
        (alpha == hole(index)).all() for index, alpha in enumerate(alphas(open_clip(tmp_path / "b.mov")))
    )


@pytest.mark.parametrize("target", ["h264.mp4", "h264.mov", "h265.mp4", "vp9.mp4"])
def test_where_there_is_no_place_it_is_left_out_and_named(tmp_path: Path, target: str) -> None:
    codec, _, suffix = target.partition(".")
    _, notices = convert(lossless(tmp_path), tmp_path / f"b.{suffix}", codec=codec)
    assert notices == [f"a.mkv {LEFT_OUT}"]
    assert not open_clip(tmp_path / f"b.{suffix}").has_alpha


def test_opaque_pictures_are_not_called_transparent(tmp_path: Path) -> None:
    pixels = np.full((64, 96, 4), 255, np.uint8)
    for index in range(2):
        write_picture(tmp_path / f"{index}.png", pixels[..., :3].transpose(2, 0, 1), pixels[None, ..., 3])
    for target in ("b.mp4", "b%d.jpg"):
        assert convert(tmp_path / "%d.png", tmp_path / target)[1] == []


def test_a_tag_without_transparency_beside_the_picture(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.webm"), "w") as output:
        stream = output.add_stream("libvpx-vp9", rate=25)
        stream.width, stream.height = 96, 64
        stream.metadata["alpha_mode"] = "1"
        frame = av.VideoFrame.from_ndarray(np.full((96, 96), 100, np.uint8), "yuv420p")
        frame.pts = 0
        output.mux([*stream.encode(frame), *stream.encode(None)])
    assert not open_clip(tmp_path / "a.webm").has_alpha


def test_other_clips_have_none(tmp_path: Path) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4", count=2))
    assert not clip.has_alpha and next(clip.frames()).alpha is None


# What is hidden


def test_what_is_hidden_takes_the_colours_around_it() -> None:
    pixels, alpha = np.full((3, 40, 60), 200, np.uint8), np.full((1, 40, 60), 255, np.uint8)
    pixels[:, :, 30:] = 100
    alpha[:, 10:20, 5:15] = alpha[:, 10:20, 45:55] = 0
    pixels[:, alpha[0] == 0] = 0
    found = covered(pixels, alpha)
    assert (found[:, 10:20, 5:15] == 200).all() and (found[:, 10:20, 45:55] == 100).all()
    assert (found[:, alpha[0] > 0] == pixels[:, alpha[0] > 0]).all()
    assert (covered(pixels, np.zeros_like(alpha)) == pixels).all()
    assert (covered(pixels, np.full_like(alpha, 255)) == pixels).all()


def row(folder: Path, hidden: int) -> Path:
    """`rgba` as pictures in a folder."""
    folder.mkdir()
    for index in range(2):
        picture = rgba(index, hidden).transpose(2, 0, 1)
        write_picture(folder / f"{index}.png", picture[:3], picture[3:])
    return folder


def animated(path: Path) -> Path:
    """`rgba` as a WebP, whose decoder makes black of all that is hidden."""
    pictures = [Image.fromarray(rgba(index)) for index in range(2)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], lossless=True, exact=True)
    return path


def test_of_a_clip_it_does_not_matter(tmp_path: Path) -> None:
    """Whatever lies hidden, the frames are the same; those of pictures in a row too."""
    paths = [row(tmp_path / "dark", 0), row(tmp_path / "bright", 255), animated(tmp_path / "a.webp")]
    clips = [open_clip(path).frames() for path in paths]
    for dark, bright, animation in zip(*clips, strict=True):
        assert (dark.pixels == bright.pixels).all() and (dark.pixels == animation.pixels).all()
