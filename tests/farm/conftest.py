"""A film of four shots, and what it is painted with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.farm.films import film as make_film
from tests.methods.student.small import TINY
from tests.video.clip_makers import write_image
from vidstyle.learning import fast, teaching
from vidstyle.methods.student import training


@pytest.fixture(autouse=True)
def each_alone(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test in a directory of its own, with style.png in it; other processes run the same program."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    write_image(Path("style.png"), np.random.default_rng(9).integers(0, 255, (40, 50, 3), np.uint8))


@pytest.fixture
def film() -> Path:
    return make_film(Path("film.mkv"))


@pytest.fixture
def quick(thin_weights: Path) -> dict[str, Any]:
    """Settings: a thin network and a step or two per frame."""
    return {"steps": 2, "next_steps": 1, "features": str(thin_weights), "precision": "float32"}


@pytest.fixture
def tiny_student(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is painted and learnt, and always as much."""
    monkeypatch.setattr(training, "SIDE", 32)
    monkeypatch.setattr(teaching, "Plan", lambda: TINY)
    monkeypatch.setattr(teaching, "BASE", "none")
    monkeypatch.setattr(fast, "affordable_pictures", lambda each, seconds, most: 3)
    monkeypatch.setattr(teaching.Teacher, "affordable", lambda self, seconds: 5)
