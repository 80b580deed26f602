"""Deep feature interpolation through the spine: resumed, its sets in the fingerprint, its files beside."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidstyle
from tests.pipeline.painting import assert_resumes, pictures
from tests.video.clip_makers import write_image
from vidstyle.errors import JobMismatch, MediaError, WeightsError
from vidstyle.job import JobStore
from vidstyle.methods.dfi import landmarks
from vidstyle.video.pictures import read_picture

Edit = Callable[..., Path]


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Two folders of noise, a dark one and a bright one, and a list of both."""
    rng, rows = np.random.default_rng(0), ["path,bright"]
    for kind in (0, 1):
        folder = tmp_path / ("dark", "bright")[kind]
        folder.mkdir()
        for i in range(6):
            pixels = rng.integers(120 * kind, 130 + 120 * kind, (30, 44, 3), np.uint8)
            write_image(folder / f"{i}.png", pixels)
            rows.append(f"{folder.name}/{i}.png,{kind}")
    (tmp_path / "list.csv").write_text("\n".join(rows))
    return tmp_path


@pytest.fixture
def edit(sets: Path, quick: dict[str, Any]) -> Edit:
    """edit(SOURCE, OUTPUT, SETTING=VALUE...) with a thin network and few steps; paths are relative."""
    both = {"source": "dark", "target": "bright"}

    def run(source: Path | str, output: str, /, **settings: Any) -> Path:
        origin = {} if {"attribute", "vector", "inpaint"} & set(settings) else both
        return vidstyle.dfi(source, output, **(quick | {"steps": 3} | origin | settings))

    return run


@pytest.fixture
def still(sets: Path) -> Path:
    return write_image(sets / "still.png", np.random.default_rng(1).integers(60, 190, (32, 48, 3), np.uint8))


def test_stopped_anywhere_it_goes_on_as_if_it_had_not(edit: Edit, clip: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"frames": ":5", "cut": (3,), "history": (1, 2)}
    parts = assert_resumes(partial(edit, "clip.mp4"), [1] * 3, "frames", "carry", **settings)
    assert JobStore.load(tmp_path / "parts.mkv.vidstyle").settings["method"] == "dfi"
    assert np.mean(pictures(parts)) > np.mean(pictures(clip)[:5])  # brighter, as the target is


def test_a_set_is_known_by_what_is_in_it(edit: Edit, still: Path, sets: Path) -> None:
    edit(still, "out.png")
    (sets / "moved").mkdir()
    (sets / "bright").rename(sets / "moved" / "light")
    edit(still, "out.png", target="moved/light", cache=False)
    with pytest.raises(JobMismatch, match="neighbors: 100 -> 5"):
        edit(still, "out.png", target="moved/light", neighbors=5)
    write_image(sets / "moved" / "light" / "0.png", np.zeros((30, 44, 3), np.uint8))
    with pytest.raises(JobMismatch, match="--target light has changed"):
        edit(still, "out.png", target="moved/light")
    with pytest.raises(JobMismatch, match="--source: dark -> light"):
        edit(still, "out.png", source="moved/light", target="dark")
    (sets / "moved" / "light" / "0.png").unlink()
    with pytest.raises(JobMismatch, match="--target light has changed"):
        edit(still, "out.png", target="moved/light")


def test_a_mask_keeps_the_rest_as_it_was_in_every_frame_and_at_every_strength(
    edit: Edit, still: Path, sets: Path
) -> None:
    mask = np.zeros((32, 48, 3), np.uint8)
    mask[8:24, 10:30] = 255
    write_image(sets / "mask.png", mask)
    (sets / "seq").mkdir()
    for index in range(3):
        (sets / "seq" / f"{index}.png").write_bytes(still.read_bytes())
    edit("seq", "out_%d.png", mask="mask.png", mask_feather=0)
    edit(still, "still_out.png", mask="mask.png", strength=(0.5, 1.0))
    original, keep = read_picture(still)[0], mask[..., 0] == 0
    for name in ("out_0.png", "out_2.png", "still_out.png", "still_out_0.5.png"):
        found = read_picture(sets / name)[0]
        assert np.array_equal(found[:, keep], original[:, keep])
        assert np.mean(found[:, ~keep]) > np.mean(original[:, ~keep])


def test_every_strength_of_a_still_and_its_vector(edit: Edit, still: Path, sets: Path) -> None:
    edit(still, "out.png", strength=(-0.5, 0.0, 1.0), save_vector="light.safetensors")
    names = ["out_-0.5.png", "out_0.png", "out.png"]
    darker, same, brighter = (read_picture(sets / name)[0] for name in names)
    original = read_picture(still)[0]
    assert np.mean(darker) < np.mean(original) < np.mean(brighter)
    assert np.array_equal(same, original)
    strip = read_picture(sets / "out_strip.png")[0]
    assert strip.shape == (3, 32, 4 * 48 + 3 * 4)
    assert np.array_equal(strip[:, :, :48], original) and np.array_equal(strip[:, :, -48:], brighter)

    lines: list[str] = []
    edit(still, "out.png", strength=(-0.5, 0.0, 1.0), save_vector="light.safetensors", notice=lines.append)
    assert any("nothing to do" in line for line in lines)
    edit(still, "again.png", vector="light.safetensors", steps=9)
    edit(still, "first.png", steps=9)
    again, first = (read_picture(sets / name)[0].astype(int) for name in ("again.png", "first.png"))
    assert np.abs(again - first).max() <= 1
    with pytest.raises(WeightsError, match="made with other features"):
        edit(still, "other.png", vector="light.safetensors", features="bundled")


def test_a_vector_asked_for_later_is_written(edit: Edit, still: Path, sets: Path) -> None:
    edit(still, "out.png")
    edit(still, "out.png", save_vector="late.safetensors")
    assert (sets / "late.safetensors").is_file()


def test_lists_and_several_attributes(edit: Edit, still: Path, sets: Path) -> None:
    edit(still, "folders.png")
    edit(
        still,
        "list.png",
        source="list.csv",
        target="list.csv",
        where_source="bright=0",
        where_target="bright=1",
    )
    edit(still, "named.png", attribute=("light=dark:bright",))
    edit(still, "none.png", attribute=("light=dark:bright", "less=bright:dark"))
    found = {path.stem: read_picture(path)[0] for path in sets.glob("*.png")}
    for name in ("list", "named"):
        assert np.array_equal(found["folders"], found[name])
    assert np.array_equal(found["none"], found["still"])
    with pytest.raises(JobMismatch, match=r"--attribute\.light\.source: dark -> bright"):
        edit(still, "named.png", attribute=("light=bright:bright",))


def test_a_mask_and_a_hole(edit: Edit, still: Path, sets: Path) -> None:
    white = np.zeros((32, 48, 3), np.uint8)
    white[8:20, 10:30] = 255
    write_image(sets / "white.png", white)
    original, inside = read_picture(still)[0], white[..., 0] > 0
    edit(still, "masked.png", mask="white.png")
    edit(still, "filled.png", inpaint="white.png", source="dark")
    for name in ("masked.png", "filled.png"):
        result = read_picture(sets / name)[0]
        changed = (result != original).any(axis=0)
        assert not changed[~inside].any() and changed[inside].any()


def test_sets_are_brought_onto_landmarks(edit: Edit, still: Path, sets: Path) -> None:
    rows = [f"{kind}/{i}.png,10,10,30,10" for kind in ("dark", "bright") for i in range(6)]
    head = "path,x1,y1,x2,y2"
    (sets / "marks.csv").write_text("\n".join([head, "still.png,11,11,33,11", *rows]))
    edit(still, "plain.png")
    edit(still, "aligned.png", align="marks.csv")
    assert not np.array_equal(*(read_picture(sets / f"{name}.png")[0] for name in ("plain", "aligned")))
    (sets / "few.csv").write_text("\n".join([head, *rows]))
    with pytest.raises(MediaError, match=r"still\.png has no landmarks in few\.csv"):
        edit(still, "other.png", align="few.csv")


def test_eyes_that_are_found_do_what_listed_ones_do(
    edit: Edit, still: Path, sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finder is stood in for by what it would find; one picture of a set has no face."""
    own, theirs = np.array([[11.0, 11], [33, 11]]), np.array([[10.0, 10], [30, 10]])
    whose = {read_picture(still)[0].tobytes(): own, read_picture(sets / "dark" / "3.png")[0].tobytes(): None}
    monkeypatch.setattr(landmarks, "find_eyes", lambda pixels: whose.get(pixels.tobytes(), theirs))
    monkeypatch.setattr(landmarks, "check_detectors", lambda: None)
    rows = [f"{kind}/{i}.png,10,10,30,10" for kind in ("dark", "bright") for i in range(6)]
    rows.remove("dark/3.png,10,10,30,10")
    (sets / "marks.csv").write_text("\n".join(["path,x1,y1,x2,y2", "still.png,11,11,33,11", *rows]))
    lines: list[str] = []
    edit(still, "found.png", align="auto", notice=lines.append)
    edit(still, "listed.png", align="marks.csv")
    assert np.array_equal(*(read_picture(sets / f"{name}.png")[0] for name in ("found", "listed")))
    assert any("by their eyes" in line for line in lines)
    assert any(re.search(r"skipped .*3\.png: no face with two eyes", line) for line in lines)
    with pytest.raises(MediaError, match=r"no face with two eyes was found in .*3\.png; --align LIST"):
        edit(sets / "dark" / "3.png", "other.png", align="auto")


def test_features_are_kept_unless_not_wanted(
    edit: Edit, still: Path, sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDSTYLE_CACHE", str(sets / "cache"))
    edit(still, "first.png", cache=False)
    assert not (sets / "cache" / "features").exists()
    edit(still, "second.png")
    assert len(list((sets / "cache" / "features").rglob("*.npy"))) == 24  # of each a summary, and all of it
    assert np.array_equal(*(read_picture(sets / name)[0] for name in ("first.png", "second.png")))


def test_a_broken_picture_is_left_out_and_named(edit: Edit, still: Path, sets: Path) -> None:
    (sets / "dark" / "7.png").write_bytes(b"nothing")
    lines: list[str] = []
    edit(still, "out.png", notice=lines.append)
    assert any("dark: skipped dark/7.png" in line for line in lines)
