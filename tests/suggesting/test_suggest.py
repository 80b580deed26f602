"""Frames that are worth painting: those that show what others hide."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import vidstyle
from vidstyle.cli import main
from vidstyle.errors import MediaError
from vidstyle.video.pictures import read_picture, write_picture


def texture(seed: int, width: int) -> np.ndarray:
    rough = np.random.default_rng(seed).random((72, width, 3))
    smooth = cv2.GaussianBlur(rough, (0, 0), 2)
    spread = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return np.ascontiguousarray((255 * spread).astype(np.uint8).transpose(2, 0, 1))


@pytest.fixture
def clip(tmp_path: Path, alone: None) -> Path:
    """A pan over three widths of a frame, then a short shot in which nothing moves."""
    folder, world, other = tmp_path / "clip", texture(1, 96 * 3), 255 - texture(2, 96)
    folder.mkdir()
    for index in range(33):
        write_picture(folder / f"{index:03d}.png", np.ascontiguousarray(world[:, :, 6 * index :][:, :, :96]))
    for index in range(33, 40):
        write_picture(folder / f"{index:03d}.png", other)
    return folder


def numbers(folder: Path) -> list[int]:
    return sorted(int(path.stem.removeprefix("frame_")) for path in folder.iterdir())


def test_a_pan_is_spread_over_and_every_shot_has_one(clip: Path, tmp_path: Path) -> None:
    told: list[str] = []
    vidstyle.paint("keys", clip, [], tmp_path / "three", suggest=3, cut=33, cuts=False, notice=told.append)
    found = numbers(tmp_path / "three")
    assert len(found) == 3 and sum(number >= 33 for number in found) == 1
    # Two frames of the pan show most of it where they lie about a width apart, and neither at an end.
    assert 10 <= found[1] - found[0] <= 24
    assert np.array_equal(
        read_picture(tmp_path / "three" / f"frame_{found[0]:04d}.png")[0],
        read_picture(clip / f"{found[0]:03d}.png")[0],
    )
    assert any("% of what the clip shows" in line for line in told)


def test_the_command_replaces_nothing_unasked(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["keys", str(clip), "--suggest", "1", "-o", str(tmp_path / "one"), "--frames", "33:"]
    assert main(words) == 0 and numbers(tmp_path / "one")[0] >= 33
    assert main(words) == 1 and "exists" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0


def test_a_picture_has_no_frames_to_choose(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is a picture"):
        vidstyle.paint("keys", clip / "000.png", [], tmp_path / "out", suggest=1)
