"""Several passes, several earlier frames, loops: the same when stopped anywhere, and what they change."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.painting import (
    Paint,
    StopAfter,
    StopWhileEncoding,
    assert_resumes,
    pictures,
    stopped,
    stored,
)
from tests.video.clip_makers import make_video, write_image
from vidstyle.errors import InputError
from vidstyle.events import Progress
from vidstyle.job import JobStore
from vidstyle.pipeline import resume

FRAMES = 8


@pytest.mark.parametrize(
    "settings",
    [
        {"passes": 3, "history": (1, 3)},
        {"passes": 2, "cut": (3,), "color": "match"},
        {"loop": True, "history": (1, 2)},
        {"passes": 2, "independent": True, "temporal_from": 3},
    ],
)
def test_stopped_at_every_frame_of_every_pass_it_is_the_same(
    paint: Paint, clip: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    passes = settings.get("passes", 2)
    assert_resumes(partial(paint, clip), [1] * FRAMES * passes, f"frames-{passes}", **settings)
    left = (tmp_path / "parts.mkv.vidstyle").glob("frames*")
    assert [path.name for path in left] == [f"frames-{passes}"]


def test_passes_go_forwards_and_backwards_and_are_counted(paint: Paint, clip: Path) -> None:
    events: list[Progress] = []
    paint(clip, "out.mp4", passes=3, cut=(5,), progress=events.append)
    painted = [event for event in events if event.phase == "paint"]
    assert [e.frame for e in painted] == [*range(8), 4, 3, 2, 1, 0, 7, 6, 5, *range(8)]
    assert [e.shot for e in painted[8:16]] == [0] * 5 + [1] * 3
    assert [e.pass_number for e in painted] == [1] * 8 + [2] * 8 + [3] * 8
    assert (painted[-1].done, painted[-1].total) == (24, 24)


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_stopped_while_encoding_it_paints_nothing_anew(
    paint: Paint, clip: Path, tmp_path: Path, passes: int
) -> None:
    for count in (FRAMES * passes, 0):
        hook = StopWhileEncoding()
        stopped(paint, hook, clip, "out.mp4", passes=passes)
        assert hook.painted == count
    assert resume(tmp_path / "out.mp4.vidstyle").is_file()


def test_the_state_of_a_later_pass_is_told(paint: Paint, clip: Path, tmp_path: Path) -> None:
    stopped(paint, StopAfter(11), clip, "out.mp4", passes=2)
    store = JobStore.load(tmp_path / "out.mp4.vidstyle")
    assert (store.painted(), store.passes(), store.end()) == (11, [1, 2], FRAMES)


def test_shots_are_independent_in_every_pass(paint: Paint, clip: Path, tmp_path: Path) -> None:
    paint(clip, "whole.mp4", passes=2, cut=(5,), keep=True)
    paint(clip, "tail.mp4", passes=2, frames="5:", keep=True)
    whole, tail = (stored(tmp_path / f"{name}.mp4.vidstyle", "frames-2") for name in ("whole", "tail"))
    assert all(whole[name] == tail[name] for name in tail)


def test_a_later_pass_learns_from_later_frames(paint: Paint, clip: Path, tmp_path: Path) -> None:
    """With the end of the clip left out, the first frames of a second pass come out otherwise."""
    for passes in (1, 2):
        folder = "frames" if passes == 1 else "frames-2"
        found = []
        for frames in ("0:8", "0:5"):
            name = f"{passes}{frames[-1]}.mp4"
            paint(clip, name, passes=passes, frames=frames, keep=True)
            found.append(stored(tmp_path / f"{name}.vidstyle", folder)["00000000.png"])
        assert (found[0] == found[1]) == (passes == 1)


def test_a_loop_closes(paint: Paint, tmp_path: Path) -> None:
    """A clip that ends as it begins: painted in a loop, its last frame comes nearer to its first."""
    rng = np.random.default_rng(0)
    ground = rng.integers(0, 255, (32, 48, 3), np.uint8)
    folder = tmp_path / "turning"
    folder.mkdir()
    for index in range(12):
        write_image(folder / f"{index:02d}.png", np.roll(ground, 4 * index, axis=1))
    gaps = []
    for name, settings in (("open", {"passes": 2}), ("closed", {"loop": True})):
        out = paint(folder, name, init="noise", cuts=False, next_steps=3, steps=3, **settings)
        first, *_, last = pictures(out)
        gaps.append(np.abs(np.roll(last.astype(float), 4, axis=2) - first)[:, :, 8:-8].mean())
    assert gaps[1] < 0.8 * gaps[0]


def test_every_distance_of_the_history_counts(paint: Paint, clip: Path, tmp_path: Path) -> None:
    results = {}
    for history in ((1,), (1, 2), (1, 3), (2,)):
        name = "h" + "".join(map(str, history))
        paint(clip, f"{name}.mp4", history=history, keep=True)
        results[history] = stored(tmp_path / f"{name}.mp4.vidstyle")
    plain, two, three, second = (list(result.values()) for result in results.values())
    assert plain[:2] == two[:2] and plain[2] != two[2]
    assert plain[:3] == three[:3] and plain[3] != three[3]
    assert plain[1] != second[1]  # nothing is one frame back in it


def test_a_clip_that_ends_before_the_frames_asked_for(paint: Paint, tmp_path: Path) -> None:
    """Matroska does not say how many frames there are: only reading tells."""
    clip = make_video(tmp_path / "clip.mkv", size=(48, 32), count=6)
    with pytest.raises(InputError, match="ends before frame 50"):
        paint(clip, "out.mp4", frames="50:")
