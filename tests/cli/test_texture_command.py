"""vidstyle texture through the whole program: what it makes, and what users get wrong."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from tests.video.clip_makers import write_image
from vidstyle.cli import main
from vidstyle.cli.options import option_name
from vidstyle.methods.texture.options import TextureOptions, TextureRunOptions
from vidstyle.options import EncodeOptions
from vidstyle.video.reader import open_clip


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDSTYLE_OFFLINE", "1")
    write_image(tmp_path / "s.png", np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8))
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


def run(arguments: str, weights: Path) -> int:
    given = ["texture", *arguments.split(), "--quiet", "--device", "cpu", "--features", str(weights)]
    return main(given if "--size" in arguments else [*given, "--size", "24"])


def test_a_still_a_clip_and_a_job_to_go_on_with(here: Path, thin_weights: Path) -> None:
    few = "--steps 2 --next-steps 1"
    assert run(f"s.png s.png -o a.png --blend 0.7,0.3 --loss patch --size 40x20 {few}", thin_weights) == 0
    still = open_clip("a.png")
    assert (still.width, still.height, still.kind) == (40, 20, "still")
    assert run(f"s.png -o b.mp4 --frames 3 --tile {few}", thin_weights) == 0
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
    here: Path, thin_weights: Path, arguments: str, code: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments, thin_weights) == code
    out, err = capfd.readouterr()
    assert out == "" and err.startswith("vidstyle: ") and err.count("\n") == 1 and words in err


def test_help_lists_every_option(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["texture", "--help"]) == 0
    words = set(re.findall(r"[\w-]+", capsys.readouterr().out))
    kinds = (TextureOptions, TextureRunOptions, EncodeOptions)
    assert {option_name(spec.name) for kind in kinds for spec in fields(kind)} <= words
    assert not words & {"--flow", "--passes", "--init"}
