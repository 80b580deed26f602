"""Frames whose measures are known by construction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vidstyle.evaluation import Evaluation

SIZE = 48, 64  # height, width

MakeClip = Callable[[str, Sequence[np.ndarray]], Path]
Measure = Callable[..., Evaluation]


def scene(shift: float = 0, seed: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Smooth waves, float (3, H, W) in [0.15, 0.85], that move to the right by `shift` pixels."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float64)
    x -= shift
    waves = [np.sin(x / (3 + c) + seed) * np.cos(y / (4 + c) - seed) for c in range(3)]
    return 0.5 + 0.35 * np.stack(waves)


def moving(count: int, seed: int = 0) -> list[np.ndarray]:
    return [scene(index, seed) for index in range(count)]


def still(count: int, seed: int = 0) -> list[np.ndarray]:
    return [scene(0, seed)] * count
