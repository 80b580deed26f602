"""The commands that are given out: each as good as the film, for shells, files and Slurm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import PROGRAM
from tests.farm.films import assert_same, given, run
from vidstyle.cli import main
from vidstyle.farm.parts import Part, Parts

SOME = {"frames": "10:30", "codec": "ffv1"}


def left_of(job: Path) -> list[tuple[Part, int]]:
    parts = Parts.load(job)
    return parts.left(parts.all)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`vidstyle` is on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    file = folder / "vidstyle"
    file.write_text(f"#!{sys.executable}\n{PROGRAM}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_what_is_printed_is_a_script(
    film: Path, quick: dict[str, Any], program: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """From any folder, and of names that a shell would take apart."""
    settings = {**SOME, **quick, "frames": "12:18"}
    arguments = given("shots", film, "style.png", "-o", "the film's; out.mkv", "-q", **settings)
    assert main(arguments) == 0
    lines = capsys.readouterr().out
    assert [line.split()[1] for line in lines.splitlines()] == ["shot", "shot", "join"]
    subprocess.run(["sh", "-e"], input=lines, text=True, cwd="/", check=True, capture_output=True)
    run("style", film, "style.png", "-o", "whole.mkv", **settings)
    assert_same(Path("the film's; out.mkv"), Path("whole.mkv"))
    assert main(arguments) == 0
    assert capsys.readouterr().out == "", "nothing is left to be done"


def test_files_for_queues(
    film: Path, quick: dict[str, Any], program: None, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = given("shots", film, "style.png", "-o", "out.mkv", **SOME, **quick)
    assert main([*arguments, "-q", "--commands", "todo.txt"]) == 0
    job = Path("out.mkv.vidstyle").absolute()
    assert capsys.readouterr().out == f"vidstyle join {job}\n"
    todo = Path("todo.txt").read_text().splitlines()
    assert sorted(todo) == [f"vidstyle shot {job} {number}" for number in (1, 2, 3)]

    assert main([*arguments, "-q", "--slurm", "film.sbatch"]) == 0
    script = Path("film.sbatch").absolute()
    submit = f"sbatch --dependency=afterok:$(sbatch --parsable {script}) --wrap 'vidstyle join {job}'\n"
    assert capsys.readouterr().out == submit
    text = script.read_text()
    assert (
        "#SBATCH --array=0-2\n" in text and f"shots=({' '.join(line.split()[-1] for line in todo)})" in text
    )
    environment = {**os.environ, "SLURM_ARRAY_TASK_ID": "1", "SLURM_CPUS_PER_TASK": "1"}
    subprocess.run(["bash", script], env=environment, cwd="/", check=True, capture_output=True)
    assert [part.number for part, left in left_of(job) if not left] == [int(todo[1].split()[-1])]
    run("shot", "out.mkv")
    assert main([*arguments, "-q", "--commands", "todo.txt"]) == 0
    assert Path("todo.txt").read_text() == "", "all are painted"
    run("join", "out.mkv")
    run("style", film, "style.png", "-o", "whole.mkv", **SOME, **quick)
    assert_same(Path("out.mkv"), Path("whole.mkv"))


def test_a_task_of_a_large_array_tells_of_each_shot_that_failed(
    film: Path, quick: dict[str, Any], program: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidstyle.farm.queues._LARGEST_ARRAY", 2)
    run("shots", film, "style.png", "-o", "out.mkv", slurm="film.sbatch", **SOME, **quick)
    assert "#SBATCH --array=0-1\n" in Path("film.sbatch").read_text()
    Path("film.mkv").rename("gone.mkv")
    environment = {**os.environ, "SLURM_ARRAY_TASK_ID": "0"}
    done = subprocess.run(["bash", "film.sbatch"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.count("vidstyle: ") == 2


def test_programs_are_told_all(film: Path, quick: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = given("shots", film, "style.png", "-o", "out.mkv", "--json-progress", **SOME, **quick)
    assert main(arguments) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [event["text"] for event in events if event["event"] == "notice"]
    longest = (
        "shot 2 (frames 14 to 23) is the longest, 48% of the work: more than 3 machines make it no faster"
    )
    assert f"3 shots, 20 frames; {longest}" in told
    split = events[-1]
    assert split["event"] == "split" and split["join"].startswith("vidstyle join /")
    assert [(each["start"], each["stop"], each["left"]) for each in split["shots"]] == [
        (10, 14, 4),
        (14, 24, 10),
        (24, 30, 6),
    ]
    assert sum(each["work"] for each in split["shots"]) == pytest.approx(1)
    run("shot", "out.mkv", 2)
    assert main(arguments) == 0
    split = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [each["left"] for each in split["shots"]] == [4, 0, 6]


def test_a_file_with_other_things_in_it_is_spared(
    film: Path, quick: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.txt").write_text("precious")
    arguments = given("shots", film, "style.png", "-o", "out.mkv", "-q", **SOME, **quick)
    for option in ("--commands", "--slurm"):
        assert main([*arguments, option, "mine.txt"]) == 1
        assert "mine.txt exists already, and holds other things" in capsys.readouterr().err
    assert main([*arguments, "--commands", "film.mkv"]) == 1
    assert Path("mine.txt").read_text() == "precious" and not Path("out.mkv.vidstyle").exists()
    assert main([*given("shots", film, "style.png", "-o", "two\nlines.mkv", **quick), "-q"]) == 2
    assert "line break" in capsys.readouterr().err


def test_shots_takes_the_commands_of_all_methods(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shots", "--help"]) == 0
    shown = capsys.readouterr().out
    assert {"style", "analogy", "colorize", "dfi"} <= set(shown.split())
    for words in (["shots", "style", "--help"], ["shots", "in.mp4", "--help"]):
        assert main(words) == 0
        shown = capsys.readouterr().out
        assert "--style-weight" in shown and "--commands" in shown and "--slurm" in shown
