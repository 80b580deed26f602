"""Many inputs in many styles: independent jobs, each as `stylize` does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vidstyle
import vidstyle.batches.jobs as batches
from tests.pipeline.painting import StopAfter, assert_same, noise, pictures
from tests.video.clip_makers import make_video, write_image
from vidstyle.batches.jobs import BatchJob
from vidstyle.errors import MediaError, OutputError, Stopped, UsageError
from vidstyle.video.pictures import read_picture

Batch = Callable[..., list[BatchJob]]
RED, GREEN, BLUE = (220, 30, 20), (20, 200, 40), (30, 40, 230)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """in/ with two pictures and a clip, and two styles."""
    for folder in ("in", "styles"):
        (tmp_path / folder).mkdir()
    noise(tmp_path / "in" / "img10.png", 1, (20, 30))
    noise(tmp_path / "in" / "img9.JPG", 2, (20, 30))
    make_video(tmp_path / "in" / "clip.mkv", size=(32, 24), count=5)
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    for name, seed in (("a", 3), ("b", 4)):
        noise(tmp_path / "styles" / f"{name}.png", seed, (20, 30))
    return tmp_path


@pytest.fixture
def run(here: Path, quick: dict[str, Any]) -> Batch:
    """run(INPUTS, STYLES, FOLDER, SETTING=VALUE...) with the settings of `quick`."""

    def paint(inputs: Any, styles: Any, folder: str, **settings: Any) -> list[BatchJob]:
        return vidstyle.batch(inputs, styles, folder, **(quick | settings))

    return paint


def names(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir() if path.is_file())


def test_every_input_in_every_style_as_if_painted_alone(run: Batch, quick: dict[str, Any]) -> None:
    events: list[BatchJob] = []
    told: list[str] = []
    ended = run("in", "styles", "out", each=events.append, notice=told.append)
    assert "in: left out, by their names: notes.txt" in told
    outputs = ["clip_a.mkv", "clip_b.mkv", "img9_a.jpg", "img9_b.jpg", "img10_a.png", "img10_b.png"]
    assert [job.output.name for job in ended] == outputs and names("out") == sorted(outputs)
    assert [(job.number, job.total, job.state) for job in ended] == [(i, 6, "painted") for i in range(1, 7)]
    assert [job.state for job in events] == ["painting", "painted"] * 6
    vidstyle.stylize("in/img10.png", "styles/b.png", "alone.png", **quick)
    assert Path("alone.png").read_bytes() == Path("out/img10_b.png").read_bytes()
    vidstyle.stylize("in/clip.mkv", "styles/a.png", "alone.mkv", **quick)
    assert_same(Path("alone.mkv"), Path("out/clip_a.mkv"))


def test_what_is_done_is_skipped_and_what_is_new_painted(
    run: Batch, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []
    load = batches.load_weights
    monkeypatch.setattr(batches, "load_weights", lambda *a: loads.append(a) or load(*a))
    run(["in/img10.png", "in/img9.JPG"], ["styles/a.png", "styles/b.png"], "out")
    assert len(loads) == 1  # for four jobs
    before = {name: (here / "out" / name).stat().st_mtime_ns for name in names("out")}
    noise(here / "styles" / "c.png", 5)
    ended = run(["in/img10.png", "in/img9.JPG"], "styles", "out")
    assert [job.state for job in ended] == ["done", "done", "painted"] * 2
    assert all((here / "out" / name).stat().st_mtime_ns == time for name, time in before.items())
    assert [job.state for job in run("in/img10.png", "styles/a.png", "out", restart=True)] == ["painted"]
    (job,) = run("in/img10.png", "styles/a.png", "out", seed=1)
    assert job.state == "failed" and job.error is not None and "seed: 0 -> 1" in job.error


def test_what_is_broken_fails_alone(run: Batch, here: Path) -> None:
    whole = (here / "in" / "img10.png").read_bytes()
    (here / "in" / "img1.png").write_bytes(whole[:200])
    events: list[BatchJob] = []
    inputs = ["in/img1.png", "in/gone.png", "in/img10.png"]
    ended = run(inputs, "styles/a.png", "out", each=events.append)
    assert [job.state for job in ended] == ["failed", "failed", "painted"]
    assert [event.state for event in events] == ["failed", "failed", "painting", "painted"]
    assert "img1.png cannot be read" in str(ended[0].error)
    assert ended[1].error == "in/gone.png does not exist"
    assert names("out") == ["img10_a.png"]


def test_results_are_never_patterns(run: Batch, here: Path) -> None:
    named = ["100%20done.png", "shot%04d.png", "take##.png"]
    for name in named:
        (here / name).write_bytes((here / "in" / "img10.png").read_bytes())
    ended = run([*named, "in/clip.mkv"], "styles/a.png", "out")
    assert [job.state for job in ended] == ["painted"] * 4
    assert names("out") == ["100%20done_a.png", "clip_a.mkv", "shot_04d_a.png", "take___a.png"]


def test_too_little_memory_for_one_is_enough_for_others(run: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    execute = batches.execute

    def scarce(plan: Any, hooks: Any) -> Path:
        if plan.clip.path.name == "img9.JPG":
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
        return execute(plan, hooks)

    monkeypatch.setattr(batches, "execute", scarce)
    ended = run(["in/img9.JPG", "in/img10.png"], "styles/a.png", "out")
    assert [job.error for job in ended] == ["out of memory; choose a smaller --size", None]
    monkeypatch.setattr(batches, "execute", lambda plan, hooks: 1 / 0)  # a bug is no bad input
    with pytest.raises(ZeroDivisionError):
        run("in/img10.png", "styles/b.png", "out")


def test_stopped_it_goes_on_after_the_frames_it_has(run: Batch) -> None:
    run("in/clip.mkv", "styles", "whole", keep=True)
    done = []
    for _ in range(12):
        hook = StopAfter(2)
        try:
            done = [
                job.state
                for job in run("in/clip.mkv", "styles", "parts", progress=hook, stop=hook, keep=True)
            ]
            break
        except Stopped:
            continue
    assert done == ["done", "painted"]
    for name in names("whole"):
        ours, theirs = (sorted(Path(f"{out}/{name}.vidstyle/frames").iterdir()) for out in ("whole", "parts"))
        assert len(ours) == 5
        assert [path.read_bytes() for path in ours] == [path.read_bytes() for path in theirs]


def test_a_wrong_option_ends_it_unless_something_worked_out(run: Batch) -> None:
    with pytest.raises(UsageError, match="--blend has 2 weights for 1 style pictures"):
        run("in", "styles", "out", blend=(1.0, 1.0))
    ended = run(["in/img10.png", "in/clip.mkv"], "styles/a.png", "other", bit_depth=16)
    assert [job.state for job in ended] == ["painted", "failed"]
    assert read_picture("other/img10_a.png")[0].dtype == np.uint16


@pytest.mark.parametrize(
    ("inputs", "styles", "folder", "error", "words"),
    [
        (["in/img10.png", "more/img10.png"], "styles", "out", UsageError, "would both be out/img10_a.png"),
        (["in/img10.png", "more/IMG10.png"], "styles", "out", UsageError, "would both be"),
        ("in/img10.png", ["styles/a.png", "more/a.png"], "out", UsageError, "would both be"),
        ("in", "styles", "in", UsageError, "in reads from in, where the results go"),
        ("in/*.png", "styles", "in", UsageError, "where the results go"),
        ("in/img%d.png", "styles", "in", UsageError, "where the results go"),
        (["more/x.png", "more/x_a.png"], "styles", "more", UsageError, "more/x_a.png is read by this run"),
        ("in/*.tif", "styles", "out", MediaError, "names no existing file"),
        ("empty", "styles", "out", MediaError, "the folder empty holds no pictures and no videos"),
        ("in", "empty", "out", MediaError, "the folder empty holds no pictures"),
        ("in", [], "out", UsageError, "give at least one style picture"),
        ("in", "in/notes.txt", "out", MediaError, "notes.txt cannot be read as a picture"),
        ("in", "styles", "in/notes.txt", OutputError, "is a file; give a folder"),
        ("in", "styles", "in/notes.txt/deeper", OutputError, "cannot make the folder"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_painted(
    run: Batch, here: Path, inputs: Any, styles: Any, folder: str, error: type[Exception], words: str
) -> None:
    for name in ("more", "empty"):
        (here / name).mkdir()
    for name in ("img10", "IMG10", "x", "x_a", "a"):
        noise(here / "more" / f"{name}.png", 7)
    with pytest.raises(error, match=words):
        run(inputs, styles, folder)
    assert not list(here.rglob("*.vidstyle"))


def test_inputs_may_be_patterns_and_count_once(run: Batch, here: Path) -> None:
    ended = run(
        ["in/img%d.png", "in/*.png", "in/img10.png", here / "in" / "img10.png"], "styles/a.png", "out"
    )
    assert [job.source for job in ended] == [Path("in/img10.png")]
    (here / "in" / "odd[1].png").write_bytes((here / "in" / "img10.png").read_bytes())
    assert [job.output.name for job in run("in/odd[1].png", "styles/a.png", "out")] == ["odd[1]_a.png"]


def test_job_directories_may_lie_elsewhere(run: Batch) -> None:
    run("in/img10.png", "styles", "out", job="state")
    assert sorted(path.name for path in Path("state").iterdir()) == [
        "img10_a.png.vidstyle",
        "img10_b.png.vidstyle",
    ]
    assert [job.state for job in run("in/img10.png", "styles", "out", job="state")] == ["done", "done"]


class TestGrid:
    @pytest.fixture
    def plain(self, here: Path) -> Path:
        """plain/ with pictures of one colour, and styles of one colour."""
        for folder in ("plain", "inks"):
            (here / folder).mkdir()
        for name, colour in (("plain/red", RED), ("plain/green", GREEN), ("inks/blue", BLUE)):
            write_image(here / f"{name}.png", np.full((24, 32, 3), colour[::-1], np.uint8))
        make_video(here / "plain" / "clip.mkv", size=(32, 24), count=5)
        return here

    def test_heads_and_results_lie_in_their_places(self, run: Batch, plain: Path) -> None:
        (plain / "plain" / "broken.png").write_bytes(b"broken")
        ended = run("plain", "inks", "out", grid="sheet.png")
        assert [job.source.stem for job in ended] == ["broken", "clip", "green", "red"]
        sheet = read_picture("sheet.png")[0].astype(int)
        # Cells of 36 pixels; the row of what is broken is as high as its empty cells.
        assert sheet.shape == (3, 28 + 5 + 3 * 28, 2 * 36)
        rows = {"inks": 14, "clip": 28 + 5 + 14, "green": 28 + 5 + 28 + 14, "red": 28 + 5 + 56 + 14}
        assert tuple(sheet[:, rows["inks"], 54]) == BLUE
        assert tuple(sheet[:, rows["inks"], 18]) == (255, 255, 255)
        assert tuple(sheet[:, rows["green"], 18]) == GREEN
        assert tuple(sheet[:, rows["red"], 18]) == RED
        middle = pictures(Path("plain/clip.mkv"))[2].astype(int)
        top = rows["clip"] - 12
        assert np.array_equal(sheet[:, top : top + 24, 2:34], middle)
        painted = read_picture("out/red_blue.png")[0]
        top = rows["red"] - 12
        assert np.array_equal(sheet[:, top : top + 24, 38:70], painted)

    def test_a_part_of_a_clip_is_headed_by_its_own_middle(self, run: Batch, plain: Path) -> None:
        run("plain/clip.mkv", "inks", "out", grid="out/sheet.png", frames="3:5", codec="ffv1")
        sheet = read_picture("out/sheet.png")[0]
        assert np.array_equal(sheet[:, 30:54, 2:34], pictures(Path("plain/clip.mkv"))[4])
        assert np.array_equal(sheet[:, 30:54, 38:70], pictures(Path("out/clip_blue.mkv"))[1])

    def test_a_file_that_is_there_stays_unless_it_may_be_replaced(self, run: Batch, plain: Path) -> None:
        Path("sheet.png").write_bytes(b"mine")
        lines: list[str] = []
        (painted,) = run("plain/red.png", "inks", "out", grid="sheet.png", notice=lines.append)
        assert lines[0] == "sheet.png is there already and stays as it is; --overwrite makes it anew"
        assert Path("sheet.png").read_bytes() == b"mine"
        (again,) = run("plain/red.png", "inks", "out", grid="sheet.png", overwrite=True)
        assert (painted.state, again.state) == ("painted", "done")
        assert read_picture("sheet.png")[0].shape[0] == 3

    @pytest.mark.parametrize(
        ("grid", "error", "words"),
        [
            ("plain/red.png", UsageError, "is a picture of this batch"),
            ("out/red_blue.png", UsageError, "is a picture of this batch"),
            ("inks/blue.png", UsageError, "is a picture of this batch"),
            ("sheet.xyz", UsageError, "pictures can be written as"),
            ("nowhere/sheet.png", OutputError, "there is no folder nowhere"),
        ],
    )
    def test_places_where_it_cannot_go(
        self, run: Batch, plain: Path, grid: str, error: type[Exception], words: str
    ) -> None:
        with pytest.raises(error, match=words):
            run("plain/red.png", "inks", "out", grid=grid)
        assert not Path("out").exists()

    def test_of_nothing_there_is_none(self, run: Batch, plain: Path) -> None:
        run("gone.png", "inks", "out", grid="sheet.png")
        assert not Path("sheet.png").exists()
