"""What each command prints and returns, with a stand-in for the pipeline that paints in milliseconds."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import fake_pipeline
import pytest

from tests.cli.running import Start
from vidstyle.cli import main, progress
from vidstyle.job import JobStore

pytestmark = pytest.mark.usefixtures("stand_in")


def style(*more: str) -> list[str]:
    return ["style", "in.mp4", "wave.jpg", "-o", "my out.mp4", *more]


def test_a_run_says_where_its_state_and_its_result_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")  # long lines are not folded
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 3600.0)
    assert main(style()) == 0
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "job directory: my out.mp4.vidstyle"
    assert lines[1] == "a [notice] in brackets"
    assert lines[2] == "painting 1/12, shot 1, loss 0.5, 1.25 s/frame, 1 h 01 min left"
    assert lines[-3:] == [
        "painting 12/12, shot 1, loss 0.04167, 1.25 s/frame, 1 h 01 min left",
        "encoding 12",
        "done: my out.mp4",
    ]
    assert len(lines) == 6  # in between only every few seconds
    assert not any(ord(character) < 32 for line in lines for character in line)


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(style("--quiet")) == 0
    assert capsys.readouterr() == ("", "")


def test_json_progress_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(style("--json-progress", "--job", "elsewhere")) == 0
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["started", "notice", *["progress"] * 13, "finished"]
    assert events[0]["job"] == "elsewhere"
    assert events[2] == {
        "event": "progress",
        "phase": "paint",
        "done": 1,
        "total": 12,
        "frame": 0,
        "shot": 0,
        "loss": 0.5,
        "steps": 7,
        "seconds_per_frame": 1.25,
        "seconds_left": 3661.0,
        "pass_number": 1,
    }
    assert events[-1]["output"] == "my out.mp4"
    assert err == ""


def test_another_fingerprint_is_refused_with_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(style("-q")) == 0
    assert main(style("-q", "--style-weight", "2")) == 1
    err = capsys.readouterr().err
    assert err.startswith("vidstyle: my out.mp4.vidstyle belongs to a job with other settings: ")
    assert "style_weight: 1.0 -> 2.0" in err and err.count("\n") == 1
    assert main(style("-q", "--style-weight", "2", "--restart")) == 0


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "code", "line"),
        [
            (["style"], 2, "Missing argument 'INPUT'; see vidstyle style --help"),
            (["style", "in.mp4"], 2, "; see vidstyle style --help"),
            (["style", "in.mp4", "a.jpg"], 2, "; see vidstyle style --help"),
            (["stile"], 2, "No such command 'stile'"),
            (style("--stile-weight", "2"), 2, "No such option: --stile-weight"),
            (style("--size"), 2, "Option '--size' requires an argument"),
            (style("--size", "big"), 2, "--size takes a whole number, not 'big'"),
            (style("--size", "3"), 2, "--size must be at least 16, not 3"),
            (style("--quality", "best"), 2, "--quality must be one of draft, standard, high, not 'best'"),
            (style("--blend", "1,-1"), 2, "--blend must be at least 0, not -1.0"),
            (style("--content-weight", "nan"), 2, "--content-weight must be at least 0, not nan"),
            (["style", "missing.mp4", "a.jpg", "-o", "o.mp4"], 1, "missing.mp4: no such file"),
            (["style", "memory.mp4", "a.jpg", "-o", "o.mp4"], 1, "out of memory; choose a smaller --size"),
            (["style", "bug.mp4", "a.jpg", "-o", "o.mp4"], 70, "this is a bug, please report it (KeyError: "),
            (["resume", "nowhere"], 1, "nowhere is not a job directory"),
            (["status", "nowhere"], 1, "nowhere is not a job directory"),
            (["status"], 2, "Missing argument 'JOB'"),
        ],
    )
    def test_one_line_and_an_exit_code(
        self, arguments: list[str], code: int, line: str, refused: Callable[..., None]
    ) -> None:
        """And nothing before it: the job directory is named only once the job begins."""
        refused(code, line, *arguments)

    def test_debug_shows_where_it_happened(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("VIDSTYLE_DEBUG", "1")
        assert main(["style", "bug.mp4", "a.jpg", "-o", "o.mp4", "-q"]) == 70
        err = capsys.readouterr().err
        assert "Traceback" in err and 'raise KeyError("two\\nlines")' in err
        assert err.splitlines()[-1].startswith("vidstyle: this is a bug")

    def test_a_reader_that_goes_away_is_no_bug(self, start: Start) -> None:
        command = ["style", "held1.mp4", "wave.jpg", "-o", "out.mp4", "--json-progress"]
        with start(fake_pipeline.__file__, *command) as child:
            assert child.stdout is not None and child.stderr is not None
            assert json.loads(child.stdout.readline())["event"] == "started"
            child.stdout.close()
            Path("go").touch()
            assert child.stderr.read() == ""
        assert child.returncode == 1

    def test_help_into_a_closed_pipe(self) -> None:
        program = shlex.join([sys.executable, fake_pipeline.__file__, "style", "--help"])
        done = subprocess.run(["bash", "-c", f"{program} | true"], capture_output=True, text=True)
        assert done.stderr == ""

    def test_a_closed_stderr_hides_no_exit_code(self) -> None:
        program = shlex.join([sys.executable, fake_pipeline.__file__, "resume", "nowhere"])
        done = subprocess.run(
            ["bash", "-c", f"{{ sleep 0.3; {program}; }} 2> >(true); exit $?"], capture_output=True, text=True
        )
        assert done.returncode == 1


class TestStatus:
    def test_of_a_stopped_job(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with JobStore.open(tmp_path / "a job", {}, {"total": 9, "output": "o.mp4"}) as store:
            store.mark_shot(0)
            store.save_frame(0, b"x")
            assert main(["status", "a job"]) == 0
            assert "running: process " in capsys.readouterr().out
        assert main(["status", "a job"]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "1 of 9 frames painted; shots found so far: 1",
            "stopped; go on with: vidstyle resume 'a job'",
        ]
        assert main(["status", "a job", "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["state"] == "stopped"
        assert (facts["painted"], facts["total"], facts["shots"], facts["output"]) == (1, 9, [0], "o.mp4")

    def test_of_a_finished_job(self, capsys: pytest.CaptureFixture[str]) -> None:
        main(style("-q"))
        assert main(["status", "my out.mp4.vidstyle"]) == 0
        assert capsys.readouterr().out.rstrip().endswith("my out.mp4")
        Path("my out.mp4").unlink()
        main(["status", "my out.mp4.vidstyle", "--json"])
        assert json.loads(capsys.readouterr().out)["state"] == "stopped"


@pytest.mark.parametrize("command", ["resume", "status"])
def test_the_output_names_its_job(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(style("-q"))
    assert main([command, "my out.mp4"]) == 0
    by_output = capsys.readouterr()
    assert main([command, "my out.mp4.vidstyle"]) == 0
    assert capsys.readouterr() == by_output
    assert main([command, "other.mp4"]) == 1
    assert capsys.readouterr().err == "vidstyle: other.mp4 is not a job directory\n"
