"""Clips whose measures are known by construction, and a quick way to evaluate them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidstyle
from tests.evaluation.clips import MakeClip, Measure
from vidstyle.evaluation import Evaluation
from vidstyle.video.pictures import encode_png


@pytest.fixture(autouse=True)
def each_alone(alone: None) -> None:
    """Every test in a directory of its own."""


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """make_clip(NAME, FRAMES) writes float (3, H, W) frames in [0, 1] as a folder of 16-bit pictures."""

    def make(name: str, frames: Sequence[np.ndarray]) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for index, frame in enumerate(frames):
            pixels = (frame.clip(0, 1) * 65535).round().astype(np.uint16)
            (folder / f"{index:04d}.png").write_bytes(encode_png(pixels))
        return folder

    return make


@pytest.fixture
def measure(thin_weights: Path) -> Measure:
    """vidstyle.evaluate with a thin network on the CPU."""

    def run(original: Path, stylized: Path | Sequence[Path], *more: Any, **settings: Any) -> Evaluation:
        quick = {"features": str(thin_weights), "device": "cpu"}
        if notice := settings.pop("notice", None):  # what the thin network lacks is not of interest
            settings["notice"] = lambda line: None if line.startswith("these weights") else notice(line)
        return vidstyle.evaluate(original, stylized, *more, **(quick | settings))

    return run
