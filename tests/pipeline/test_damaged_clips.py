"""Clips with damaged frames, painted: without them, or up to them and then on without them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.pipeline.painting import Paint, assert_same, pictures, stored
from tests.video.clip_makers import make_video, packets
from vidstyle.errors import MediaError
from vidstyle.video.reader import open_clip


def motion_jpeg(path: Path, count: int) -> Path:
    """So many frames, of which the last but two is noise."""
    make_video(path, codec="mjpeg", pix_fmt="yuvj420p", count=count, size=(48, 32))
    packet = packets(path, "video")[-3]
    noise = packet[:20] + random.Random(0).randbytes(len(packet) - 20)
    path.write_bytes(path.read_bytes().replace(packet, noise))
    return path


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    return motion_jpeg(tmp_path / "clip.mkv", 18)


def test_left_out_with_a_notice(damaged: Path, paint: Paint, tmp_path: Path) -> None:
    notices: list[str] = []
    out = paint(damaged, "out.mkv", codec="ffv1", notice=notices.append)
    assert [round(frame.pts_seconds * 25) for frame in open_clip(out).frames()] == [*range(15), 16, 17]
    assert [line for line in notices if "damaged" in line] == [
        "clip.mkv is damaged after 0.56 s: damaged frames are left out, those before shown longer"
    ]


def test_stopped_there_and_gone_on_without_it(paint: Paint, tmp_path: Path) -> None:
    """What is painted by then: fades and dissolves are looked for some frames ahead."""
    damaged = motion_jpeg(tmp_path / "clip.mkv", 60)
    whole = paint(damaged, "whole.mkv", codec="ffv1")
    with pytest.raises(MediaError, match=r"clip\.mkv is damaged after 2\.24 s; --damaged skip"):
        paint(damaged, "out.mkv", codec="ffv1", damaged="stop")
    assert not (tmp_path / "out.mkv").exists()
    assert 1 <= len(stored(tmp_path / "out.mkv.vidstyle")) <= 57
    assert_same(paint(damaged, "out.mkv", codec="ffv1"), whole)


def test_stopped_before_anything_is_painted(damaged: Path, paint: Paint, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"clip\.mkv is damaged after 0\.56 s; --damaged skip"):
        paint(damaged, "out.mkv", codec="ffv1", damaged="stop")
    assert [path.name for path in tmp_path.glob("out*")] == []


def test_a_part_before_the_damage_is_whole(damaged: Path, paint: Paint) -> None:
    out = paint(damaged, "out.mkv", codec="ffv1", damaged="stop", frames=":2")
    assert len(pictures(out)) == 2
