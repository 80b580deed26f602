"""HDR levels are kept where there is a place, and named where there is none."""

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
