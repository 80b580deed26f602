"""A clip painted by a network that learns from its key frames, all in one job; with a tiny network."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidstyle
from tests.methods.student.small import TINY
from tests.video.clip_makers import make_video, packets, scene, write_image
from vidstyle.cli import main
from vidstyle.errors import JobMismatch, Stopped
from vidstyle.events import Progress
from vidstyle.learning import fast, teaching
from vidstyle.learning.keys import _spread_over
from vidstyle.looks.look import read_look
from vidstyle.methods.student import training
from vidstyle.methods.style import painter
from vidstyle.types import Painted, Prior
from vidstyle.video.reader import open_clip

SIZE, FRAMES, KEYS, STEPS = (64, 48), 20, 3, 5


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, alone: None) -> None:
    """Little is painted and learnt, and always as much, in a folder with a style and a mask."""
    monkeypatch.setattr(training, "SIDE", 32)
    monkeypatch.setattr(teaching, "Plan", lambda: TINY)
    monkeypatch.setattr(teaching, "BASE", "none")
    monkeypatch.setattr(teaching, "_SAVED_EVERY", 2)
    monkeypatch.setattr(fast, "affordable_pictures", lambda each, seconds, most: KEYS)
    monkeypatch.setattr(teaching.Teacher, "affordable", lambda self, seconds: STEPS)
    write_image(Path("style.png"), np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    mask = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    mask[:, : SIZE[0] // 2] = 255
    write_image(Path("mask.png"), mask)


@pytest.fixture
def clip() -> Path:
    """Two shots, a longer one that pans over a scene and stripes that move, with sound."""
    wide = scene(SIZE[0] + 12, SIZE[1], 0)
    shots = [wide[:, i : i + SIZE[0]] for i in range(12)] + [_stripes(i) for i in range(8)]
    return make_video(Path("clip.mp4"), size=SIZE, pictures=shots, pts=list(range(FRAMES)), audio=("aac",))


def _stripes(index: int) -> np.ndarray:
    across = (np.arange(SIZE[0]) + index) // 8 % 2 * 200
    return np.broadcast_to(across[None, :, None], (SIZE[1], SIZE[0], 3)).astype(np.uint8).copy()


@pytest.fixture
def settings(thin_weights: Path) -> dict[str, Any]:
    return {"features": str(thin_weights), "precision": "float32", "steps": 2, "next_steps": 1}


def words(settings: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]


def frames(path: Path) -> list[np.ndarray]:
    return [frame.pixels for frame in open_clip(path).frames()]


def test_key_frames_are_painted_and_all_others_by_what_is_learnt(
    clip: Path, settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["style", str(clip), "style.png", "-o", "out.mp4", "--fast", "--json-progress"]
    assert main([*given, *words(settings)]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    progress = [each for each in events if each["event"] == "progress"]
    assert list(dict.fromkeys(each["phase"] for each in progress)) == [
        "shots",
        "keys",
        "learn",
        "paint",
        "encode",
    ]
    counts = {each["phase"]: (each["done"], each["total"]) for each in progress}
    assert counts["keys"] == (KEYS, KEYS) and counts["learn"] == (STEPS, STEPS)
    assert all(each["seconds_left"] is not None for each in progress if each["phase"] != "encode")
    keys = [each for each in progress if each["phase"] == "keys"]
    assert {each["shot"] for each in keys} == {0, 1}, "spread over both shots"
    told = [each["text"] for each in events if each["event"] == "notice"]
    assert [line for line in told if line.startswith("painting every frame would take about ")]
    assert [each["event"] for each in events].count("started") == 1

    assert len(frames(Path("out.mp4"))) == FRAMES
    assert packets(Path("out.mp4"), "audio") == packets(clip, "audio")
    made = read_look(Path("out.mp4.vidstyle/look.safetensors")).made
    assert (made["pictures"], made["steps"], made["styles"]) == (str(KEYS), str(STEPS), "style.png")
    assert Path("out.mp4.vidstyle/preview.png").is_file()
    assert not Path("out.mp4.vidstyle/learning").exists(), "the disk is given back"
    assert main([*given[:-1], "-q", *words(settings)]) == 0, "nothing is left to do"
    look = {"look": "out.mp4.vidstyle/look.safetensors", "precision": "float32"}
    by_look = vidstyle.stylize(clip, (), "look.mp4", **look)
    assert by_look.read_bytes() == Path("out.mp4").read_bytes()


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("phase", ["shots", "keys", "learn", "paint", "encode"])
def test_it_goes_on_to_the_bit(phase: str, killed: bool, clip: Path, settings: dict[str, Any]) -> None:
    whole = vidstyle.stylize(clip, "style.png", "whole.mp4", fast=True, **settings)
    stop, before, after = threading.Event(), list[Progress](), list[Progress]()

    def progress(event: Progress) -> None:
        before.append(event)
        if event.phase == phase and event.done == 3 - (phase == "keys"):
            if killed:
                raise InterruptedError
            stop.set()

    given = {**settings, "fast": True, "keep": True}
    with pytest.raises(InterruptedError if killed else Stopped):
        vidstyle.stylize(clip, "style.png", "parts.mp4", progress=progress, stop=stop, **given)
    vidstyle.stylize(clip, "style.png", "parts.mp4", progress=after.append, **given)
    assert Path("parts.mp4").read_bytes() == whole.read_bytes()
    if phase != "shots":
        done = [event.frame for event in [*before, *after] if event.phase == "keys"]
        assert len(done) == len(set(done)) == KEYS, "no key frame is painted twice"
    if phase == "paint":
        assert {event.phase for event in after} == {"paint", "encode"}
        assert min(event.frame for event in after if event.phase == "paint") == 3


def test_a_damaged_key_frame_is_painted_anew(clip: Path, settings: dict[str, Any]) -> None:
    whole = vidstyle.stylize(clip, "style.png", "whole.mp4", fast=True, **settings)
    stop, told = threading.Event(), list[str]()

    def progress(event: Progress) -> None:
        if event.phase == "keys" and event.done == 2:
            stop.set()

    with pytest.raises(Stopped):
        vidstyle.stylize(clip, "style.png", "out.mp4", fast=True, progress=progress, stop=stop, **settings)
    stored = Path("out.mp4.vidstyle/learning/keys/frames/00000000.png")
    stored.write_bytes(stored.read_bytes()[:-40] + bytes(40))
    vidstyle.stylize(clip, "style.png", "out.mp4", fast=True, notice=told.append, **settings)
    assert Path("out.mp4").read_bytes() == whole.read_bytes()
    assert "painted frame 0 was damaged on disk: it is painted anew" in told


def test_resume_and_status_know_it(
    clip: Path, settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stop = threading.Event()

    def progress(event: Progress) -> None:
        if event.phase == "learn" and event.done == 4:
            stop.set()

    with pytest.raises(Stopped):
        vidstyle.stylize(clip, "style.png", "out.mp4", fast=True, progress=progress, stop=stop, **settings)
    assert main(["status", "out.mp4"]) == 0
    shown = capsys.readouterr().out
    assert "3 of 3 pictures painted to learn from; 4 of 5 steps learnt" in shown
    assert "0 of 20 frames painted" in shown and "vidstyle resume out.mp4.vidstyle" in shown
    assert main(["status", "out.mp4", "--json"]) == 0
    learning = json.loads(capsys.readouterr().out)["learning"]
    assert learning == {"pictures": 3, "pictures_total": 3, "steps": 4, "steps_total": 5}
    with pytest.raises(JobMismatch, match=r"fast: 1 -> not set; minutes: 5\.0 -> not set"):
        vidstyle.stylize(clip, "style.png", "out.mp4", **settings)
    with pytest.raises(JobMismatch, match=r"minutes: 5\.0 -> 7\.0"):
        vidstyle.stylize(clip, "style.png", "out.mp4", fast=True, minutes=7, **settings)
    assert main(["resume", "out.mp4", "-q"]) == 0
    assert len(frames(Path("out.mp4"))) == FRAMES
    assert main(["status", "out.mp4"]) == 0 and capsys.readouterr().out.startswith("done: ")


def test_what_makes_no_sense_with_it_is_refused(
    clip: Path, settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for source, more, line in [
        ("style.png", ["-o", "out.png", "--fast"], "style.png is a picture, and --fast is for clips"),
        ("clip.mp4", ["--fast", "--passes", "2"], "--passes is for painting each frame by itself"),
        ("clip.mp4", ["--fast", "--loop"], "--loop is for painting each frame by itself"),
        ("clip.mp4", ["--fast", "--independent"], "--independent is for painting each frame by itself"),
        ("clip.mp4", ["--fast", "--photo"], "--photo is for painting each frame by itself"),
        ("clip.mp4", ["--fast", "--minutes", "0"], "--minutes must be at least 0.1"),
        ("clip.mp4", ["--minutes", "3"], "--minutes is for --fast"),
    ]:
        assert main(["style", source, "style.png", "-o", "out.mp4", *more, *words(settings)]) in (1, 2)
        assert line in capsys.readouterr().err
        assert not list(Path().glob("out*"))
    assert main(["style", "clip.mp4", "-o", "out.mp4", "--look", "own.safetensors", "--fast"]) == 2
    assert "--fast does nothing with --look" in capsys.readouterr().err


def test_a_very_short_clip_is_painted_frame_by_frame(settings: dict[str, Any]) -> None:
    clip = make_video(Path("short.mp4"), size=SIZE, count=6)
    told: list[str] = []
    vidstyle.stylize(clip, "style.png", "fast.mp4", fast=True, notice=told.append, **settings)
    vidstyle.stylize(clip, "style.png", "plain.mp4", **settings)
    assert Path("fast.mp4").read_bytes() == Path("plain.mp4").read_bytes()
    assert "a clip of 6 frames is painted frame by frame: to learn from it takes longer" in told


def test_a_part_under_a_mask(clip: Path, settings: dict[str, Any]) -> None:
    output = vidstyle.stylize(
        clip, "style.png", "out", fast=True, mask="mask.png", mask_feather=0, frames="2:20", **settings
    )
    painted, filmed = frames(output), frames(clip)[2:]
    assert len(painted) == 18
    half = SIZE[0] // 2
    assert np.array_equal(painted[0][:, :, half:], filmed[0][:, :, half:])
    assert not np.array_equal(painted[0][:, :, :half], filmed[0][:, :, :half])


def test_keys_are_spread_over_the_shots() -> None:
    shots = [range(100), range(100, 120), range(120, 180)]
    keys = _spread_over([list(shot) for shot in shots])
    assert [key.shot for key in keys[:4]] == [0, 2, 0, 0] and len(keys) == 8
    assert {key.shot for key in keys} == {0, 1, 2} and len({key.frame for key in keys}) == 8
    assert keys[0].frame == 50 and all(key.frame in shots[key.shot] for key in keys)
    assert len(_spread_over([[0], [1], [2]])) == 3


def test_key_frames_keep_to_those_of_their_shot(clip: Path, settings: dict[str, Any]) -> None:
    """By the flow between them, whichever of them comes first in the clip."""
    seen: dict[int, list[Prior]] = {}

    def paint(self: Any, content: Any, priors: Sequence[Prior], seed: int, draft: Any = None) -> Painted:
        seen[len(seen)] = list(priors)
        return Painted(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painter.NeuralStyle, "paint", paint)
        vidstyle.stylize(clip, "style.png", "out.mp4", fast=True, keep=True, **settings)
    chosen = json.loads(Path("out.mp4.vidstyle/learning/decided.json").read_text())["chosen"]
    shots = [key["shot"] for key in chosen["keys"][:KEYS]]
    assert shots == [0, 1, 0] and [len(seen[number]) for number in range(KEYS)] == [0, 0, 1]
    assert seen[2][0].vectors is not None and float(seen[2][0].weight.mean()) > 0.5
