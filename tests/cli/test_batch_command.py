"""vidstyle batch through the whole program: what it prints, its exit codes, stopped and gone on with."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import PATIENCE, Start, held, wait_until
from tests.video.clip_makers import make_video
from vidstyle.cli import main

QUICK = ["--steps=2", "--next-steps=2", "--precision=float32", "--device=cpu"]


@pytest.fixture
def options(tmp_path: Path, pictures: Path, thin_weights: Path) -> list[str]:
    """The features and few steps; in the current directory in/ with two pictures, and style.png."""
    (tmp_path / "in").mkdir()
    for name in ("0", "1"):
        shutil.copy(pictures / "clip" / f"{name}.png", tmp_path / "in" / f"{name}.png")
    shutil.copy(pictures / "style.png", tmp_path / "style.png")
    return ["--style", "style.png", "--features", str(thin_weights), *QUICK]


def test_what_it_says_and_what_it_returns(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("in/2.png").write_bytes(b"broken")
    command = ["batch", "in", *options, "-o", "out", "--grid", "sheet.jpg"]
    assert main(command) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [line for line in lines if " of 3: " in line] == [
        "1 of 3: out/0_style.png",
        "2 of 3: out/1_style.png",
        "3 of 3: out/2_style.png failed: in/2.png cannot be read as a video (invalid argument); it may be "
        "damaged or cut short",
    ]
    assert lines[-3:] == [
        "done: out",
        "2 painted, 1 failed, of 3",
        "vidstyle: in/2.png cannot be read as a video (invalid argument); it may be damaged or cut short",
    ]
    assert not any("job directory" in line for line in lines)
    assert Path("sheet.jpg").stat().st_size > 100

    Path("in/2.png").unlink()
    assert main(command) == 0
    assert capsys.readouterr().err.splitlines() == [
        "sheet.jpg is there already and stays as it is; --overwrite makes it anew",
        "1 of 2: out/0_style.png is done already",
        "2 of 2: out/1_style.png is done already",
        "done: out",
        "2 done before, of 2",
    ]


def test_quietly_only_errors(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "in/0.png", "gone.png", *options, "-o", "out", "-q"]) == 1
    assert capsys.readouterr() == ("", "vidstyle: gone.png does not exist\n")


def test_as_events(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "in/0.png", "gone.png", *options, "-o", "out", "--json-progress", "-v"]) == 1
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    jobs = [event for event in events if event["event"] == "job"]
    assert [(job["state"], job["error"]) for job in jobs] == [
        ("painting", None),
        ("painted", None),
        ("failed", "gone.png does not exist"),
    ]
    assert jobs[0] == {
        "event": "job",
        "number": 1,
        "total": 2,
        "source": "in/0.png",
        "style": "style.png",
        "output": "out/0_style.png",
        "state": "painting",
        "error": None,
    }
    assert [event["event"] for event in events].count("losses") == 1
    assert events[-1] == {"event": "finished", "output": "out"}


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        ("in -o out", 2, "give at least one style picture: --style PICTURE; see vidstyle batch --help"),
        ("-o out --style style.png", 2, "Missing argument 'INPUT...'; see vidstyle batch --help"),
        ("in --style style.png", 2, "see vidstyle batch --help"),
        ("in --style gone.png -o out", 1, "gone.png does not exist"),
        ("in --style style.png -o in", 2, "in reads from in, where the results go; give them another folder"),
        ("in --style style.png -o out --grid out/0_style.png", 2, "is a picture of this batch"),
        ("in --style style.png -o out --strength 5", 2, "--strength must be at most 4, not 5.0"),
        ("in --style style.png -o out --strength much", 2, "--strength takes a number, not 'much'"),
        ("in --style style.png -o out --save-every 0", 2, "--save-every must be at least 1, not 0"),
    ],
)
def test_one_line_for_what_makes_no_sense(
    options: list[str], arguments: str, code: int, line: str, refused: Callable[..., None]
) -> None:
    refused(code, line, "batch", *arguments.split())


def test_stopped_the_same_command_goes_on(
    options: list[str], start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    make_video(Path("in/clip.mkv"), size=(48, 32), count=5)
    command = ["batch", "in", *options, "-o", "out"]
    allowed = Path("allowed")
    allowed.write_text("4")  # the two pictures, and two frames of the clip
    child = start(*held("vidstyle.job.frames:FrameStore.save_frame", allowed), *command, "--restart")
    wait_until(Path("out/clip_style.mkv.vidstyle/frames/00000001.png").exists, child)
    child.send_signal(signal.SIGINT)
    allowed.write_text("9")
    _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 130
    assert err.splitlines()[-1].startswith("stopped; go on with: vidstyle batch in --style style.png")
    assert "--restart" not in err.splitlines()[-1]
    assert not Path("out/clip_style.mkv").exists()

    assert main(command) == 0
    lines = capsys.readouterr().err.splitlines()
    assert "1 of 3: out/0_style.png is done already" in lines
    assert any(line.startswith("going on after ") for line in lines)
    assert lines[-1] == "1 painted, 2 done before, of 3"
