"""What a clip dissolves into is painted as itself, and the dissolve stays one."""

from __future__ import annotations

from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.pipeline.painting import Paint, assert_resumes, pictures
from tests.video.clip_makers import make_video
from vidstyle.video.reader import open_clip

BEFORE, LENGTH, AFTER = 4, 11, 5


@pytest.fixture
def shots(samples: Path) -> list[list[np.ndarray]]:
    """Two, of frames uint8 (H, W, 3)."""
    return [
        [
            cv2.resize(frame.pixels.transpose(1, 2, 0), (96, 54), interpolation=cv2.INTER_AREA)
            for frame in islice(open_clip(samples / name).frames(), BEFORE + LENGTH + AFTER)
        ]
        for name in ("passing.mp4", "valley.mp4")
    ]


@pytest.fixture
def clip(tmp_path: Path, shots: list[list[np.ndarray]]) -> Path:
    shares = [*[0.0] * BEFORE, *np.linspace(0, 1, LENGTH).tolist(), *[1.0] * AFTER]
    mixed = [(1 - share) * a + share * b for share, a, b in zip(shares, *shots, strict=True)]
    return film(tmp_path / "in.mkv", [each.round().astype(np.uint8) for each in mixed])


def film(path: Path, frames: list[np.ndarray]) -> Path:
    return make_video(
        path, size=(96, 54), codec="ffv1", pix_fmt="bgr0", pts=list(range(len(frames))), pictures=frames
    )


def likeness(painted: np.ndarray, filmed: np.ndarray) -> float:
    """How the brightness of a painting goes with that of a frame."""
    return float(np.corrcoef(painted.mean(axis=0).ravel(), filmed.mean(axis=2).ravel())[0, 1])


@pytest.mark.parametrize("passes", [1, 2])
def test_what_it_leads_to_is_painted_as_itself(
    paint: Paint, tmp_path: Path, clip: Path, shots: list[list[np.ndarray]], passes: int
) -> None:
    settings = {"features": "bundled", "steps": 20, "next_steps": 3, "history": (1,), "codec": "ffv1"}
    alone = pictures(paint(film(tmp_path / "b.mkv", shots[1][-8:]), "b_out.mkv", **settings))
    out = pictures(paint(clip, "out.mkv", passes=passes, **settings))
    assert likeness(out[-1], shots[1][-1]) > 0.85 * likeness(alone[-1], shots[1][-1]) > 0.3
    assert likeness(out[-1], shots[0][-1]) < likeness(alone[-1], shots[0][-1]) + 0.15
    # And in its middle it is half of each: no frame stands out.
    steps = [np.abs(a.astype(float) - b).mean() for a, b in pairwise(out)]
    assert max(steps) < 4 * np.median(steps)


@pytest.mark.parametrize("look", [{}, {"passes": 2}, {"history": (1, 4)}])
def test_stopped_within_a_dissolve_it_goes_on(paint: Paint, clip: Path, look: dict[str, Any]) -> None:
    def painted(output: str, **settings: Any) -> Path:
        return paint(clip, output, **look, **settings)

    folders = ["frames"] if "passes" not in look else ["frames-2"]
    assert_resumes(painted, (5, 4, 3, 4), *folders)


def test_part_of_one(paint: Paint, clip: Path) -> None:
    for frames in (f"{BEFORE + 3}:", f":{BEFORE + 5}", f"{BEFORE + 2}:{BEFORE + 6}"):
        assert pictures(paint(clip, "part.mkv", frames=frames, codec="ffv1", restart=True))
