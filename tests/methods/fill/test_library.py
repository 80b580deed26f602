"""Holes filled from a library: the right picture is found, put in its place and blended."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
import torch

from tests.video.clip_makers import make_video, write_image
from vidstyle.cli import main
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.smooth import median
from vidstyle.methods.fill.index import Index
from vidstyle.video.pictures import read_picture

HOLE = slice(50, 80), slice(60, 100)


def view(seed: int) -> torch.Tensor:
    """A wide scene of forms in many sizes, float32 (3, 150, 220)."""
    random = torch.Generator().manual_seed(seed)
    waves = [
        torch.nn.functional.interpolate(
            torch.rand(1, 3, side, side * 3 // 2, generator=random), (150, 220), mode="bicubic"
        )[0].clamp(0, 1)
        for side in (3, 8, 20)
    ]
    return sum(waves) / 3


def written(path: str, picture: torch.Tensor) -> Path:
    Path(path).parent.mkdir(exist_ok=True, parents=True)
    return write_image(Path(path), to_uint8(picture).transpose(1, 2, 0)[..., ::-1])


@pytest.fixture
def library(alone: None, monkeypatch: pytest.MonkeyPatch) -> torch.Tensor:
    """The scene; of other scenes, and in a folder of its own of this one, shifted and darker, a library."""
    monkeypatch.setenv("VIDSTYLE_CACHE", "cache")
    whole = view(0)
    for seed in range(1, 5):
        written(f"library/{seed}.png", view(seed)[:, :120, :160])
    written("library/deeper/same.jpg", 0.9 * whole[:, 11:131, 25:185])
    scene = whole[:, 15:135, 20:180]
    covered = scene.clone()
    covered[:, HOLE[0], HOLE[1]] = torch.rand(3, 30, 40)
    written("library/photo.png", covered)  # the picture itself may lie there, too
    mask = torch.zeros(3, 120, 160)
    mask[:, HOLE[0], HOLE[1]] = 1
    written("mask.png", mask)
    return scene


def asked(*more: str) -> list[str]:
    return ["fill", "library/photo.png", "--mask", "mask.png", "--grow", "0", "--by", "library", *more]


def test_the_scene_itself_is_found_moved_and_lightened(
    library: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked("--library", "library", "--candidates", "4", "-o", "out.png")) == 0
    assert "filled from deeper/same.jpg" in capsys.readouterr().err
    made = to_float(read_picture("out.png")[0])
    assert float((made - library)[:, HOLE[0], HOLE[1]].abs().mean()) < 0.02
    # Around the hole the seam is where it shows least, beyond that nothing changes.
    before = to_float(read_picture("library/photo.png")[0])
    assert torch.equal(made[:, :30], before[:, :30])
    assert not torch.equal(made[:, 40:50], before[:, 40:50])
    assert read_picture("out_candidates.png")[0].shape[2] > 4 * 160
    assert main(asked("--library", "library", "--choose", "2", "-o", "other.png")) == 0
    other = to_float(read_picture("other.png")[0])
    assert float((other - library)[:, HOLE[0], HOLE[1]].abs().mean()) > 0.04
    assert main(asked("--library", "library", "--choose", "9", "-o", "none.png")) == 1
    assert "--choose 9: --library" in capsys.readouterr().err and not Path("none.png").exists()


def test_where_nothing_is_like_the_scene_that_is_said(
    library: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("library/deeper/same.jpg").unlink()
    for seed in range(1, 5):
        written(f"library/{seed}.png", 0.2 * view(seed))
    assert main(asked("--library", "library", "-o", "out.png")) == 0
    assert "nothing in library is like this scene" in capsys.readouterr().err


def test_the_median_is_that_of_twenty_five_pixels() -> None:
    plane = torch.rand(1, 9, 7, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(plane[None], (2, 2, 2, 2), mode="replicate")
    assert torch.equal(median(plane), torch.nn.functional.unfold(padded, 5)[0].median(0).values.view(1, 9, 7))


def test_a_library_of_the_picture_alone_is_refused(
    library: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("copies").mkdir()
    Path("copies/copy.png").write_bytes(Path("library/photo.png").read_bytes())
    assert main(asked("--library", "copies", "-o", "out.png")) == 1
    assert "copy.png is this very picture" in capsys.readouterr().err and not Path("out.png").exists()


def test_only_what_is_new_is_looked_at(library: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    from vidstyle.methods.fill import index

    looked: list[str] = []
    real = index._looks
    monkeypatch.setattr(index, "_looks", lambda path: looked.append(path.name) or real(path))
    told: list[str] = []
    first = Index(Path("library"), told.append)
    before = first.digest()
    assert first.count == len(looked) == 6
    Path("library/1.png").unlink()
    written("library/2.png", view(7))
    os.utime("library/2.png", ns=(1, 1))
    Path("library/broken.jpg").write_bytes(b"no picture")
    second = Index(Path("library"), told.append)
    assert looked[6:] == ["2.png", "broken.jpg"] and second.count == 5 and "broken.jpg" in told[-1]
    assert second.digest() != before
    paths, looks = next(second.looks())
    assert len(paths) == len(looks) == 5 and Path("library/deeper/same.jpg") in paths
    Index(Path("library"), told.append)
    assert len(looked) == 8
    base = first._base
    del first
    for closed in (base, second._base):
        second.close()
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            closed.execute("SELECT 1")
    (kept,) = Path("cache/libraries").iterdir()
    kept.write_bytes(b"damaged" * 100)
    assert Index(Path("library"), told.append).count == 5


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--library", "empty"], 1, "holds no pictures"),
        (["--library", "nowhere"], 1, "nowhere is no folder of pictures"),
        ([], 2, "give --library FOLDER"),
        (["--library", "library", "--by", "patches"], 2, "go with --by library"),
        (["--library", "library", "--candidates", "21"], 2, "at most 20"),
    ],
)
def test_bad_libraries_are_told(
    library: torch.Tensor, words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    assert main(asked(*words, "-o", "out.png")) == code
    assert told in capsys.readouterr().err and not Path("out.png").exists()


def test_a_clip_is_not_filled_from_a_library(
    library: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    make_video(Path("clip.mp4"), size=(160, 120), count=2)
    words = ["fill", "clip.mp4", "--mask", "mask.png", "--by", "library", "--library", "library"]
    assert main([*words, "-o", "out.mp4"]) == 2
    assert "clip.mp4 is a clip" in capsys.readouterr().err
