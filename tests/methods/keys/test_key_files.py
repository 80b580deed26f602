"""Which frames the key frames are of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vidstyle.errors import MediaError, UsageError
from vidstyle.methods.keys.files import find_keys, numbers_of
from vidstyle.methods.keys.options import KeysOptions
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip


def told(names: list[str]) -> dict[int, str]:
    return {number: path.name for number, path in numbers_of([Path(name) for name in names]).items()}


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["frame_0080.png", "frame_0000.png"], [80, 0]),
        (["80.jpg", "7.png"], [80, 7]),
        (["shot2_0080.png", "shot2_0100.png"], [80, 100]),
        (["0080_painted_v2.png", "0100_painted_v2.png"], [80, 100]),
        (["a12.png", "b7 (3).png", "nothing 5.png"], [12, 3, 5]),
    ],
)
def test_any_digits_in_a_name_will_do(names: list[str], numbers: list[int]) -> None:
    assert told(names) == dict(zip(numbers, names, strict=True))


def test_a_name_without_a_number_and_one_number_twice_are_named() -> None:
    with pytest.raises(MediaError, match=r"best\.png .* has no number"):
        told(["0.png", "best.png"])
    with pytest.raises(MediaError, match="has the number of another picture"):
        told(["a7.png", "b07.jpg"])


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    return frames_in(tmp_path / "clip", range(5))


def frames_in(folder: Path, numbers: range) -> Clip:
    folder.mkdir()
    for number in numbers:
        write_picture(folder / f"{number:02d}.png", np.full((3, 18, 32), 40 * number, np.uint8))
    return open_clip(folder)


def keys_of(clip: Clip, **settings: object) -> list[tuple[int, str]]:
    notes: list[str] = []
    found = find_keys(KeysOptions(**settings), clip, 0, None, notes.append)
    return [(key.frame, key.path.name) for key in found]


def painted(tmp_path: Path, name: str, size: tuple[int, int] = (18, 32)) -> str:
    (tmp_path / "keys").mkdir(exist_ok=True, parents=True)
    write_picture(tmp_path / "keys" / name, np.full((3, *size), 9, np.uint8))
    return str(tmp_path / "keys" / name)


def test_single_keys_and_a_folder_go_together(clip: Clip, tmp_path: Path) -> None:
    painted(tmp_path, "frame_0001.png")
    painted(tmp_path, "frame_0004.png")
    own = painted(tmp_path / "other", "x.png")
    folder = str(tmp_path / "keys")
    wanted = [(0, "x.png"), (1, "frame_0001.png"), (4, "frame_0004.png")]
    assert keys_of(clip, keys=folder, key=f"0={own}") == wanted
    assert keys_of(clip, keys=folder, every=3) == wanted[1:]
    assert keys_of(clip, keys=folder, every=2) == wanted[1:2]


def test_numbers_may_count_from_one(tmp_path: Path) -> None:
    clip, key = frames_in(tmp_path / "clip", range(3)), painted(tmp_path, "x.png")
    assert keys_of(clip, key=f"3={key}", count_from=1) == [(2, "x.png")]
    with pytest.raises(UsageError, match="no frame numbered 3"):
        keys_of(clip, key=f"3={key}")


def test_pictures_keep_their_numbers(tmp_path: Path) -> None:
    clip, key = frames_in(tmp_path / "clip", range(2, 6)), painted(tmp_path, "x.png")
    assert keys_of(clip, key=f"4={key}") == [(2, "x.png")]


def test_frames_of_a_painted_clip_are_keys(clip: Clip) -> None:
    assert [frame for frame, _ in keys_of(clip, keys=str(clip.path), every=2)] == [0, 2, 4]


def test_what_fits_no_frame_is_named(clip: Clip, tmp_path: Path) -> None:
    square = painted(tmp_path, "square.png", (30, 30))
    with pytest.raises(MediaError, match="has the shape of its frame"):
        keys_of(clip, key=f"0={square}")
    good = painted(tmp_path, "good.png")
    with pytest.raises(UsageError, match="which is no key frame"):
        keys_of(clip, key=f"0={good}", key_mask=f"1={good}")
    with pytest.raises(UsageError, match="give the frames that are painted"):
        keys_of(clip)
    with pytest.raises(UsageError, match="given twice"):
        KeysOptions(key=("0=a.png", "0=b.png"))
    with pytest.raises(UsageError, match="takes FRAME=PICTURE"):
        KeysOptions(key="a.png")
    with pytest.raises(MediaError, match="does not exist"):
        keys_of(clip, key="0=gone.png")
