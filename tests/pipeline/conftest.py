"""A thin network, a tiny clip, and painting with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import vidstyle
from tests.pipeline.painting import Paint, noise
from tests.video.clip_makers import make_video


@pytest.fixture(autouse=True)
def each_alone(alone: None) -> None:
    """Every test in a directory of its own."""


@pytest.fixture
def quick(thin_weights: Path) -> dict[str, Any]:
    """Settings: a thin network and a step or two per frame."""
    return {"steps": 2, "next_steps": 2, "features": str(thin_weights), "precision": "float32"}


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return noise(tmp_path / "style.png")


@pytest.fixture
def paint(tmp_path: Path, style: Path, quick: dict[str, Any]) -> Paint:
    """paint(SOURCE, OUTPUT, SETTING=VALUE...) with the settings of `quick`."""

    def run(source: Path, output: str, **settings: Any) -> Path:
        return vidstyle.stylize(source, style, tmp_path / output, **(quick | settings))

    return run


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", size=(48, 32), count=8, audio=("aac",))
