"""What all benchmarks are tried with: a tiny clip, a thin network and two steps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import ROOT
from tests.video.clip_makers import make_video, write_image

sys.path.insert(0, str(ROOT / "scripts"))

from benchmarks.common import Setting


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """More threads are in each other's way on pictures this small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def setting(tmp_path: Path, thin_weights: Path) -> Setting:
    rng = np.random.default_rng(0)
    return Setting(
        clip=make_video(tmp_path / "clip.mp4", size=(48, 32), count=4),
        style=write_image(tmp_path / "style.png", rng.integers(0, 255, (40, 50, 3), np.uint8)),
        features=str(thin_weights),
        device="cpu",
        frames=3,
        repeats=1,
        out=tmp_path / "out",
        options={"steps": 2, "next_steps": 2},
    )
