"""vidstyle evaluate through the whole program, on ten tiny frames."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import PROGRAM
from vidstyle.cli import main

Run = Callable[..., int]


@pytest.fixture
def run(odd_files: Path, thin_weights: Path) -> Run:
    """run(ARGUMENTS...) evaluates in a folder with clip/, style.png and whatever is no clip."""
    return lambda *arguments: main(["evaluate", "--device=cpu", "--features", str(thin_weights), *arguments])


def test_a_table_with_the_clips_side_by_side(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clip", "clip", "clip/%d.png", "--style", "style.png") == 0
    out, err = capsys.readouterr()
    assert re.search(r"measure +unit +original +clip +%d\.png\n", out)
    assert re.search(r"… relative to the original +× +1\.00 +1\.00 +1\.00\n", out)
    assert re.search(r"content loss +0 = match +0 +0 +0\n", out)
    assert not re.search(r"style loss .*–", out)
    assert "returns its input unchanged" in out
    assert out.splitlines()[0].startswith("frames 0 to 9 (10), 48x32, 1 shot, flow dis, features ")
    assert "measuring 10/10, shot 1" in err


def test_json_and_html_files(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clip", "clip", "--json", "o.json", "--html", "o.html", "--worst", "1", "-q") == 0
    assert capsys.readouterr() == ("", "")
    figures = json.loads(Path("o.json").read_text())
    assert figures["stylized"][0]["totals"]["ratio"]["lai_1"] == 1
    assert len(figures["stylized"][0]["worst"]) == 1
    html = Path("o.html").read_text()
    assert html.startswith("<!DOCTYPE html>") and "http" not in html and html.count("base64,") == 4
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    # What is there is replaced when asked, and only then.
    assert run("clip", "clip", "--json", "o.json", "-q") == 1
    assert "--overwrite" in capsys.readouterr().err
    assert run("clip", "clip", "--json", "o.json", "-q", "--overwrite", "--frames", ":2") == 0
    assert json.loads(Path("o.json").read_text())["stop"] == 2


def test_programs_are_told_how_far_it_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clip", "clip", "--html", "o.html", "--frames", ":3", "--json-progress") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1] == {"event": "finished", "output": "o.html"}
    assert [event["done"] for event in events if event["event"] == "progress"][-1] == 3
    assert run("clip", "clip", "--json", "-", "--json-progress") == 2
    assert "give one a file" in capsys.readouterr().err


def test_json_on_stdout_is_all_that_is_there(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("clip", "clip", "--json", "-", "--frames", "2:5") == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["start"], figures["stop"], figures["width"]) == (2, 5, 48)


def test_a_terminal_without_our_letters(run: Run, pictures: Path, thin_weights: Path) -> None:
    given = ["evaluate", "clip", "clip", "--frames", ":2", "--features", str(thin_weights)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *given],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path), "VIDSTYLE_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert b"content loss" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("clip", 2, ["STYLIZED"]),
        ("gone.mp4 clip", 1, ["gone.mp4"]),
        ("clip gone.mp4", 1, ["gone.mp4"]),
        ("clip text.mp4", 1, ["text.mp4"]),
        ("clip bare", 1, ["bare"]),
        ("clip clip --style gone.png", 1, ["gone.png"]),
        ("clip clip --style text.mp4", 1, ["text.mp4"]),
        ("clip clip --features gone.pth", 1, ["gone.pth"]),
        ("clip clip --flow psychic", 2, ["--flow", "psychic"]),
        ("clip clip --size 2", 2, ["--size", "2"]),
        ("clip clip --size 1000000", 2, ["--size 1000000"]),
        ("clip clip --frames 5:2", 2, ["--frames", "5:2"]),
        ("clip clip --frames 99:", 1, ["99:"]),
        ("clip clip --worst -1", 2, ["--worst", "-1"]),
        ("clip clip --worst some", 2, ["--worst", "some"]),
        ("clip clip --device tpu", 2, ["--device", "tpu"]),
        ("clip clip --html old.html", 1, ["old.html", "--overwrite"]),
        ("clip clip --json old.html", 1, ["old.html", "--overwrite"]),
        ("clip clip --html nowhere/o.html", 1, ["nowhere"]),
        ("clip clip --html bare", 1, ["bare"]),
        ("clip clip --html -", 2, ["--html"]),
        ("clip clip --html o.html --json o.html", 2, ["o.html"]),
        ("clip clip --style style.png --json style.png --overwrite", 2, ["style.png"]),
    ],
)
def test_one_line_that_names_the_thing(
    odd_files: Path,
    thin_weights: Path,
    refused: Callable[..., None],
    arguments: str,
    code: int,
    words: list[str],
) -> None:
    Path("old.html").write_text("precious")
    given = ["evaluate", "--device=cpu", "--features", str(thin_weights), *arguments.split(), "--quiet"]
    refused(code, words, *given)
    assert Path("old.html").read_text() == "precious"
