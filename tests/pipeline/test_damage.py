"""Painted frames that are damaged on disk: named and painted anew in the same run; the result is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.painting import Paint, StopAfter, StopWhileEncoding, assert_same, stopped, stored
from vidstyle.errors import JobError
from vidstyle.events import Hooks
from vidstyle.pipeline import resume
from vidstyle.pipeline import stored as stored_module

FRAMES = 8
SETTINGS = {"codec": "ffv1", "history": (1, 3)}


def stopped_after(paint: Paint, clip: Path, hook: Any, **settings: Any) -> None:
    stopped(paint, hook, clip, "parts.mkv", **(SETTINGS | settings))


def flip(path: Path, place: float = 0.5) -> None:
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 4
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [flip, cut, Path.unlink], ids=["flipped", "cut", "deleted"])
@pytest.mark.parametrize("what", ["frames/00000004.png", "frames/00000002.png", "carry/00000004.safetensors"])
def test_it_is_painted_anew_in_the_same_run(
    paint: Paint, clip: Path, tmp_path: Path, what: str, damage: Any
) -> None:
    settings = SETTINGS | {"color": "match"}
    whole = paint(clip, "whole.mkv", **settings)
    stopped_after(paint, clip, StopAfter(5), color="match")
    damage(tmp_path / "parts.mkv.vidstyle" / what)
    lines: list[str] = []
    parts = paint(clip, "parts.mkv", **settings, notice=lines.append)
    index = int(what[-12:].split(".")[0][-1]) if what.endswith("png") else 4
    named = [
        line for line in lines if line == f"painted frame {index} was damaged on disk: it is painted anew"
    ]
    assert len(named) == (0 if damage is Path.unlink and what.startswith("frames") else 1)
    assert_same(parts, whole)


@pytest.mark.parametrize("place", [0.1, 0.9])
def test_it_is_found_while_encoding(paint: Paint, clip: Path, tmp_path: Path, place: float) -> None:
    whole = paint(clip, "whole.mkv", **SETTINGS)
    stopped_after(paint, clip, StopWhileEncoding())
    job = tmp_path / "parts.mkv.vidstyle"
    before = stored(job)
    flip(job / "frames" / "00000003.png", place)
    lines: list[str] = []
    assert_same(paint(clip, "parts.mkv", **SETTINGS, keep=True, notice=lines.append), whole)
    assert "painted frame 3 was damaged on disk: it is painted anew" in lines
    # It came out as it was: what follows could stand.
    assert stored(job) == before


def test_every_bit_of_a_stored_frame_counts(paint: Paint, clip: Path, tmp_path: Path) -> None:
    """Wherever a bit is flipped, the frame is painted anew or reads the same."""
    whole = paint(clip, "whole.mkv", **SETTINGS)
    stopped_after(paint, clip, StopWhileEncoding())
    path = tmp_path / "parts.mkv.vidstyle" / "frames" / "00000007.png"
    good, size = path.read_bytes(), path.stat().st_size
    for place in [*range(0, size, size // 8), *range(size - 140, size, 35)]:
        path.write_bytes(good)
        flip(path, place / size)
        stopped_after(paint, clip, StopWhileEncoding())
    assert_same(paint(clip, "parts.mkv", **SETTINGS), whole)


def test_what_depends_on_a_frame_that_comes_out_otherwise_is_painted_anew(
    paint: Paint, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU, whose results may differ in their last bits."""
    settings = SETTINGS | {"cut": (6,), "keep": True}
    stopped_after(paint, clip, StopWhileEncoding(), cut=(6,))
    job = tmp_path / "parts.mkv.vidstyle"
    before = stored(job)
    flip(job / "frames" / "00000003.png")
    monkeypatch.setattr(stored_module, "to_uint16", lambda image: (image.numpy() * 65000).astype(np.uint16))
    paint(clip, "parts.mkv", **settings)
    after = stored(job)
    assert [name for name in before if before[name] != after[name]] == [
        f"0000000{index}.png" for index in (3, 4, 5)
    ]


def test_a_frame_without_a_checksum_is_damaged(paint: Paint, clip: Path, tmp_path: Path) -> None:
    whole = paint(clip, "whole.mkv", **SETTINGS)
    stopped_after(paint, clip, StopAfter(5))
    path = tmp_path / "parts.mkv.vidstyle" / "frames" / "00000004.png"
    path.write_bytes(path.read_bytes().split(b"\nvidstyle sha256 ")[0])
    lines: list[str] = []
    assert_same(paint(clip, "parts.mkv", **SETTINGS, notice=lines.append), whole)
    assert "painted frame 4 was damaged on disk: it is painted anew" in lines


def test_a_disk_that_damages_the_same_frame_again(
    paint: Paint, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = stored_module.save_painted

    def save_badly(job: Any, frames: Any, index: int, painted: Any, **how: Any) -> Any:
        kept = save(job, frames, index, painted, **how)
        if index == 3:
            flip(frames.frame_path(index))
        return kept

    monkeypatch.setattr("vidstyle.pipeline.painting.save_painted", save_badly)
    with pytest.raises(JobError, match="may be on a failing disk; name a directory on another with --job"):
        paint(clip, "out.mkv", **SETTINGS)


def test_a_damaged_draft(paint: Paint, clip: Path, tmp_path: Path) -> None:
    """While there is what it was made from it is painted from that, later everything is painted anew."""
    passes = SETTINGS | {"passes": 3}
    whole = paint(clip, "whole.mkv", **passes)
    job = tmp_path / "parts.mkv.vidstyle"
    stopped_after(paint, clip, StopAfter(10), passes=3)  # two frames into the second pass
    flip(job / "frames" / "00000002.png")
    stopped_after(paint, clip, StopAfter(FRAMES + 1), passes=3)  # and two into the third
    assert sorted(path.name for path in job.glob("frames*")) == ["frames-2", "frames-3"]
    flip(job / "frames-2" / "00000005.png")
    lines: list[str] = []
    assert_same(resume(job, Hooks(notice=lines.append)), whole)
    assert [line for line in lines if "anew" in line] == [
        "painted frame 5 of pass 2 was damaged on disk: it is painted anew",
        "what a damaged frame of pass 2 was made from is gone: the clip is painted anew",
    ]


def test_a_damaged_frame_of_the_last_pass_is_made_from_the_one_before(
    paint: Paint, clip: Path, tmp_path: Path
) -> None:
    passes = SETTINGS | {"passes": 2}
    whole = paint(clip, "whole.mkv", **passes)
    stopped_after(paint, clip, StopWhileEncoding(), passes=2)
    flip(tmp_path / "parts.mkv.vidstyle" / "frames-2" / "00000005.png")
    lines: list[str] = []
    assert_same(resume(tmp_path / "parts.mkv.vidstyle", Hooks(notice=lines.append)), whole)
    assert [line for line in lines if "anew" in line] == [
        "painted frame 5 of pass 2 was damaged on disk: it is painted anew"
    ]
