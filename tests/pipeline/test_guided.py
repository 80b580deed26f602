"""Label maps and masks through the spine: carried, resumed, exact where nothing is painted, refused."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

import vidstyle
from tests.pipeline.painting import Paint, StopAfter, assert_resumes, pictures, stored
from tests.video.clip_makers import make_video, write_image
from vidstyle.errors import InputError, JobMismatch

RED, BLUE = (255, 0, 0), (0, 0, 255)


def halves(width: int = 48, height: int = 32, at: int | None = None) -> np.ndarray:
    """Red on the left, blue on the right, (H, W, 3)."""
    found = np.zeros((height, width, 3), np.uint8)
    found[:] = RED
    found[:, width // 2 if at is None else at :] = BLUE
    return found


@pytest.fixture
def maps(tmp_path: Path) -> dict[str, Any]:
    """Settings that paint the halves of a frame by the halves of the style picture (50x40)."""
    return {
        "labels": str(write_image(tmp_path / "labels.png", halves())),
        "style_labels": (str(write_image(tmp_path / "style_labels.png", halves(50, 40))),),
    }


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    white = np.zeros((32, 48, 3), np.uint8)
    white[8:24, 12:36] = 255
    return write_image(tmp_path / "mask.png", white)


def test_stopped_and_resumed_a_carried_map_and_mask_give_the_same(
    paint: Paint, clip: Path, tmp_path: Path, maps: dict[str, Any], mask: Path
) -> None:
    settings = {**maps, "mask": str(mask), "passes": 2}
    assert_resumes(partial(paint, clip), (1, 3, 2, 4, 3), "frames-2", "carry-2", **settings)
    carry = load_file(tmp_path / "whole.mkv.vidstyle" / "carry-2" / "00000007.safetensors")
    assert carry["map_place"].shape == (2, 32, 48)


def test_regions_reach_the_painting_and_content_counts(
    paint: Paint, clip: Path, tmp_path: Path, maps: dict[str, Any]
) -> None:
    frames = []
    for settings in ({}, maps):
        paint(clip, "out.mp4", keep=True, restart=True, frames=":2", **settings)
        frames.append(stored(tmp_path / "out.mp4.vidstyle"))
    assert frames[0] != frames[1]
    write_image(Path(maps["labels"]), halves(at=10))
    with pytest.raises(JobMismatch, match=r"--labels labels\.png has changed"):
        paint(clip, "out.mp4", keep=True, frames=":2", **maps)


def test_a_map_for_every_frame(paint: Paint, clip: Path, tmp_path: Path, maps: dict[str, Any]) -> None:
    folder = tmp_path / "maps"
    folder.mkdir()
    for index in range(8):
        write_image(folder / f"{index}.png", halves(at=10 + 4 * index))
    paint(clip, "folder.mp4", keep=True, **{**maps, "labels": str(folder)})
    paint(clip, "pattern.mp4", keep=True, **{**maps, "labels": str(folder / "%d.png")})
    assert stored(tmp_path / "folder.mp4.vidstyle") == stored(tmp_path / "pattern.mp4.vidstyle")
    (folder / "7.png").unlink()
    with pytest.raises(InputError, match="has no map for frame 7"):
        paint(clip, "few.mp4", **{**maps, "labels": str(folder)})
    frames = tmp_path / "frames"
    frames.mkdir()
    for index in range(9):
        write_image(frames / f"{index}.png", halves())
    with pytest.raises(InputError, match="has 7 maps for 9 frames"):  # known before anything is painted
        paint(frames, "few", **{**maps, "labels": str(folder)})


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_a_mask_spares_is_the_source_bit_for_bit(
    paint: Paint, tmp_path: Path, mask: Path, dtype: type[np.generic]
) -> None:
    rng = np.random.default_rng(2)
    still = write_image(tmp_path / "in.png", rng.integers(0, np.iinfo(dtype).max, (32, 48, 3)).astype(dtype))
    (before,), (after,) = pictures(still), pictures(paint(still, "out.png", mask=str(mask), init="noise"))
    assert after.dtype == dtype
    white = pictures(mask)[0][0] > 0
    assert np.array_equal(after[:, ~white], before[:, ~white])
    assert (after[:, white] != before[:, white]).mean() > 0.9


def test_another_mask_or_feather_repaints_nothing(
    paint: Paint, clip: Path, tmp_path: Path, mask: Path
) -> None:
    settings = {"mask": str(mask), "keep": True, "codec": "ffv1"}
    first = pictures(paint(clip, "out.mkv", **settings))
    painted = StopAfter(0)
    second = pictures(paint(clip, "out.mkv", **settings, mask_feather=0, progress=painted))
    write_image(mask, np.full((32, 48, 3), 255, np.uint8))
    third = pictures(paint(clip, "out.mkv", **settings, mask_feather=0, progress=painted))
    assert painted.left == 0
    assert not np.array_equal(first[3], second[3]) and not np.array_equal(second[3], third[3])


def test_after_a_cut_a_single_map_is_no_more(
    paint: Paint, tmp_path: Path, maps: dict[str, Any], mask: Path
) -> None:
    clip = make_video(tmp_path / "v.mp4", size=(48, 32), count=6)
    lines: list[str] = []
    out = paint(
        clip, "out.mkv", cut=(3,), codec="ffv1", mask=str(mask), init="noise", **maps, notice=lines.append
    )
    assert [line for line in lines if "a shot begins at frame 3" in line]
    before, after = pictures(clip), pictures(out)
    changed = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert changed == [True] * 3 + [False] * 3  # ffv1 in RGB keeps pixels


def test_a_colour_that_no_style_has_is_named_once(
    paint: Paint, clip: Path, tmp_path: Path, maps: dict[str, Any]
) -> None:
    extra = halves()
    extra[:10, :10] = (0, 255, 0)
    write_image(Path(maps["labels"]), extra)
    lines: list[str] = []
    paint(clip, "out.mp4", frames=":3", **maps, notice=lines.append)
    assert len([line for line in lines if "#00ff00" in line]) == 1


def test_a_doodle_has_the_size_of_its_map(style: Path, maps: dict[str, Any], quick: dict[str, Any]) -> None:
    doodle = partial(vidstyle.texture, style, loss="gram+patch", **maps, **quick)
    assert pictures(doodle("t.png"))[0].shape == (3, 32, 48)
    assert pictures(doodle("u.png", size="60x40"))[0].shape == (3, 40, 60)
    with pytest.raises(InputError, match="both must have one shape"):
        doodle("v.png", size="60x60")
    assert len(pictures(doodle("w.mkv", frames=3))) == 3
