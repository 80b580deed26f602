"""Folders and patterns of pictures are read in their order, as clips."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clip_makers import random_pixels, scene
from heic_maker import heic
from PIL import Image

from vidstyle.errors import MediaError
from vidstyle.video.pictures import natural_key, write_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.sequences import media_of_folder, pictures_of_folder


def numbered(folder: Path, names: list[str]) -> Path:
    """Pictures whose grey level is their place in `names`."""
    folder.mkdir(exist_ok=True)
    for level, name in enumerate(names):
        write_picture(folder / name, np.full((3, 8, 10), level, np.uint8))
    return folder


def levels(path: Path) -> list[int]:
    return [int(frame.pixels[0, 0, 0]) for frame in open_clip(path).frames()]


def test_natural_order() -> None:
    names = ["b1", "img10", "img2", "img01", "img1b", "2", "10"]
    assert sorted(names, key=natural_key) == ["2", "10", "b1", "img01", "img1b", "img2", "img10"]


def test_signs_that_count_but_are_no_digits(tmp_path: Path) -> None:
    assert levels(numbered(tmp_path / "in", ["1²a.png", "2.png", "①1.png"])) == [0, 1, 2]


def test_a_folder(tmp_path: Path) -> None:
    folder = numbered(tmp_path / "a", ["img1.png", "img2.png", "img10.png", "img11.tif"])
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(b"not looked at")
    clip = open_clip(folder)
    assert (clip.kind, clip.frame_count, clip.frame_count_exact) == ("sequence", 4, True)
    assert (clip.frame_rate, clip.duration_seconds) == (25, Fraction(4, 25))
    assert levels(folder) == [0, 1, 2, 3]
    frames = list(open_clip(folder, fps=Fraction(30000, 1001)).frames(1, 3))
    assert [(f.index, f.pts_seconds, f.duration) for f in frames] == [
        (1, Fraction(1001, 30000), 1),
        (2, Fraction(2002, 30000), 1),
    ]


def test_patterns(tmp_path: Path) -> None:
    folder = numbered(tmp_path, ["f0008.png", "f0009.png", "f0010.png", "f11.png", "g0001.png", "f10000.png"])
    assert levels(folder / "f%04d.png") == [0, 1, 2, 5]
    assert levels(folder / "f%d.png") == [3, 5]
    assert levels(folder / "g%04d.png") == [4]
    with pytest.raises(MediaError, match=r"h%04d\.png"):
        open_clip(folder / "h%04d.png")
    with pytest.raises(MediaError, match="does not exist"):
        open_clip(folder / "nowhere" / "h%04d.png")


def test_sizes_must_agree(tmp_path: Path) -> None:
    folder = numbered(tmp_path / "a", ["1.png", "2.png"])
    write_picture(folder / "3.png", np.zeros((3, 9, 10), np.uint8))
    with pytest.raises(MediaError) as error:
        open_clip(folder)
    for word in ("1.png", "3.png", "10x8", "10x9"):
        assert word in str(error.value)


def test_empty_folder_and_broken_member(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(MediaError, match="no pictures"):
        open_clip(tmp_path / "empty")
    folder = numbered(tmp_path / "a", ["1.png", "2.png"])
    (folder / "2.png").write_bytes((folder / "2.png").read_bytes()[:-5])
    with pytest.raises(MediaError, match=r"2\.png"):
        open_clip(folder)


def test_a_still_keeps_its_alpha(tmp_path: Path) -> None:
    pixels, alpha = random_pixels(), random_pixels(channels=1)
    write_picture(tmp_path / "a.png", pixels, alpha)
    clip = open_clip(tmp_path / "a.png")
    assert (clip.kind, clip.frame_count, clip.frame_rate, clip.has_alpha) == ("still", 1, None, True)
    (frame,) = clip.frames()
    assert frame.alpha is not None
    assert (frame.alpha == alpha).all()
    assert (frame.pixels == pixels).all()


def test_digest_of_a_sequence(tmp_path: Path) -> None:
    one = open_clip(numbered(tmp_path / "a", ["1.png", "2.png"])).digest()
    assert open_clip(numbered(tmp_path / "b", ["1.png", "2.png"])).digest() == one
    assert open_clip(numbered(tmp_path / "c", ["1.png", "3.png"])).digest() != one
    write_picture(tmp_path / "b" / "2.png", np.full((3, 8, 10), 77, np.uint8))
    assert open_clip(tmp_path / "b").digest() != one


def test_what_a_folder_holds_is_taken_or_named(tmp_path: Path) -> None:
    made = Image.fromarray(scene(32, 24, 0))
    for name, kind in (("1.jfif", "JPEG"), ("2.JPG", "JPEG"), ("3.JPE", "JPEG"), ("4.AVIF", "AVIF")):
        made.save(tmp_path / name, kind)
    (tmp_path / "5.HEIC").write_bytes(heic(scene(128, 128, 0)))
    for name in (".hidden", "notes.txt", "a.psd", "b.mp4", "c.cr3"):
        (tmp_path / name).write_text("")
    told: list[str] = []
    names = ["1.jfif", "2.JPG", "3.JPE", "4.AVIF", "5.HEIC"]
    assert [path.name for path in pictures_of_folder(tmp_path, told.append)] == names
    assert told == [f"{tmp_path}: left out, by their names: a.psd, b.mp4, c.cr3 and 1 more"]
    assert [path.name for path in media_of_folder(tmp_path, told.append)] == [*names, "b.mp4"]
    assert told[1:] == [f"{tmp_path}: left out, by their names: a.psd, c.cr3, notes.txt"]
    (tmp_path / "5.HEIC").unlink()
    clip = open_clip(tmp_path)
    assert len(list(clip.frames())) == 4
    assert clip.notices == told[:1]
