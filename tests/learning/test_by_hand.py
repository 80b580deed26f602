"""A clip painted by a network that learns from frames painted by hand, in one job; with a tiny network."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidstyle
from tests.methods.student.small import TINY
from tests.video.clip_makers import scene
from vidstyle.cli import main
from vidstyle.errors import Stopped
from vidstyle.events import Progress
from vidstyle.learning import teaching
from vidstyle.looks.look import read_look
from vidstyle.methods.student import training
from vidstyle.video.pictures import read_picture, write_picture

SIZE, FRAMES, STEPS = (64, 48), 6, 5
KEYS = (1, 4)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, alone: None) -> None:
    """A clip that pans, with two key frames; little is learnt, and always as much."""
    monkeypatch.setattr(training, "SIDE", 32)
    monkeypatch.setattr(teaching, "Plan", lambda: TINY)
    monkeypatch.setattr(teaching, "BASE", "none")
    monkeypatch.setattr(teaching, "_SAVED_EVERY", 2)
    monkeypatch.setattr(teaching.Teacher, "affordable", lambda self, seconds: STEPS)
    for folder in ("clip", "keys"):
        Path(folder).mkdir()
    wide = scene(SIZE[0] + FRAMES, SIZE[1], 0).transpose(2, 0, 1)
    for index in range(FRAMES):
        frame = np.ascontiguousarray(wide[:, :, index : index + SIZE[0]])
        write_picture(Path(f"clip/{index:02d}.png"), frame)
        if index in KEYS:
            write_picture(Path(f"keys/{index}.png"), 255 - frame // 2)


@pytest.fixture
def settings(thin_weights: Path) -> dict[str, Any]:
    return {"keys": "keys", "by": "student", "features": str(thin_weights)}


def painted(out: str, **settings: Any) -> list[np.ndarray]:
    vidstyle.paint("keys", "clip", [], out, **settings)
    return [read_picture(path)[0] for path in sorted(Path(out).iterdir())]


def key(index: int) -> np.ndarray:
    return read_picture(Path(f"keys/{index}.png"))[0]


def test_key_frames_come_out_as_they_are_and_all_others_by_what_is_learnt(settings: dict[str, Any]) -> None:
    found = painted("out", **settings)
    assert len(found) == FRAMES
    assert all(np.array_equal(found[index], key(index)) for index in KEYS)
    made = read_look(Path("out.vidstyle/look.safetensors")).made
    assert (made["pictures"], made["steps"]) == (str(len(KEYS)), str(STEPS))
    assert not np.array_equal(found[2], read_picture(Path("clip/02.png"))[0])


def test_it_goes_on_to_the_bit(settings: dict[str, Any]) -> None:
    """Killed and stopped while it learns, and killed in either pass."""
    whole = painted("whole", **settings)
    for phase, count, killed in (
        ("learn", 3, True),
        ("learn", 4, False),
        ("paint", 2, True),
        ("paint", 8, True),
    ):
        stop = threading.Event()

        def progress(event: Progress) -> None:
            if event.phase == phase and event.done == count:  # noqa: B023
                if killed:  # noqa: B023
                    raise InterruptedError
                stop.set()  # noqa: B023

        with pytest.raises(InterruptedError if killed else Stopped):
            painted("parts", progress=progress, stop=stop, **settings)
    assert main(["resume", "parts.vidstyle", "-q"]) == 0
    parts = [read_picture(path)[0] for path in sorted(Path("parts").iterdir())]
    assert all(np.array_equal(one, other) for one, other in zip(whole, parts, strict=True))


def test_a_key_frame_painted_again_is_learnt_anew(settings: dict[str, Any]) -> None:
    before, events, told = painted("out", **settings), list[Progress](), list[str]()
    write_picture(Path("keys/4.png"), key(4) // 2)
    given = {**settings, "progress": events.append, "notice": told.append}
    after = painted("out", **given)
    assert {each.phase for each in events} >= {"learn", "paint"}
    assert "the key frames have changed since: they are learnt anew" in told
    assert np.array_equal(after[4], key(4)) and not np.array_equal(before[0], after[0])
    fresh = painted("fresh", **settings)
    assert all(np.array_equal(one, other) for one, other in zip(after, fresh, strict=True))


@pytest.mark.parametrize("given", [1, 4])
def test_a_shot_without_a_key_frame_stays_as_it_was_filmed(given: int, settings: dict[str, Any]) -> None:
    told = list[str]()
    one = {**settings, "keys": None, "key": f"{given}=keys/{given}.png", "cut": 3, "notice": told.append}
    for index, frame in enumerate(painted("out", **one)):
        same = np.array_equal(frame, read_picture(Path(f"clip/{index:02d}.png"))[0])
        assert same == ((index < 3) != (given < 3)), index
    assert [line for line in told if line.startswith("no key frame is of the shot that begins at frame ")]


def test_colour_alone_leaves_the_light_as_it_is(settings: dict[str, Any]) -> None:
    for index, frame in enumerate(painted("out", color_only=True, **settings)):
        filmed = read_picture(Path(f"clip/{index:02d}.png"))[0]
        weights = np.array([0.299, 0.587, 0.114])[:, None, None]
        light = [(each * weights).sum(0) for each in (frame, filmed)]
        assert np.abs(light[0] - light[1])[(filmed > 30).all(0) & (filmed < 225).all(0)].mean() < 6


def test_what_a_student_cannot_paint_is_named(
    settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["keys", "clip", "-o", "out", "--keys=keys", "--by=student", f"--features={settings['features']}"]
    write_picture(Path("mask.png"), np.full((3, SIZE[1], SIZE[0]), 255, np.uint8))
    for words, line in (
        (["--mask", "1=mask.png"], "a student paints whole frames"),
        (["--by=patches", "--minutes=2"], "--minutes is for --by student"),
        (["--steps=2", "--minutes=2"], "give one"),
    ):
        assert main([*given, *words]) == 2
        assert line in capsys.readouterr().err
        assert not Path("out").exists()
