"""vidstyle texture through the whole program: what it makes, and what users get wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.video.clip_makers import write_image
from vidstyle.cli import main
from vidstyle.video.reader import open_clip


@pytest.fixture
def here(tmp_path: Path) -> Path:
    write_image(tmp_path / "s.png", np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8))
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


def texture(arguments: str, weights: Path) -> list[str]:
    given = ["texture", *arguments.split(), "--quiet", "--device", "cpu", "--features", str(weights)]
    return given if "--size" in arguments else [*given, "--size", "24"]


def test_a_still_a_clip_and_a_job_to_go_on_with(here: Path, thin_weights: Path) -> None:
    few = "--steps 2 --next-steps 1"
    still = f"s.png s.png -o a.png --blend 0.7,0.3 --loss patch --size 40x20 {few}"
    assert main(texture(still, thin_weights)) == 0
    clip = open_clip("a.png")
    assert (clip.width, clip.height, clip.kind) == (40, 20, "still")
    assert main(texture(f"s.png -o b.mp4 --frames 3 --tile {few}", thin_weights)) == 0
    assert len(list(open_clip("b.mp4").frames())) == 3
    assert main(["resume", "b.mp4", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("gone.png -o o.png", 1, "gone.png"),
        ("text.png -o o.png", 1, "text.png"),
        ("s.png -o o.png --size 4x400", 2, "--size"),
        ("s.png -o o.png --size big", 2, "--size"),
        ("s.png -o o.png --frames 3", 2, "more frames"),
        ("s.png -o nowhere/o.png", 1, "nowhere"),
        ("s.png -o s.png --overwrite", 2, "s.png"),
        ("s.png -o o.png --loss gram+sketch", 2, "--loss"),
        ("s.png -o o.png --loss gram+patch --layer-weights 1", 2, "--style-layers"),
        ("s.png -o o.png --blend 1,2", 2, "--blend"),
        ("s.png -o o.png --style-layers relu5_1", 2, "relu5_1"),
        ("s.png -o o.png --patch-size 0", 2, "--patch-size"),
    ],
)
def test_one_line_that_names_the_thing(
    here: Path, thin_weights: Path, arguments: str, code: int, words: str, refused: Callable[..., None]
) -> None:
    refused(code, words, *texture(arguments, thin_weights))
