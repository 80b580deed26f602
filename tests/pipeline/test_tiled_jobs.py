"""Pictures and clips painted in tiles through the spine: resumed, refused, chosen by the memory there is."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.pipeline.painting import Paint, assert_resumes, noise, pictures
from tests.video.clip_makers import make_video
from vidstyle.errors import JobMismatch
from vidstyle.features.weights import Weights
from vidstyle.job import JobStore
from vidstyle.methods import tiling
from vidstyle.methods.base import Engine
from vidstyle.methods.registry import method, method_name
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.pipeline import resume


def test_stopped_anywhere_it_goes_on_as_if_it_had_not(paint: Paint, tmp_path: Path) -> None:
    wide = make_video(tmp_path / "wide.mp4", size=(96, 64), count=3)
    assert_resumes(partial(paint, wide), [1, 1], tile_size=64)
    with pytest.raises(JobMismatch, match="tile_size: 64 -> not set"):
        paint(wide, "parts.mkv", tile_size=0)  # whole anyway, so 0 is as good as none


def test_tiles_are_chosen_by_the_memory_and_kept(
    paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = noise(tmp_path / "still.png", 1, (200, 600))
    notices: list[str] = []
    settings: dict[str, Any] = {"size": 600, "steps": 1, "keep": True, "notice": notices.append}
    with monkeypatch.context() as small:
        small.setattr(tiling, "total_memory", lambda device: 10**8)
        paint(still, "tiled.png", **settings)
        job = JobStore.load(tmp_path / "tiled.png.vidstyle")
        assert job.settings["options"]["tile_size"] == 256
        assert [line for line in notices if "in tiles of 256 pixels (--tile-size)" in line]
        paint(still, "never.png", tile_size=0, **settings)
        assert JobStore.load(tmp_path / "never.png.vidstyle").settings["options"]["tile_size"] == 0
    resume(tmp_path / "tiled.png.vidstyle")  # another machine goes on with the tiles it was begun with
    whole = paint(still, "whole.png", **settings)
    assert JobStore.load(tmp_path / "whole.png.vidstyle").settings["options"]["tile_size"] is None
    images = [pictures(tmp_path / name)[0].astype(int) for name in ("tiled.png", "never.png", "whole.png")]
    assert np.array_equal(images[1], images[2]) and whole.name == "whole.png"
    assert np.abs(images[0] - images[2]).max() <= 2


@pytest.mark.parametrize(
    ("size", "gigabytes", "asked", "side"),
    [
        ((960, 540), 24, None, None),
        ((1920, 1080), 24, None, None),
        ((3840, 2160), 24, None, 960),
        ((3840, 2160), 24, 0, 0),
        ((3840, 2160), 24, 512, 512),
        ((3840, 2160), 200, None, None),
        ((3840, 2160), 200, 0, None),
        ((1920, 1080), 1, None, 256),
    ],
)
@pytest.mark.parametrize("kind", [NeuralOptions, TextureOptions])
def test_by_size_and_memory(
    kind: Any,
    size: tuple[int, int],
    gigabytes: float,
    asked: int | None,
    side: int | None,
    bundled: Weights,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tiling, "total_memory", lambda device: gigabytes * 10**9)
    notices: list[str] = []
    engine = Engine(torch.device("cpu"), torch.float32, lambda: bundled, notices.append)
    options = kind(tile_size=asked)
    found = method(method_name(options)).fitted(options, *size, engine)
    assert found.tile_size == side
    assert bool(notices) == (asked is None and side is not None)


def test_half_the_bytes_take_larger_pictures(bundled: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers that nobody looks at do not count either."""
    monkeypatch.setattr(tiling, "total_memory", lambda device: 14 * 10**9)

    def side(dtype: torch.dtype, **settings: Any) -> int | None:
        engine = Engine(torch.device("cpu"), dtype, lambda: bundled, lambda line: None)
        found: int | None = method("style").fitted(NeuralOptions(**settings), 1920, 1080, engine).tile_size
        return found

    assert side(torch.float32) == 704 and side(torch.bfloat16) is None
    assert side(torch.float32, style_layers=("relu1_1",), content_layers=("conv1_1",)) is None
