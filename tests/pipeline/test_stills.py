"""--save-every: the pictures that a still goes through, beside a result that is the same as without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vidstyle
from tests.pipeline.painting import Paint, StopWhileEncoding, noise, stopped
from vidstyle.errors import OutputError, UsageError
from vidstyle.image.colour import luminance
from vidstyle.image.convert import to_float
from vidstyle.pipeline import resume
from vidstyle.video.pictures import read_picture, write_picture


@pytest.fixture
def still(tmp_path: Path) -> Path:
    return noise(tmp_path / "still.png", 1, (32, 48))


def beside(name: str) -> list[str]:
    return sorted(path.name for path in Path().glob(f"{name}*") if path.is_file())


def pixels(name: str) -> np.ndarray:
    return read_picture(name)[0]


def test_every_so_many_steps_and_the_last_is_the_result(paint: Paint, still: Path) -> None:
    settings: dict[str, Any] = {"steps": 7, "tolerance": 0.0}
    paint(still, "plain.png", **settings)
    paint(still, "out.png", save_every=2, **settings)
    assert beside("out") == ["out.png", "out_0002.png", "out_0004.png", "out_0006.png"]
    assert Path("out.png").read_bytes() == Path("plain.png").read_bytes()
    steps = [pixels(f"out_000{n}.png").astype(int) for n in (2, 4, 6)]
    result = pixels("out.png").astype(int)
    away = [float(np.abs(step - result).mean()) for step in steps]
    assert away[0] > away[1] > away[2] > 0
    paint(still, "whole.png", save_every=7, **settings)
    assert Path("whole_0007.png").read_bytes() == Path("whole.png").read_bytes()


def test_of_small_sizes_they_are_as_large_as_the_result(paint: Paint, tmp_path: Path) -> None:
    """200 pixels are painted at 128 first: 5 steps there, and 6 at full size."""
    paint(noise(tmp_path / "large.png", 2, (20, 200)), "out.png", steps=6, tolerance=0.0, save_every=3)
    assert beside("out_") == ["out_0003.png", "out_0006.png", "out_0009.png"]
    assert {pixels(name).shape for name in beside("out")} == {(3, 20, 200)}
    away = [np.abs(pixels(name).astype(int) - pixels("out.png")).mean() for name in beside("out_")]
    assert away[0] > away[1] > away[2] > 0


def test_they_keep_the_colours_and_the_transparency_that_the_result_has(paint: Paint, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    alpha = rng.integers(0, 255, (1, 32, 48), np.uint8)
    write_picture(tmp_path / "clear.png", rng.integers(90, 160, (3, 32, 48), np.uint8), alpha)
    paint(tmp_path / "clear.png", "out.png", color="content", steps=4, tolerance=0.0, save_every=2)
    content = to_float(pixels("clear.png"))
    for name in ("out_0002.png", "out_0004.png"):
        found = to_float(pixels(name))
        chroma = (found - luminance(found)) - (content - luminance(content))
        assert float(chroma.abs().max()) < 2 / 255
        assert np.array_equal(read_picture(name)[1], alpha)
    assert Path("out_0004.png").read_bytes() == Path("out.png").read_bytes()


def test_files_of_the_users_are_spared(paint: Paint, still: Path) -> None:
    Path("out_0002.png").write_bytes(b"mine")
    Path("out_0003.png").write_bytes(b"mine")
    Path("out_00004.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"out_0002.png exists; give another name, or --overwrite"):
        paint(still, "out.png", save_every=2, steps=4)
    assert not Path("out.png").exists() and Path("out_0002.png").read_bytes() == b"mine"
    paint(still, "out.png", save_every=2, steps=4, overwrite=True)
    assert pixels("out_0002.png").shape == (3, 32, 48)
    assert Path("out_0003.png").read_bytes() == Path("out_00004.png").read_bytes() == b"mine"


def test_what_the_run_reads_is_spared_even_with_overwrite(paint: Paint, still: Path) -> None:
    still.rename("out_0002.png")
    before = Path("out_0002.png").read_bytes()
    with pytest.raises(UsageError, match=r"out_0002.png is read by this run"):
        paint(Path("out_0002.png"), "out.png", save_every=2, overwrite=True)
    assert Path("out_0002.png").read_bytes() == before


def test_its_own_are_written_again_and_nothing_is_left_over(paint: Paint, still: Path) -> None:
    settings: dict[str, Any] = {"steps": 4, "tolerance": 0.0, "save_every": 2}
    paint(still, "out.png", **settings)
    before = {name: Path(name).read_bytes() for name in beside("out")}
    Path("out_0004.png").unlink()
    for name in (".out_0002.0123abcd.png", ".out_0004.0123abcd.png"):
        Path(name).write_bytes(b"half")  # as a killed run leaves it
    Path(".other_0002.0123abcd.png").write_bytes(b"of another run")
    paint(still, "out.png", **settings)  # painted anew, because a file of the result is gone
    assert {name: Path(name).read_bytes() for name in beside("out")} == before
    assert [path.name for path in Path().glob(".o*")] == [".other_0002.0123abcd.png"]


def test_asked_for_later_or_stopped_before_the_end_they_come_all_the_same(
    paint: Paint, still: Path, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"steps": 4, "tolerance": 0.0, "keep": True}
    paint(still, "out.png", **settings)
    result = Path("out.png").read_bytes()
    paint(still, "out.png", save_every=4, **settings)
    assert beside("out_") == ["out_0004.png"] and Path("out.png").read_bytes() == result

    stopped(paint, StopWhileEncoding(), still, "other.png", save_every=2, **settings)
    Path("other_0002.png").unlink()
    resume(tmp_path / "other.png.vidstyle")
    assert beside("other") == ["other.png", "other_0002.png", "other_0004.png"]
    assert Path("other.png").read_bytes() == result


def test_a_texture_shows_its_steps_too(style: Path, quick: dict[str, Any]) -> None:
    settings = quick | {"steps": 4, "size": "128x64", "tile": True}
    vidstyle.texture(style, "plain.png", **settings)
    vidstyle.texture(style, "out.png", save_every=5, **settings)  # 6 steps at half size, 4 at the full
    assert beside("out_") == ["out_0005.png", "out_0010.png"]
    assert Path("out.png").read_bytes() == Path("plain.png").read_bytes() == Path("out_0010.png").read_bytes()
    half = torch.from_numpy(pixels("out_0005.png").astype(np.float32))
    inside = float(torch.diff(half, dim=2).square().mean())
    seam = float((half[:, :, 0] - half[:, :, -1]).square().mean())
    assert half.shape == (3, 64, 128) and seam < 3 * inside  # enlarged as a tile


@pytest.mark.parametrize("output", ["out.mp4", "frames", "f_%04d.png", "out.webp", "out.gif"])
def test_clips_are_refused(paint: Paint, clip: Path, output: str) -> None:
    with pytest.raises(UsageError, match=r"--save-every is for stills, and .* is none; --frames 5:6"):
        paint(clip, output, save_every=2)
    paint(clip, "one.png", save_every=2, frames="3:4", steps=2, tolerance=0.0)
    assert beside("one_") == ["one_0002.png"]
