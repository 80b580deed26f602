"""The rendered clips: their flow is what it says, and the files are what the script makes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vidstyle.flow.estimators import ESTIMATORS
from vidstyle.image.convert import to_float
from vidstyle.image.warp import warp
from vidstyle.metrics import endpoint_error
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.shots import detect_cuts

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
from samples import truth
from samples.world import picture

FRAME = 30


@pytest.mark.parametrize("name", ["valley", "passing"])
def test_the_true_flow_brings_the_next_frame_back(name: str) -> None:
    world = truth.world(name)
    now, after = (torch.from_numpy(picture(world, i)).permute(2, 0, 1).float() for i in (FRAME, FRAME + 1))
    forward, backward = truth.flow(name, FRAME, FRAME + 1), truth.flow(name, FRAME + 1, FRAME)
    for here, there, (vectors, visible) in ((now, after, forward), (after, now, backward)):
        mask = torch.from_numpy(visible)
        warped = (warp(there, torch.from_numpy(vectors)) - here).abs().mean(dim=0)
        still = (there - here).abs().mean(dim=0)
        assert 0.8 < float(mask.float().mean()) < 1
        assert float(warped[mask].mean()) < 0.01
        assert float(warped[mask].mean()) < 0.5 * float(still[mask].mean())
        assert float(warped[~mask].mean()) > 3 * float(warped[mask].mean()), (
            "what is hidden cannot be brought"
        )


@pytest.mark.parametrize("name", ["valley", "passing"])
def test_an_estimator_finds_the_true_flow_in_the_committed_clip(samples: Path, name: str) -> None:
    now, after = list(open_clip(samples / f"{name}.mp4").frames(FRAME, FRAME + 2))
    forward, visible = truth.flow(name, FRAME, FRAME + 1)
    found = torch.from_numpy(ESTIMATORS["dis"](now.pixels, after.pixels))
    error = endpoint_error(found, torch.from_numpy(forward), torch.from_numpy(visible[None]))
    assert error.mean < 0.5
    assert float(np.abs(forward).mean()) > 2 * error.mean


def test_the_cut_is_where_the_picture_and_the_sound_change(samples: Path) -> None:
    clip = open_clip(samples / "cut.mp4")
    starts = [frame.index for frame, starts in detect_cuts(clip.frames()) if starts]
    assert starts == [0, 38]
    assert [stream.kind for stream in clip.streams] == ["audio"]


def test_clips_and_styles_are_small_and_whole(samples: Path) -> None:
    for name in ("valley", "passing", "cut"):
        frames = [(frame.width, frame.height) for frame in open_clip(samples / f"{name}.mp4").frames()]
        assert frames == [(320, 180)] * 75
        assert (samples / f"{name}.mp4").stat().st_size < 600_000
    for name in ("strokes", "glass", "woodcut", "watercolour", "dusk"):
        image = to_float(read_picture(samples / f"{name}.jpg")[0])
        assert max(image.shape) >= 600 and float(image.std()) > 0.1
