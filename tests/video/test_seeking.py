"""Reading from the middle by seek points: the same frames as from the beginning, without decoding all."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.video.clip_makers import make_video
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.reader import open_clip

COUNT = 260
KINDS = {
    "h264.mp4": {"options": {"g": "24", "bf": "3"}},
    "open_gop.mkv": {"options": {"g": "24", "bf": "3", "x264-params": "open-gop=1"}},
    "one_key_frame.mp4": {"options": {"g": "1000"}},
    "refresh.mp4": {"options": {"x264-params": "intra-refresh=1:keyint=24"}},
    "h265.mp4": {"codec": "libx265", "options": {"g": "24", "x265-params": "log-level=none"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"g": "24", "cpu-used": "8", "deadline": "realtime"}},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"g": "24", "bf": "2"}},
    "mpeg2.ts": {"codec": "mpeg2video", "options": {"g": "24", "bf": "2"}},
    "ffv1.mkv": {"codec": "ffv1", "pix_fmt": "bgr0"},
    "late.mkv": {
        "pts": [3000 + 40 * n for n in range(COUNT)],
        "time_base": Fraction(1, 1000),
        "options": {"g": "24"},
    },
    "uneven.mp4": {"pts": [n * 2 + n % 3 % 2 for n in range(COUNT)], "options": {"g": "24"}},
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clips")


def clip_of(folder: Path, name: str) -> Clip:
    if not (folder / name).exists():
        make_video(folder / name, size=(64, 64), **({"count": COUNT} | KINDS[name]))  # type: ignore[arg-type]
    return open_clip(folder / name)


def assert_same(one: list[Frame], other: list[Frame]) -> None:
    assert [(f.index, f.pts, f.duration) for f in one] == [(f.index, f.pts, f.duration) for f in other]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", list(KINDS))
def test_frames_from_the_middle_are_those_from_the_beginning(clips: Path, name: str) -> None:
    clip = clip_of(clips, name)
    whole = list(clip.frames())
    assert len(whole) == COUNT and set(clip.seek_points) == {50, 100, 150, 200, 250}
    for start, stop in ((249, 253), (250, 260), (201, 204), (130, 140), (100, 103), (60, 62), (3, 5)):
        assert_same(list(clip.frames(start, stop)), whole[start:stop])
    assert clip.notices == []


@pytest.mark.parametrize("name", ["h264.mp4", "h265.mp4", "vp9.webm", "mpeg4.avi", "late.mkv"])
def test_what_lies_before_is_not_decoded(clips: Path, name: str, decoded: list[int]) -> None:
    clip = clip_of(clips, name)
    points = {frame.index: frame.pts for frame in clip.frames() if frame.index % 50 == 0}
    anew = open_clip(clips / name)  # as another process would
    anew.seek_points.update(points)
    decoded.clear()
    first = next(iter(anew.frames(255)))
    assert first.index == 255
    assert len(decoded) < 55 + 2 * 24 + 30  # two seek points, two groups of pictures, what threads hold


@pytest.mark.parametrize("wrong", [{50: 7777777, 100: 8888888}, {50: 51, 100: 100}, {50: 50, 100: 101}])
def test_wrong_seek_points_mislead_nobody(clips: Path, wrong: dict[int, int]) -> None:
    whole = list(clip_of(clips, "h264.mp4").frames())
    anew = open_clip(clips / "h264.mp4")
    scale = whole[1].pts - whole[0].pts
    anew.seek_points.update({index: time * scale for index, time in wrong.items()})
    assert_same(list(anew.frames(120, 125)), whole[120:125])


def test_a_file_that_cannot_be_sought_in(clips: Path) -> None:
    """A raw stream has no index: it is read from the beginning."""
    path = clips / "raw.m2v"
    make_video(path, size=(48, 32), codec="mpeg2video", count=COUNT)
    clip = open_clip(path)
    whole = list(clip.frames())
    assert_same(list(clip.frames(240, 244)), whole[240:244])
