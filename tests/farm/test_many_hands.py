"""Shots that are missing, painted twice, by two at once, killed, damaged: nothing is lost or mixed up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vidstyle
from tests.cli.running import PATIENCE, held, wait_until
from tests.farm.films import STARTS, asked, assert_same, given, run
from vidstyle.cli import main
from vidstyle.errors import Stopped
from vidstyle.events import Hooks, Progress
from vidstyle.farm.join import join
from vidstyle.farm.parts import Parts
from vidstyle.farm.shot import paint_shot
from vidstyle.farm.split import split as find_shots
from vidstyle.job import LOCK, JobStore, Lock

OUT, JOB = Path("out.mkv"), Path("out.mkv.vidstyle")
PART = JOB / "parts" / "0003"
Refused = Callable[..., str]


@pytest.fixture
def split(film: Path, quick: dict[str, Any]) -> list[str]:
    """The film, split; what `vidstyle style` takes that paints it in one run, but for the output."""
    arguments = given(film, "style.png", codec="ffv1", **quick)
    run("shots", *arguments, "-o", OUT)
    return ["style", *arguments]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """refused(CODE, ARGUMENT...): a command ends with this code and one line on stderr, which it returns."""

    def tried(code: int, *arguments: Any) -> str:
        capsys.readouterr()
        assert main([*map(str, arguments), "-q"]) == code
        out, err = capsys.readouterr()
        assert out == "" and err.startswith("vidstyle: ") and err.count("\n") == 1
        return err

    return tried


class Killed(BaseException):
    """After which nothing is tidied up, as after a kill."""


class After:
    """A progress hook and a stop signal: set after so many frames of a phase, or killed there."""

    def __init__(self, phase: str, count: int, kills: bool = False) -> None:
        self.phase, self.left, self.kills = phase, count, kills

    def __call__(self, event: Progress) -> None:
        self.left -= event.phase == self.phase
        if self.kills and self.is_set():
            raise Killed

    def is_set(self) -> bool:
        return self.left <= 0

    @property
    def hooks(self) -> Hooks:
        return Hooks(progress=self, stop=self)


def frames_painted(*arguments: Any, capsys: pytest.CaptureFixture[str]) -> list[int]:
    """By a command."""
    capsys.readouterr()
    assert main([*map(str, arguments), "--json-progress"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [event["frame"] for event in events if event.get("phase") == "paint"]


def test_nothing_is_joined_while_a_shot_is_missing(split: list[str], refused: Refused) -> None:
    for number in (1, 2, 4):
        run("shot", OUT, number)
    with pytest.raises(Stopped):
        paint_shot(JOB, 3, After("paint", 5).hooks)
    assert refused(75, "join", OUT) == (
        "vidstyle: 1 of 4 shots is missing: shot 3 (frames 24 to 36), 5 of 13 painted; "
        "paint with: vidstyle shot out.mkv.vidstyle 3\n"
    )
    assert JobStore.load(JOB).frames() == [] and not OUT.exists()
    assert "has shots 1 to 4, and no shot 5" in refused(2, "shot", OUT, 5)


def test_a_shot_goes_on_where_it_was_stopped_or_killed(
    split: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Stopped):
        paint_shot(JOB, 3, After("paint", 5).hooks)
    with pytest.raises(Killed):
        paint_shot(JOB, 3, After("paint", 2, kills=True).hooks)
    assert frames_painted("shot", OUT, 3, capsys=capsys) == list(range(STARTS[2] + 7, STARTS[3]))
    assert frames_painted("shot", OUT, 3, capsys=capsys) == []
    assert sorted(frames_painted("shot", OUT, capsys=capsys)) == [*range(STARTS[2]), *range(STARTS[3], 42)]
    run(*split, "-o", "whole.mkv")
    run("join", OUT)
    assert_same(OUT, Path("whole.mkv"))
    # Too late, and again: all is as it was.
    assert frames_painted("shot", OUT, 3, capsys=capsys) == frames_painted("join", OUT, capsys=capsys) == []
    assert_same(OUT, Path("whole.mkv"))


def test_two_at_once(split: list[str], refused: Refused, quick: dict[str, Any]) -> None:
    """In real processes: the second is told that it is the second, and the first is not disturbed."""
    allowed = Path("allowed")
    allowed.write_text("1")
    program = held("vidstyle.job.frames:FrameStore.save_frame", allowed)
    child = subprocess.Popen([sys.executable, *program, "shot", str(OUT), "3", "-q"])
    wait_until(lambda: list((PART / "frames").glob("0*.png")), child)
    at_it = f"by process {child.pid} on "
    assert f"shot 3 (frames 24 to 36) is being painted {at_it}" in refused(75, "shot", OUT, 3)
    assert at_it in refused(75, "join", OUT)
    assert at_it in refused(75, "shot", OUT), "all others are painted meanwhile"
    anew = given("shots", "film.mkv", "style.png", "-o", OUT, restart=True, **(quick | {"steps": 3}))
    assert f"process {child.pid} on" in refused(75, *anew)
    allowed.write_text("99")
    assert child.wait(PATIENCE) == 0
    with Lock(JOB / LOCK):  # as one that is joining them holds it
        assert "is being worked on by process" in refused(75, "join", OUT)
    run(*split, "-o", "whole.mkv")
    run("join", OUT)
    assert_same(OUT, Path("whole.mkv"))


@pytest.mark.parametrize("kills", [False, True])
def test_finding_the_shots_goes_on(
    film: Path, quick: dict[str, Any], kills: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidstyle.pipeline.finding._NOTED", 8)
    settings = {"codec": "ffv1", "frames": "2:"}
    what = asked(film, "found.mkv", quick, **settings)
    with pytest.raises(Killed if kills else Stopped):
        find_shots(what, None, After("shots", 30, kills).hooks)
    seen = list[int]()
    find_shots(what, None, Hooks(progress=lambda event: seen.append(event.frame)))
    assert seen == list(range(26, 42)), "what was noted last, 24 frames, is not looked at again"
    run("shots", film, "style.png", "-o", OUT, **settings, **quick)
    one, other = (Parts.load(Path(f"{name}.vidstyle")) for name in ("found.mkv", OUT))
    assert one.known == other.known and one.work == other.work
    assert [path.name for path in one.folder.iterdir()] == ["shots.json"]


def test_from_python_a_film_that_is_split_stays_so(film: Path, quick: dict[str, Any]) -> None:
    run("shots", film, "style.png", "-o", OUT, codec="ffv1", **quick)
    run("shot", OUT, 3)
    painted = list[int]()
    vidstyle.stylize(
        film,
        "style.png",
        OUT,
        codec="ffv1",
        progress=lambda event: painted.append(event.frame) if event.phase == "paint" else None,
        **quick,
    )
    assert sorted(painted) == [*range(STARTS[2]), *range(STARTS[3], 42)]


@pytest.mark.parametrize("kills", [False, True])
@pytest.mark.parametrize(("phase", "count"), [("join", 1), ("join", 30), ("encode", 5)])
def test_a_join_goes_on(film: Path, phase: str, count: int, kills: bool) -> None:
    settings = {"look": "strokes", "precision": "float32", "codec": "ffv1", "frames": "5:40"}
    run("style", film, "-o", "whole.mkv", **settings)
    run("shots", film, "-o", OUT, **settings)
    run("shot", OUT)
    with pytest.raises(Killed if kills else Stopped):
        join(JOB, After(phase, count, kills).hooks)
    run("shot", OUT, 1, 2, 3, 4)
    assert not list(JOB.glob("parts/*/frames/*.png")) or phase == "join", "none is painted anew"
    run("join", OUT)
    assert_same(OUT, Path("whole.mkv"))


def test_a_frame_that_was_moved_without_its_picture_is_whole(split: list[str]) -> None:
    run("shot", OUT)
    for carry in sorted((PART / "carry").iterdir())[:3]:  # as a join leaves it that is killed between the two
        carry.rename(JOB / "carry" / carry.name)
    run("join", OUT)
    run(*split, "-o", "whole.mkv")
    assert_same(OUT, Path("whole.mkv"))


@pytest.mark.parametrize("passes", [1, 2])
def test_a_damaged_frame_is_painted_anew_by_its_shot(
    film: Path, quick: dict[str, Any], refused: Refused, passes: int
) -> None:
    settings = {"codec": "ffv1", "passes": passes, "frames": "12:30", **quick}
    run("shots", film, "style.png", "-o", OUT, **settings)
    run("shot", OUT)
    folder = "frames" if passes == 1 else "frames-2"
    stored = PART / folder / f"{STARTS[2] + 2:08d}.png"
    stored.write_bytes(stored.read_bytes()[:-40] + bytes(40))
    line = refused(75, "join", OUT)
    assert f"painted frame {STARTS[2] + 2}" in line and f"vidstyle shot {JOB} 3" in line
    assert "shot 3 (frames 24 to 29), 5 of 6 painted" in refused(75, "join", OUT)
    run("shot", OUT, 3)
    run("join", OUT)
    run("style", film, "style.png", "-o", "whole.mkv", **settings)
    assert_same(OUT, Path("whole.mkv"))


def test_a_machine_that_paints_differently_is_refused(
    split: list[str], refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidstyle.pipeline.identity._PAINTER_VERSION", 0)
    assert "this machine would paint out.mkv.vidstyle differently: another version" in refused(
        1, "shot", OUT, 1
    )
    monkeypatch.undo()


def test_the_film_may_lie_elsewhere_on_another_machine(split: list[str], tmp_path: Path) -> None:
    """As where a disk that is shared has another name."""
    run("shot", OUT, 2, 3)
    elsewhere = tmp_path.with_name(f"{tmp_path.name}_elsewhere")
    tmp_path.rename(elsewhere)
    try:
        run("shot", elsewhere / OUT, 1, 4)
        run("join", elsewhere / OUT)
    finally:
        elsewhere.rename(tmp_path)
    run(*split, "-o", "whole.mkv")
    assert_same(OUT, Path("whole.mkv"))


def test_one_machine_may_take_over_and_stop_being_alone(
    film: Path, split: list[str], quick: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    run("shot", OUT, 3)
    assert main(["status", str(OUT)]) == 0
    shown = capsys.readouterr().out
    assert "13 of 42 frames painted" in shown and "1 of 4 shots are whole" in shown
    painted = frames_painted(*split, "-o", OUT, "--frames=0:", capsys=capsys)
    assert sorted(painted) == [*range(STARTS[2]), *range(STARTS[3], 42)], "the same command, on one machine"
    assert main(["status", str(OUT)]) == 0 and capsys.readouterr().out.startswith("done: ")

    part = given(film, "style.png", codec="ffv1", frames="10:30", **quick)
    run("shots", *part, "-o", "part.mkv")
    run("resume", "part.mkv")
    run("style", *part, "-o", "alone.mkv")
    assert_same(Path("part.mkv"), Path("alone.mkv"))
    run("shots", *part, "-o", "part.mkv", restart=True)
    run("style", *part, "-o", "part.mkv", restart=True)
    assert not Path("part.mkv.vidstyle/parts").exists()


def test_what_one_run_has_begun_is_kept(film: Path, quick: dict[str, Any]) -> None:
    settings, stop = {"codec": "ffv1", **quick}, After("paint", STARTS[2] + 2)
    with pytest.raises(Stopped):
        vidstyle.stylize(film, "style.png", OUT, progress=stop, stop=stop, **settings)
    run("shots", film, "style.png", "-o", OUT, **settings)
    for number in (1, 2):  # are whole
        run("shot", OUT, number)
        assert not (JOB / "parts" / f"000{number}").exists()
    run("shot", OUT)
    run("join", OUT)
    run("style", film, "style.png", "-o", "whole.mkv", **settings)
    assert_same(OUT, Path("whole.mkv"))


def test_what_has_no_shots_is_refused(film: Path, quick: dict[str, Any], refused: Refused) -> None:
    still = given("shots", "style.png", "style.png", "-o", "out.png", **quick)
    assert "style.png is a picture: it is painted in one piece" in refused(2, *still)
    made = given("shots", "texture", "style.png", "-o", "out.mkv", size="32x32", frames=4)
    assert "what is made from no clip has no shots" in refused(2, *made, "--features", quick["features"])
    assert not list(Path().glob("out*"))
    run("style", film, "style.png", "-o", OUT, frames=":2", **quick)
    assert "out.mkv.vidstyle is not split into shots" in refused(1, "join", OUT)
    assert "out.mkv.vidstyle is not split into shots" in refused(1, "shot", OUT, 1)
    assert "nowhere.mkv is not a job directory" in refused(1, "shot", "nowhere.mkv", 1)
