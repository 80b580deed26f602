"""What is not a number ends in no result: it is an error that names the frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.pipeline.painting import Paint, pictures, stored
from tests.video.clip_makers import write_image
from vidstyle.errors import VidstyleError
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.types import Painted


@pytest.mark.parametrize("colour", [(90, 140, 60), (0, 0, 0), (255, 255, 255)])
def test_a_flat_frame_is_painted_by_wasserstein(
    paint: Paint, tmp_path: Path, colour: tuple[int, int, int]
) -> None:
    flat = write_image(tmp_path / "flat.png", np.full((32, 48, 3), colour, np.uint8))
    losses: list[float] = []
    out = paint(
        flat,
        "out.png",
        loss="wasserstein",
        photo=True,
        steps=8,
        progress=lambda event: losses.append(event.loss or 0.0),
    )
    assert 0 < losses[0] < 1e4
    assert not np.array_equal(pictures(out)[0], pictures(flat)[0])


@pytest.mark.parametrize("where", ["losses", "image"])
def test_it_is_an_error_and_nothing_is_stored_of_the_frame(
    paint: Paint, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    real = NeuralStyle.paint

    def failing(painter: NeuralStyle, content: Any, priors: Any, seed: int, draft: Any = None) -> Painted:
        painted = real(painter, content, priors, seed, draft)
        if not priors:
            return painted
        if where == "losses":
            return replace(painted, losses={**painted.losses, "style": float("inf")})
        return replace(painted, image=torch.full_like(painted.image, float("nan")))

    monkeypatch.setattr(NeuralStyle, "paint", failing)
    with pytest.raises(VidstyleError, match="frame 1 gave what is not a number"):
        paint(clip, "out.mkv", codec="ffv1")
    names = set(stored(tmp_path / "out.mkv.vidstyle"))
    assert names and all(name.startswith("00000000") for name in names)
    assert not (tmp_path / "out.mkv").exists()
    monkeypatch.undo()
    assert len(pictures(paint(clip, "out.mkv", codec="ffv1"))) == 8
