"""Pictures of a sequence keep the numbers in their names, and their times where some are missing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from writing import convert, times

from vidstyle.errors import InputError
from vidstyle.methods.maps import MapReader, open_map
from vidstyle.pipeline.frames import cut_places, frame_range
from vidstyle.video.numbering import by_number, is_pattern, numbered, ticks
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.sequences import PictureClip


def sequence(folder: Path, pattern: str, numbers: list[int]) -> Path:
    """Pictures whose grey level is the last two digits of their number; returns the pattern."""
    folder.mkdir(exist_ok=True)
    for number in numbers:
        write_picture(folder / numbered(pattern, number), np.full((3, 16, 16), number % 100, np.uint8))
    return folder / pattern


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


SHOT = list(range(1001, 1007))


@pytest.mark.parametrize(
    ("pattern", "first", "last"),
    [
        ("f.%04d.png", "f.0007.png", "f.1001.png"),
        ("f%04d.png", "f0007.png", "f1001.png"),
        ("f.%d.png", "f.7.png", "f.1001.png"),
        ("f.####.png", "f.0007.png", "f.1001.png"),
        ("f_######.png", "f_000007.png", "f_001001.png"),
        ("f@@@@.png", "f0007.png", "f1001.png"),
        ("100%_f_%03d.png", "100%_f_007.png", "100%_f_1001.png"),
    ],
)
def test_ways_to_name_frames(tmp_path: Path, pattern: str, first: str, last: str) -> None:
    assert is_pattern(Path(pattern))
    assert [numbered(pattern, number) for number in (7, 1001)] == [first, last]
    clip = open_clip(sequence(tmp_path / "in", pattern, SHOT))
    assert (clip.kind, clip.numbers) == ("sequence", tuple(SHOT))
    assert [int(frame.pixels[0, 0, 0]) for frame in clip.frames()] == [1, 2, 3, 4, 5, 6]
    assert [frame.index for frame in clip.frames()] == list(range(6))


@pytest.mark.parametrize("name", ["take#1.png", "me@home.png", "a.png", "a_%02d_%04d.png", "##_@@.png"])
def test_what_is_no_pattern(name: str) -> None:
    assert not is_pattern(Path(name))


@pytest.mark.parametrize("source", ["f.%04d.png", "."])
def test_the_result_has_the_same_numbers(tmp_path: Path, source: str) -> None:
    sequence(tmp_path / "in", "f.%04d.png", SHOT)
    convert(tmp_path / "in" / source, tmp_path / "g.####.png")
    assert names(tmp_path) == [*(f"g.{number}.png" for number in SHOT), "in"]
    convert(tmp_path / "in" / source, tmp_path / "out")
    assert names(tmp_path / "out") == [f"00{number}.png" for number in SHOT]
    convert(tmp_path / "in" / source, tmp_path / "a.mkv", codec="ffv1")
    assert [time for time, _ in times(tmp_path / "a.mkv")] == [Fraction(i, 25) for i in range(6)]


def test_which_numbers_a_folder_has() -> None:
    def found(*files: str) -> list[int]:
        return list(by_number([Path(file) for file in files]))

    assert found("sh010_f.1001.png", "sh010_f.1002.png") == [1001, 1002]
    assert found("img2.png", "img10.png") == [2, 10]
    assert found("img1.png", "img01.png") == [0, 1]
    assert found("a1_1.png", "a2_2.png") == [0, 1]
    assert found("a1.png", "a2.tif") == [0, 1]
    assert found("one.png", "two.png") == [0, 1]
    assert found("photo2019.png") == [0]


def test_what_is_missing_keeps_its_place_and_its_time(tmp_path: Path) -> None:
    source = sequence(tmp_path / "in", "f_%03d.png", [1, 2, 4, 5, 6])
    for clip in (open_clip(source, fps=Fraction(10)), open_clip(source.parent, fps=Fraction(10))):
        assert [(frame.pts_seconds, frame.duration) for frame in clip.frames()] == [
            (Fraction(0), 1),
            (Fraction(1, 10), 2),
            *((Fraction(tenth, 10), 1) for tenth in (3, 4, 5)),
        ]
        assert clip.duration_seconds == Fraction(6, 10)
        (notice,) = clip.notices
        assert "lacks 3: the frame before a gap is shown longer" in notice
    convert(open_clip(source, fps=Fraction(10)), tmp_path / "a.mp4")
    assert [time for time, _ in times(tmp_path / "a.mp4")] == [Fraction(i, 10) for i in (0, 1, 3, 4, 5)]
    convert(source, tmp_path / "g_%03d.png")
    assert names(tmp_path)[1:-1] == [f"g_00{number}.png" for number in (1, 2, 4, 5, 6)]
    assert (read_picture(tmp_path / "g_004.png")[0] == 4).all()


def test_gaps() -> None:
    assert ticks([0, 1, 2]) == ([0, 1, 2], None)
    assert ticks([1001, 1003, 1005]) == ([0, 1, 2], None)
    assert ticks([7]) == ([0], None)
    found, line = ticks([2, 4, 10, 12, 14])
    assert found == [0, 1, 4, 5, 6]
    assert line and line.startswith("lacks 6 to 8:")
    found, line = ticks([*range(1, 20, 2), *range(20, 30)])
    assert line and line.startswith("lacks 2, 4, 6, 6 more:")
    found, line = ticks([8, 9, 10, 10000])
    assert found == [0, 1, 2, 3]
    assert line and "numbered 8 to 10000" in line and "without a gap" in line


def test_frames_and_cuts_are_named_by_their_numbers(tmp_path: Path) -> None:
    clip = open_clip(sequence(tmp_path / "in", "f.%04d.png", [1001, 1002, 1004, 1005]))
    assert frame_range(None, clip) == (0, None)
    assert frame_range("1002:1005", clip) == (1, 3)
    assert frame_range(":1003", clip) == (0, 2)
    assert frame_range("1003:", clip) == (2, None)
    assert frame_range("1:2000", clip) == (0, 4)
    assert cut_places((1005, 1003), clip) == (2, 3)
    assert [notice.split(": ")[-1] for notice in clip.notices[1:]] == [
        "--frames means these numbers",
        "--cut means these numbers",
    ]
    for text in ("0:5", "1003:1004", "1006:"):
        with pytest.raises(InputError, match=f"has frames 1001 to 1005; there are none of --frames {text}"):
            frame_range(text, clip)


def test_numbers_from_0_need_no_word(tmp_path: Path) -> None:
    clip = open_clip(sequence(tmp_path / "in", "f.%04d.png", [0, 1, 2]))
    assert frame_range("1:9", clip) == (1, 3)
    assert clip.notices == []


def test_maps_are_found_by_number(tmp_path: Path) -> None:
    clip = open_clip(sequence(tmp_path / "in", "f.%04d.png", [1001, 1003, 1004]))
    sequence(tmp_path / "maps", "m%d.png", [1001, 1002, 1003, 1004])
    reader = MapReader("--mask", open_map("--mask", str(tmp_path / "maps"), clip, 0, None))
    assert [int(reader.at(i).pixels[0, 0, 0]) for i in range(3)] == [1, 3, 4]
    sequence(tmp_path / "other", "m%d.png", [1, 2, 3])
    reader = MapReader("--mask", open_map("--mask", str(tmp_path / "other"), clip, 0, None))
    assert [int(reader.at(i).pixels[0, 0, 0]) for i in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("digit", ["①", "²", "۳", "Ⅷ", "½", "๓", "𝟙"])
def test_digits_of_every_kind_in_names_are_sorted(tmp_path: Path, digit: str) -> None:
    names = [f"{digit}10.png", f"{digit}2.png", f"a{digit}.png", "b.png", "3.png"]
    for name in names:
        write_picture(tmp_path / name, np.zeros((3, 4, 4), np.uint8))
    clip = open_clip(tmp_path)
    assert isinstance(clip, PictureClip) and len(list(clip.frames())) == 5
    shown = [path.name for path in clip.pictures]
    assert shown.index(f"{digit}2.png") < shown.index(f"{digit}10.png")
