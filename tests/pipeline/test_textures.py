"""Textures through the spine: stopped and resumed, written as stills and as clips, and looping."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import vidstyle
from tests.pipeline.painting import assert_resumes, pictures
from vidstyle.errors import JobMismatch, UsageError
from vidstyle.video.blank import BlankClip
from vidstyle.video.reader import open_clip

Make = Callable[..., Path]


@pytest.fixture
def make(style: Path, quick: dict[str, Any]) -> Make:
    """make(OUTPUT, SETTING=VALUE...) with a thin network and a few steps per frame."""
    return partial(vidstyle.texture, style, **(quick | {"steps": 4, "size": "40x32"}))


@pytest.mark.parametrize("settings", [{"tile": True}, {"loss": "gram+patch"}])
def test_stopped_at_every_frame_and_resumed_it_is_the_same(make: Make, settings: dict[str, Any]) -> None:
    frames = pictures(assert_resumes(make, [1] * 5, frames=6, **settings))
    assert len(frames) == 6 and frames[0].shape == (3, 32, 40)


def test_the_end_flows_into_the_start(make: Make) -> None:
    frames = [f.astype(float) for f in pictures(make("loop.mkv", frames=16, codec="ffv1", motion=0.5))]
    steps = [float(((a - b) ** 2).mean()) for a, b in zip(frames, frames[1:] + frames[:1], strict=True)]
    assert min(steps) > 0 and steps[-1] < 1.5 * max(steps[:-1])
    halfway = float(((frames[0] - frames[8]) ** 2).mean())
    assert halfway > 2 * steps[-1]


def test_one_frame_is_a_picture_and_several_are_a_clip(make: Make, tmp_path: Path) -> None:
    assert open_clip(make("one.png")).kind == "still"
    clip = open_clip(make("clip.mp4", frames=3, fps="10"))
    assert (clip.width, clip.height, clip.frame_rate) == (40, 32, 10)
    assert len(list(make("folder", frames=3).iterdir())) == 3
    with pytest.raises(UsageError, match=r"two\.png is one picture but there are more frames"):
        make("two.png", frames=2)
    with pytest.raises(UsageError, match="no setting called passes"):
        make("other.png", passes=2)
    assert not (tmp_path / "two.png.vidstyle").exists()


def test_other_settings_are_another_job(make: Make) -> None:
    make("one.png")
    make("one.png")
    with pytest.raises(JobMismatch, match=r"size: 40x32 -> 44x32; tile: false -> true; .*seed: 0 -> 1"):
        make("one.png", tile=True, size="44x32", seed=1)


def test_a_blank_clip_shows_one_grey_again_and_again() -> None:
    clip = BlankClip(20, 16, 5)
    frames = list(clip.frames(1, 4))
    assert [frame.index for frame in frames] == [1, 2, 3]
    assert all(bool((frame.pixels == 128).all()) and frame.pixels.shape == (3, 16, 20) for frame in frames)
    assert [frame.pts_seconds * 25 for frame in frames] == [1, 2, 3]
    assert clip.digest() == BlankClip(20, 16, 5).digest() != BlankClip(20, 16, 6).digest()
