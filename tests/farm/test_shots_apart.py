"""A film that is painted shot by shot, in any order, is what one run makes of it, bit for bit."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.farm.films import SIZE, STARTS, assert_same, given, run
from tests.video.clip_makers import scene, write_image
from vidstyle.cli import main
from vidstyle.farm.parts import Parts
from vidstyle.job import JobStore

OUT = Path("out.mkv")


def painted_apart(*arguments: Any, output: Path = OUT, **settings: Any) -> Path:
    """Split, painted in an order of chance, some of it twice, and joined."""
    run("shots", *arguments, "-o", output, **settings)
    numbers = [part.number for part in Parts.load(Path(f"{output}.vidstyle")).all]
    order = numbers + numbers[:2]
    random.Random(4).shuffle(order)
    for number in order:
        run("shot", output, number)
    run("join", output)
    return output


def test_the_shots_are_those_of_one_run(film: Path, quick: dict[str, Any]) -> None:
    run("style", film, "style.png", "-o", "whole.mkv", **quick)
    assert JobStore.load(Path("whole.mkv.vidstyle")).shot_starts() == STARTS
    run("shots", film, "style.png", "-o", OUT, **quick)
    parts = Parts.load(Path("out.mkv.vidstyle"))
    assert [part.frames.start for part in parts.all] == STARTS
    assert parts.known.first_shown == 3 and parts.known.dissolves and parts.known.fades
    assert [part.number for part in parts.longest_first()] == [3, 1, 2, 4], "black frames are no work"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"passes": 3, "history": "1,3", "frames": "11:34"},
        {"passes": 2, "independent": True, "frames": "12:27"},
        {"color": "histogram", "history": "1", "frames": "12:18"},
        {"loop": True, "cuts": False, "frames": ":9"},
        {"loop": True, "frames": "10:18"},
        {"mask": "mask.png", "codec": "h264", "frames": ":17"},
        {"photo": True, "seed": 7, "frames": "12:17", "cut": 16},
    ],
)
def test_whatever_is_carried_from_frame_to_frame(
    film: Path, quick: dict[str, Any], settings: dict[str, Any]
) -> None:
    mask = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    mask[:, : SIZE[0] // 2] = 255
    write_image(Path("mask.png"), mask)
    settings = {"codec": "ffv1"} | quick | settings
    run("style", film, "style.png", "-o", "whole.mkv", **settings)
    assert_same(painted_apart("style", film, "style.png", **settings), Path("whole.mkv"))


def test_by_analogy(film: Path, quick: dict[str, Any]) -> None:
    settings = {"features": quick["features"], "precision": "float32", "frames": "12:16", "size": 32}
    run("analogy", film, "style.png", "-o", "whole.mkv", **settings)
    assert_same(painted_apart("analogy", film, "style.png", **settings), Path("whole.mkv"))


def test_by_methods_that_learn_from_no_picture(film: Path) -> None:
    """Filling, which goes through each shot three times, and learnt colour."""
    mask = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    mask[10:20, 16:30] = 255
    write_image(Path("mask.png"), mask)
    settings = {"frames": "12:17", "codec": "ffv1"}
    for method, own in (("fill", {"mask": "mask.png", "follow": False}), ("colorize", {})):
        output, whole = Path(f"{method}.mkv"), Path(f"{method}-whole.mkv")
        run(method, film, "-o", whole, **settings, **own)
        assert_same(painted_apart(method, film, output=output, **settings, **own), whole)


def test_by_a_look(film: Path) -> None:
    settings = {"look": "strokes", "precision": "float32", "frames": "10:30"}
    run("style", film, "-o", "whole.mkv", **settings)
    assert_same(painted_apart(film, **settings), Path("whole.mkv"))
    assert JobStore.load(Path("out.mkv.vidstyle")).frames() == [], "the disk is given back"


def test_pictures_with_numbers_of_their_own(quick: dict[str, Any]) -> None:
    Path("in").mkdir()
    for index in range(9):
        write_image(Path(f"in/f.{1001 + index}.png"), scene(*SIZE, index, seed=3 * (index // 5)))
    settings = {**quick, "cut": 1006}
    run("style", "in", "style.png", "-o", "whole", **settings)
    output = painted_apart("style", "in", "style.png", output=Path("out"), **settings)
    whole = {path.name: path.read_bytes() for path in Path("whole").iterdir()}
    assert {path.name: path.read_bytes() for path in output.iterdir()} == whole
    assert sorted(whole)[0] == "001001.png" and len(whole) == 9


def test_what_a_network_learns_is_learnt_once_and_first(
    film: Path, quick: dict[str, Any], tiny_student: None, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {**quick, "fast": True}
    run("style", film, "style.png", "-o", "whole.mkv", **settings)
    assert main(given("shots", film, "style.png", "-o", OUT, json_progress=True, **settings)) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    phases = [event["phase"] for event in events if event["event"] == "progress"]
    assert list(dict.fromkeys(phases)) == ["shots", "keys", "learn"]
    assert main(given("shot", OUT, 3, json_progress=True)) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["phase"] for event in events if event["event"] == "progress"} == {"paint"}
    run("shot", OUT)
    run("join", OUT)
    assert_same(OUT, Path("whole.mkv"))
    assert not Path("out.mkv.vidstyle/learning").exists()


def test_a_student_of_key_frames_learns_once_and_first(
    film: Path, quick: dict[str, Any], tiny_student: None
) -> None:
    Path("keys").mkdir()
    for index in (12, 15):
        write_image(Path(f"keys/{index}.png"), scene(*SIZE, index))
    settings = {"keys": "keys", "by": "student", "features": quick["features"], "codec": "ffv1"}
    settings |= {"frames": "11:18"}
    run("keys", film, "-o", "whole.mkv", **settings)
    assert_same(painted_apart("keys", film, **settings), Path("whole.mkv"))


def test_key_frames_that_are_painted_again_change_what_hangs_on_them_alone(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("keys").mkdir()
    for index in (12, 15):
        write_image(Path(f"keys/{index}.png"), scene(*SIZE, index))
    settings = {"keys": "keys", "frames": "12:17", "codec": "ffv1"}
    run("shots", "keys", film, "-o", OUT, **settings)
    run("shot", OUT)
    write_image(Path("keys/15.png"), scene(*SIZE, 5, seed=2))
    assert main(["join", str(OUT), "-q"]) == 1
    assert "has changed since it was split" in capsys.readouterr().err
    run("shots", "keys", film, "-o", OUT, **settings)
    assert [part.number for part in Parts.load(Path("out.mkv.vidstyle")).missing()] == [2]
    run("shot", OUT)
    run("join", OUT)
    run("keys", film, "-o", "whole.mkv", **settings)
    assert_same(OUT, Path("whole.mkv"))
