"""Learning a look with a tiny network: what stops it, what goes on, and painting with what comes out."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidstyle
from tests.methods.student.small import TINY
from tests.video.clip_makers import make_video, write_image
from vidstyle.cli import main
from vidstyle.errors import JobMismatch, OutputError, Stopped, UsageError
from vidstyle.events import Hooks, Progress
from vidstyle.learning import teaching
from vidstyle.learning.learn import learn
from vidstyle.learning.pictures import pictures_of
from vidstyle.looks.look import read_look
from vidstyle.methods.examples import spread
from vidstyle.methods.student import training
from vidstyle.options.learning import LearnOptions


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Little is painted and learnt, in a folder of its own with two pictures and a style."""
    monkeypatch.setattr(training, "SIDE", 32)
    monkeypatch.setattr(teaching, "Plan", lambda: TINY)
    monkeypatch.setattr(teaching, "_SAVED_EVERY", 2)
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    for name in ("style", "on/a", "on/b"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        write_image(path, random.integers(0, 255, (64, 64, 3), np.uint8))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", size=(48, 32), count=4)


def options(**more: Any) -> LearnOptions:
    given = {"source": "on", "steps": 5, "pictures": 1, "size": 64, "features": "bundled", "begin": False}
    return LearnOptions(**(given | more))


def taught(name: str, hooks: Hooks | None = None, **more: Any) -> Path:
    return learn([Path("style.png")], Path(name), options=options(**more), hooks=hooks)


def test_it_is_stopped_and_goes_on_to_the_bit(capsys: pytest.CaptureFixture[str]) -> None:
    whole = taught("whole.safetensors")
    stop, events = threading.Event(), list[Progress]()

    def progress(event: Progress) -> None:
        events.append(event)
        if event.phase == "learn" and event.done == 3:
            stop.set()

    with pytest.raises(Stopped):
        taught("parts.safetensors", Hooks(progress=progress, stop=stop))
    assert [event.phase for event in events] == ["paint", "learn", "learn", "learn"]
    assert events[-1].total == 5 and events[-1].seconds_left is not None
    assert main(["status", "parts.safetensors"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("1 of 1 pictures painted to learn from; 3 of 5 steps learnt\nstopped; go on with")
    assert main(["resume", "parts.safetensors.vidstyle", "-q"]) == 0
    assert main(["status", "parts.safetensors"]) == 0 and capsys.readouterr().out.startswith("done: ")
    assert Path("parts.safetensors").read_bytes() == whole.read_bytes()
    assert Path("parts.safetensors.vidstyle/preview.png").is_file()


def test_without_steps_the_time_decides_and_is_kept_to() -> None:
    told: list[str] = []
    taught("a.safetensors", Hooks(notice=told.append), steps=None, pictures=None, minutes=0.1)
    look = read_look(Path("a.safetensors"))
    assert (
        look.made["pictures"] == "2" and f"{look.made['steps']} steps of learning fit into the time" in told
    )


def test_a_clip_is_painted_with_it_from_the_command_line(clip: Path) -> None:
    taught("own.safetensors", steps=2)
    assert main(["style", str(clip), "--look", "own.safetensors", "-o", "out.mp4", "-q"]) == 0
    assert main(["looks", "own.safetensors", "--json"]) == 0
    again = vidstyle.stylize(clip, (), "again.mp4", look="own.safetensors")
    assert again.read_bytes() == Path("out.mp4").read_bytes()


def test_what_contradicts_itself_is_refused(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taught("own.safetensors", steps=1)
    asked = ["style", str(clip), "-o", "out.mp4", "--look", "own.safetensors"]
    for more, words in [
        (["style.png"], "--look takes the place of style pictures"),
        (["--strength", "2"], "--strength does nothing with --look"),
        (["--look", "none.safetensors"], "none.safetensors: no such look"),
        (["--look", "style.png"], "style.png is no look"),
    ]:
        assert main([*asked[:4], *more, *([] if "--look" in more else asked[4:])]) in (1, 2)
        assert words in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"a look is a \.safetensors file"):
        taught("own.bin")
    with pytest.raises(JobMismatch, match="steps: 1 -> 2"):
        taught("own.safetensors", steps=2, overwrite=True)


def test_what_is_done_is_not_done_again() -> None:
    taught("own.safetensors", steps=1)
    events, told = list[Progress](), list[str]()
    taught("own.safetensors", Hooks(progress=events.append, notice=told.append), steps=1)
    assert not events and told == ["nothing to do: this job is done (--restart learns it anew)"]
    Path("own.safetensors").unlink()
    Path("other.safetensors").write_bytes(b"precious")
    taught("own.safetensors", Hooks(progress=events.append), steps=1)
    assert Path("own.safetensors").is_file() and {event.phase for event in events} == {"paint"}
    with pytest.raises(OutputError, match=r"other\.safetensors exists"):
        taught("other.safetensors")


def test_from_is_what_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--from" in shown and "--source" not in shown
    command = ["learn", "style.png", "-o", "own.safetensors", "--from", "on", "--features", "bundled", "-q"]
    assert main([*command, "--steps", "1", "--pictures", "1", "--size", "64", "--no-begin"]) == 0
    write_image(Path("on/c.png"), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(JobMismatch, match="--from on has changed"):
        taught("own.safetensors", steps=1, overwrite=True)


def test_pictures_are_spread_over_what_there_is(clip: Path) -> None:
    assert spread(8, 3) == [4, 2, 6] and sorted(spread(5, 9)) == [0, 1, 2, 3, 4]
    assert len(pictures_of(None, 64)) >= 8 and max(pictures_of(clip, 32)[0].shape) == 32
