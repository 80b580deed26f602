"""Interlaced film is deinterlaced: its frames look as the scene did when their field was taken."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clip_makers import make_video
from writing import convert, times

from vidstyle.types import Frame
from vidstyle.video.reader import open_clip

SIZE = (720, 480)
RATE = Fraction(30000, 1001)


def bar(half: int) -> np.ndarray:
    """uint8 (H, W, 3): a soft bar that moves eight pixels from field to field."""
    x = np.arange(SIZE[0])
    row = 60 + 120 * np.clip((np.abs(x - 200 - 8 * half) - 60) / -20, 0, 1)
    return np.broadcast_to(row[None, :, None], (SIZE[1], SIZE[0], 3)).astype(np.uint8)


def woven(index: int) -> np.ndarray:
    """Frame `index`, its odd rows taken half a frame later."""
    picture = bar(2 * index).copy()
    picture[1::2] = bar(2 * index + 1)[1::2]
    return picture


def dvd(path: Path, count: int = 12, aspect: Fraction | None = Fraction(32, 27), **options: str) -> Path:
    """MPEG-2 as on a DVD, top field first."""
    with av.open(str(path), "w") as output:
        options = {"flags": "+ildct+ilme", "top": "1", "g": "15", "bf": "2", "qscale": "2", **options}
        stream = output.add_stream("mpeg2video", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.sample_aspect_ratio = aspect
        stream.bit_rate = 9_000_000
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(woven(i), "rgb24").reformat(
                format="yuv420p", dst_colorspace=6, dst_color_range=1
            )
            frame.pts = i
            output.mux(stream.encode(_as_interlaced(frame)))
        output.mux(stream.encode(None))
    return path


def _as_interlaced(frame: av.VideoFrame) -> av.VideoFrame:
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=1 / RATE)
    graph.link_nodes(source, graph.add("setfield", "tff"), graph.add("buffersink")).configure()
    graph.push(frame)
    return graph.pull()


def combing(frame: Frame) -> float:
    """How much rows differ from those around them, in levels."""
    rows = frame.pixels.astype(float).mean(axis=0)[8:-8]
    return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())


def error(frame: Frame, half: int) -> float:
    """From what the scene looked like."""
    truth = bar(half)[0, :, 0].astype(float)
    x = (np.arange(frame.width) + 0.5) * SIZE[0] / frame.width - 0.5
    return float(
        np.abs(frame.pixels[:, 100:-100].mean(axis=(0, 1)) - np.interp(x, range(SIZE[0]), truth)).mean()
    )


def test_whole_frames_of_first_fields(tmp_path: Path) -> None:
    clip = open_clip(dvd(tmp_path / "a.mpg"))
    frames = list(clip.frames())
    assert (clip.width, clip.height, clip.frame_rate) == (853, 480, RATE)
    assert len(frames) == 12
    woven_up = list(open_clip(tmp_path / "a.mpg", deinterlace="off").frames())
    assert [(f.pts, f.duration) for f in frames] == [(f.pts, f.duration) for f in woven_up]
    assert all(
        combing(frame) < 0.5 < 2 < combing(other) for frame, other in zip(frames, woven_up, strict=True)
    )
    assert max(error(frame, 2 * i) for i, frame in enumerate(frames)) < 3
    (notice,) = clip.notices
    assert notice.startswith("a.mpg is interlaced; every frame is made of its first field")


def test_a_frame_of_each_field(tmp_path: Path) -> None:
    clip = open_clip(dvd(tmp_path / "a.mpg"), deinterlace="double")
    frames = list(clip.frames())
    assert (clip.frame_rate, len(frames)) == (2 * RATE, 24)
    assert max(combing(frame) for frame in frames) < 0.5
    assert max(error(frame, i) for i, frame in enumerate(frames)) < 3
    step = frames[1].pts_seconds - frames[0].pts_seconds
    assert {frame.duration * frame.time_base for frame in frames if frame.duration} == {step}
    assert abs(float(step - 1 / (2 * RATE))) < 1e-4
    assert clip.notices == ["a.mpg is interlaced; a frame is made of each field"]


def test_as_it_is(tmp_path: Path) -> None:
    clip = open_clip(dvd(tmp_path / "a.mpg"), deinterlace="off")
    assert combing(next(clip.frames())) > 2
    assert clip.notices == [
        "a.mpg is interlaced; its frames are painted with both fields, and what moves looks combed"
    ]


@pytest.mark.parametrize("deinterlace", ["auto", "double"])
def test_what_is_not_interlaced_stays_as_it_is(tmp_path: Path, deinterlace: str) -> None:
    path = make_video(tmp_path / "a.mp4")
    clip = open_clip(path, deinterlace=deinterlace)
    assert clip.notices == []
    for one, other in zip(clip.frames(), open_clip(path, deinterlace="off").frames(), strict=True):
        assert (one.pts, one.duration, one.time_base) == (other.pts, other.duration, other.time_base)
        assert (one.pixels == other.pixels).all()


def x264(path: Path, count: int) -> Path:
    return make_video(path, count=count, options={"x264-params": "tff=1", "g": "12"}, audio=("aac",))


@pytest.mark.parametrize("make", [x264, dvd])
@pytest.mark.parametrize("deinterlace", ["auto", "double"])
def test_reading_from_the_middle(tmp_path: Path, make: Callable[..., Path], deinterlace: str) -> None:
    clip = open_clip(
        make(tmp_path / ("a.mp4" if make is x264 else "a.mpg"), count=120), deinterlace=deinterlace
    )
    whole = list(clip.frames())
    assert len(clip.seek_points) > 1
    for start in (50, 99, 107):
        for one, other in zip(clip.frames(start, start + 5), whole[start:], strict=False):
            assert (one.index, one.pts, one.duration) == (other.index, other.pts, other.duration)
            assert (one.pixels == other.pixels).all()


@pytest.mark.parametrize("deinterlace", ["auto", "double"])
def test_a_result_keeps_times_and_sound(tmp_path: Path, deinterlace: str) -> None:
    clip = open_clip(x264(tmp_path / "a.mp4", 10), deinterlace=deinterlace)
    assert clip.color == open_clip(tmp_path / "a.mp4", deinterlace="off").color
    frames, _ = convert(clip, tmp_path / "b.mp4")
    found = times(tmp_path / "b.mp4")
    assert [time for time, _ in found] == [frame.pts_seconds for frame in frames]
    assert [time for time, _ in found[:3]] == [
        Fraction(i, 50 if deinterlace == "double" else 25) for i in range(3)
    ]
    assert [stream.kind for stream in open_clip(tmp_path / "b.mp4").streams] == ["audio"]
