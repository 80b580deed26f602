"""Pictures of a sequence keep the numbers in their names, and their times where some are missing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from writing import convert, times

from vidstyle.errors import InputError, MediaError, UsageError
from vidstyle.methods.maps import MapReader, open_map, open_some
from vidstyle.pipeline.frames import cut_places, frame_range
from vidstyle.video.numbering import by_number, is_pattern, numbered, plain_name, ticks
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
        ("f.#.png", "f.7.png", "f.1001.png"),
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


@pytest.mark.parametrize("pattern", ["f.%04d.png", "f.%d.png", "f.####.png", "f.@@@@.png", "f%d.png"])
@pytest.mark.parametrize("target", ["g.%03d.png", "g.####.png", "g"])
def test_numbers_below_0(tmp_path: Path, pattern: str, target: str) -> None:
    source = sequence(tmp_path / "in", pattern, [-3, -2, -1, 0, 1])
    for clip in [open_clip(source)] + ([open_clip(source.parent)] if "." in pattern[:2] else []):
        assert clip.numbers == (-3, -2, -1, 0, 1)
        assert [int(frame.pixels[0, 0, 0]) for frame in clip.frames()] == [97, 98, 99, 0, 1]
        assert clip.notices == []
    (tmp_path / "out").mkdir()
    convert(open_clip(source), tmp_path / "out" / target)
    made = open_clip(tmp_path / "out" / target)
    assert [int(frame.pixels[0, 0, 0]) for frame in made.frames()] == [97, 98, 99, 0, 1]


def test_below_0_as_others_fill_up(tmp_path: Path) -> None:
    """-0003 in place of -003, which printf writes."""
    for number in (-3, -2):
        write_picture(tmp_path / f"f.-{-number:04d}.png", np.full((3, 16, 16), 9, np.uint8))
    assert open_clip(tmp_path / "f.####.png").numbers == (-3, -2)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("f.%06d.png", "names no existing picture, but there is f.1001.png: write the digits"),
        ("F.####.PNG", "names no existing picture, but there is f.1001.png: write the digits"),
        ("g.####.png", "names no existing picture$"),
        ("f.$F4.png", "does not exist; a sequence is named by %04d, #### or @@@@"),
        ("f.*.png", "does not exist; a sequence is named by %04d, #### or @@@@"),
        ("f.<frame>.png", "does not exist; a sequence is named by %04d, #### or @@@@"),
        ("f.%04u.png", "does not exist; a sequence is named by %04d, #### or @@@@"),
        ("f.1001-1006.png", "does not exist$"),
    ],
)
def test_what_names_nothing_is_told_how(tmp_path: Path, pattern: str, line: str) -> None:
    sequence(tmp_path, "f.%04d.png", SHOT)
    with pytest.raises(MediaError, match=line):
        open_clip(tmp_path / pattern)


@pytest.mark.parametrize(
    "name",
    [
        *("take#1.png", "me@home.png", "a.png", "a_%02d_%04d.png", "##_@@.png"),
        *("my%20dog painted.png", "a%4d.png", "a%00d.png", "a%099d.png", "a%0d.png"),
    ],
)
def test_what_is_no_pattern(name: str) -> None:
    assert not is_pattern(Path(name))
    assert plain_name(name) == name


@pytest.mark.parametrize(("name", "plain"), [("a%04d.png", "a_04d.png"), ("f##.mp4", "f__.mp4")])
def test_patterns_as_mere_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize("suffix", [".png", ".mp4", ".webp"])
def test_results_with_a_percent_sign(tmp_path: Path, suffix: str) -> None:
    sequence(tmp_path / "in", "f.%04d.png", [1])
    convert(tmp_path / "in" / "f.0001.png", tmp_path / f"my%20dog painted{suffix}")
    assert names(tmp_path) == ["in", f"my%20dog painted{suffix}"]


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
    assert found("f.-1.png", "f.-2.png", "f.0.png") == [-2, -1, 0]
    assert found("sh-1.png", "sh-2.png") == [1, 2]
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


def test_frames_below_0_are_named_by_their_numbers(tmp_path: Path) -> None:
    clip = open_clip(sequence(tmp_path / "in", "f.%d.png", [-2, -1, 0, 1]))
    assert frame_range(":0", clip) == (0, 2)
    assert frame_range("-1:", clip) == (1, None)
    assert [line.split(": ")[-1] for line in clip.notices] == ["--frames means these numbers"]
    with pytest.raises(UsageError, match="A below B"):
        frame_range("-1:", open_clip(sequence(tmp_path / "out", "f.%d.png", [0, 1])))


def test_maps_are_found_by_number(tmp_path: Path) -> None:
    clip = open_clip(sequence(tmp_path / "in", "f.%04d.png", [1001, 1003, 1004]))
    sequence(tmp_path / "maps", "m%d.png", [1001, 1002, 1003, 1004])
    reader = MapReader("--mask", open_map("--mask", str(tmp_path / "maps"), clip, 0, None))
    assert [int(reader.at(i).pixels[0, 0, 0]) for i in range(3)] == [1, 3, 4]
    sequence(tmp_path / "other", "m%d.png", [1, 2, 3])
    reader = MapReader("--mask", open_map("--mask", str(tmp_path / "other"), clip, 0, None))
    assert [int(reader.at(i).pixels[0, 0, 0]) for i in range(3)] == [1, 2, 3]


def test_maps_of_some_frames_are_those_of_their_numbers(tmp_path: Path) -> None:
    named = open_clip(sequence(tmp_path / "in", "f.%04d.png", [1001, 1003, 1004, 1005, 1006]))
    counted = open_clip(sequence(tmp_path / "from0", "f.%d.png", range(5)))
    sequence(tmp_path / "some", "m%d.png", [1001, 1004])
    sequence(tmp_path / "few", "m%d.png", [0, 3])
    sequence(tmp_path / "one", "m%d.png", [7])
    sequence(tmp_path / "all", "m%d.png", [1, 2, 3, 4, 9])
    found = {
        name: open_some("--mask", str(tmp_path / name), clip, 0, None)[1]
        for name, clip in (("some", named), ("few", counted), ("one", counted), ("all", counted))
    }
    assert found == {"some": {0: 0, 2: 1}, "few": {0: 0, 3: 1}, "one": {0: 0}, "all": None}
    with pytest.raises(MediaError, match=r"of frame 1001, and f\.%d\.png has none"):
        open_some("--mask", str(tmp_path / "some"), counted, 0, None)
    with pytest.raises(MediaError, match="no map of the frames"):
        open_some("--mask", str(tmp_path / "few"), counted, 4, None)


@pytest.mark.parametrize("digit", ["①", "²", "۳", "Ⅷ", "½", "๓", "𝟙"])
def test_digits_of_every_kind_in_names_are_sorted(tmp_path: Path, digit: str) -> None:
    names = [f"{digit}10.png", f"{digit}2.png", f"a{digit}.png", "b.png", "3.png"]
    for name in names:
        write_picture(tmp_path / name, np.zeros((3, 4, 4), np.uint8))
    clip = open_clip(tmp_path)
    assert isinstance(clip, PictureClip) and len(list(clip.frames())) == 5
    shown = [path.name for path in clip.pictures]
    assert shown.index(f"{digit}2.png") < shown.index(f"{digit}10.png")
