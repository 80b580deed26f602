"""What of a picture is not painted as it was meant is named; HDR levels are kept where there is a place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from writing import convert

from vidstyle.video.decode import VideoClip
from vidstyle.video.hdr import HdrLevels
from vidstyle.video.reader import open_clip


def coded(path: Path, codec: str, pix_fmt: str, frames: list[np.ndarray], **options: str) -> Path:
    """A video of frames in the layout of `pix_fmt`."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(
            codec, rate=25, options={k.replace("_", "-"): v for k, v in options.items()}
        )
        first = av.VideoFrame.from_ndarray(frames[0], pix_fmt)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, pix_fmt
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, pix_fmt)
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("codec", "pix_fmt", "suffix"), [("png", "rgba", "mov"), ("ffv1", "bgra", "mkv")])
def test_transparency_is_named(tmp_path: Path, codec: str, pix_fmt: str, suffix: str) -> None:
    pixels = np.full((64, 96, 4), 255, np.uint8)
    opaque = coded(tmp_path / f"opaque.{suffix}", codec, pix_fmt, [pixels])
    assert open_clip(opaque).notices == []
    pixels[10:20, 10:20, 3] = 0
    holes = coded(tmp_path / f"holes.{suffix}", codec, pix_fmt, [pixels])
    assert open_clip(holes).notices == [
        f"holes.{suffix} is transparent in places; that is left out, and what lies there is painted as opaque"
    ]


def test_transparency_in_prores(tmp_path: Path) -> None:
    frame = av.VideoFrame.from_ndarray(np.full((64, 96, 4), 100, np.uint8), "rgba").reformat(
        format="yuva444p10le"
    )
    with av.open(str(tmp_path / "a.mov"), "w") as output:
        stream = output.add_stream("prores_ks", rate=25, options={"profile": "4444"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuva444p10le"
        frame.pts = 0
        output.mux([*stream.encode(frame), *stream.encode(None)])
    clip = open_clip(tmp_path / "a.mov")
    assert len(clip.notices) == 1 and "transparent" in clip.notices[0]
    assert abs(int(next(clip.frames()).pixels[1].mean() / 257) - 100) <= 2


def test_transparency_beside_the_picture(tmp_path: Path) -> None:
    """As VP9 has it: only the tag tells."""
    source = tmp_path / "a.webm"
    with av.open(str(source), "w") as output:
        stream = output.add_stream("libvpx-vp9", rate=25)
        stream.width, stream.height = 96, 64
        stream.metadata["alpha_mode"] = "1"
        frame = av.VideoFrame.from_ndarray(np.full((96, 96), 100, np.uint8), "yuv420p")
        frame.pts = 0
        output.mux([*stream.encode(frame), *stream.encode(None)])
    assert "transparent" in open_clip(source).notices[0]


LEVELS = HdrLevels(
    tuple(
        Fraction(number)
        for number in ["0.68", "0.32", "0.265", "0.69", "0.15", "0.06", "0.3127", "0.329", "0.0001", "1000"]
    ),
    (1000, 400),
)


def hdr(path: Path) -> Path:
    """Grey in PQ, with levels."""
    with av.open(str(path), "w") as output:
        options = {"preset": "ultrafast", "x265-params": "log-level=none"}
        more = LEVELS.options("libx265") or {}
        options["x265-params"] += ":" + more["x265-params"]
        stream = output.add_stream("libx265", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 1
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((192, 128), 500, np.uint16), "yuv420p10le")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "suffix"), [("h265", "mp4"), ("h265", "mov"), ("h265", "mkv"), ("av1", "mp4"), ("av1", "webm")]
)
def test_hdr_levels_are_kept(tmp_path: Path, codec: str, suffix: str) -> None:
    target = tmp_path / f"b.{suffix}"
    _, notices = convert(hdr(tmp_path / "a.mkv"), target, codec=codec, bit_depth=10)
    assert notices == []
    result = open_clip(target)
    assert isinstance(result, VideoClip) and result.hdr and result.hdr.mastering and LEVELS.mastering
    assert result.hdr.light == LEVELS.light
    for found, expected in zip(result.hdr.mastering, LEVELS.mastering, strict=True):
        assert float(found) == pytest.approx(float(expected), abs=3e-5)
    color = result.color
    assert (color.primaries, color.transfer, color.matrix, color.range) == (9, 16, 9, 1)


@pytest.mark.parametrize(
    ("codec", "suffix"), [("h264", "mp4"), ("prores", "mov"), ("ffv1", "mkv"), ("vp9", "webm")]
)
def test_hdr_levels_that_have_no_place_are_named(tmp_path: Path, codec: str, suffix: str) -> None:
    _, notices = convert(hdr(tmp_path / "a.mkv"), tmp_path / f"b.{suffix}", codec=codec)
    assert len(notices) == 1 and "HDR levels" in notices[0] and "--codec h265" in notices[0]
    color = open_clip(tmp_path / f"b.{suffix}").color
    assert (color.primaries, color.transfer) == (9, 16)
