"""Style pictures that show too little: transparent in parts, tiny, or too small for their scale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import vidstyle
from tests.pipeline.painting import pictures
from tests.video.clip_makers import scene, write_image
from vidstyle.errors import MediaError


def strokes(height: int, width: int) -> np.ndarray:
    """uint8 (H, W, 3)"""
    coarse = np.random.default_rng(3).integers(0, 120, (max(1, height // 4), max(1, width // 4), 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)


@pytest.fixture
def painted(tmp_path: Path) -> Any:
    """painted(STYLE, SETTING=VALUE...) -> the painting of a small still, and the notices."""
    still = write_image(tmp_path / "still.png", scene(96, 64, 0))

    def run(style: np.ndarray, **settings: Any) -> tuple[np.ndarray, list[str]]:
        told: list[str] = []
        path = write_image(tmp_path / "style.png", style)
        how = {"features": "bundled", "quality": "draft", "restart": True, "notice": told.append}
        out = vidstyle.stylize(still, path, tmp_path / "out.png", **(how | settings))
        return pictures(out)[0], told

    return run


def test_only_what_is_opaque_counts(painted: Any) -> None:
    whole = strokes(80, 80)
    alpha = np.zeros((80, 80, 1), np.uint8)
    alpha[16:64, 16:64] = 255
    opaque, none = painted(whole)
    assert not any("opaque" in line for line in none)
    paper, _ = painted(np.where(alpha > 0, whole, np.uint8(255)))
    looks = []
    for hidden in (255, 0):
        cut = np.where(alpha > 0, whole, np.uint8(hidden))
        found, told = painted(np.concatenate([cut, alpha], axis=2))
        assert "style.png is transparent in parts: only what is opaque in it counts" in told
        assert abs(found.mean() - opaque.mean()) < (paper.mean() - opaque.mean()) / 2
        looks.append(found)
    assert np.array_equal(*looks)
    with pytest.raises(
        MediaError, match=r"style\.png shows nothing to learn from: it is transparent all over"
    ):
        painted(np.concatenate([whole, alpha * 0], axis=2))


@pytest.mark.parametrize(("height", "width", "scale"), [(16, 16, 1.0), (120, 160, 0.1)])
def test_a_tiny_style_is_told_of_and_paints_no_borders(
    painted: Any, height: int, width: int, scale: float
) -> None:
    found, told = painted(strokes(height, width), style_scale=scale)
    assert sum("which show little of a style" in line for line in told) == 1
    rough = np.abs(np.diff(found.astype(float).mean(axis=0), axis=0)).mean(axis=1)
    assert max(rough[:3].max(), rough[-3:].max()) < 2.5 * np.median(rough)


def test_a_style_of_one_colour_is_told_of(painted: Any) -> None:
    found, told = painted(np.full((1, 1, 3), 70, np.uint8), steps=5)
    assert sum("a style picture is of one colour" in line for line in told) == 1
    assert found.std() > 0


@pytest.mark.parametrize("scale", [3, 8])
def test_a_style_too_small_for_its_scale_is_told_of(painted: Any, scale: float) -> None:
    _, told = painted(strokes(200, 200), style_scale=scale, steps=1)
    assert (
        sum(f"--style-scale {scale} asks for a style picture of {96 * scale} pixels" in t for t in told) == 1
    )
    _, told = painted(strokes(200, 200), style_scale=2, steps=1)
    assert not any("--style-scale" in line for line in told)
