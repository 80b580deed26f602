"""A thin network, a tiny clip, and painting with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vidstyle
from tests.pipeline.painting import Paint
from tests.video.clip_makers import make_video, write_image


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """More threads are in each other's way on pictures this small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("VIDSTYLE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.chdir(tmp_path)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def paint(tmp_path: Path, thin_weights: Path) -> Paint:
    """paint(SOURCE, OUTPUT, SETTING=VALUE...) with a thin network and a step or two per frame."""
    style = write_image(
        tmp_path / "style.png", np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    )
    quick = {"steps": 2, "next_steps": 2, "features": str(thin_weights), "precision": "float32"}

    def run(source: Path, output: str, **settings: Any) -> Path:
        return vidstyle.stylize(source, style, tmp_path / output, **(quick | settings))

    return run


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", size=(48, 32), count=8, audio=("aac",))
