"""Jobs that were moved, alone or with everything, are gone on with; those of another version are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vidstyle
from tests.pipeline.painting import Paint, StopAfter, assert_same, noise, pictures, stopped
from tests.video.clip_makers import make_video
from vidstyle.cli import main
from vidstyle.errors import JobError, JobMismatch, OutputError
from vidstyle.events import Hooks
from vidstyle.pipeline import resume


def edit(job: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = job / "job.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_one_that_painted_otherwise_is_refused(paint: Paint, clip: Path, tmp_path: Path) -> None:
    stopped(paint, StopAfter(1), clip, "out.mkv", codec="ffv1")
    edit(tmp_path / "out.mkv.vidstyle", lambda content: content["fingerprint"].update(painter=1))
    with pytest.raises(JobMismatch, match="another version of vidstyle, which paints differently"):
        paint(clip, "out.mkv", codec="ffv1")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["settings"].pop("input"),
        lambda content: content["settings"].update(options="none"),
        lambda content: content["settings"].update(output=3),
        lambda content: content["settings"]["options"].update(magic=1),
        lambda content: content["settings"]["options"].pop("loss"),
        lambda content: content["settings"]["options"].update(loss="magic"),
        lambda content: content["settings"].update(pictures=7),
        lambda content: content["settings"].update(method="magic"),
        lambda content: content["settings"].update(home=3, output=[]),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    paint: Paint, clip: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    stopped(paint, StopAfter(1), clip, "out.mkv", codec="ffv1")
    edit(tmp_path / "out.mkv.vidstyle", change)
    with pytest.raises(JobError, match="of another version of vidstyle, or has been changed by hand"):
        resume(tmp_path / "out.mkv.vidstyle")


@pytest.fixture
def studio(tmp_path: Path, thin_weights: Path) -> Path:
    """A folder with a clip, pictures and weights, and a job in it that was stopped after three frames."""
    folder = tmp_path / "here" / "studio"
    (folder / "clips").mkdir(parents=True)
    make_video(folder / "clips" / "clip.mp4", size=(48, 32), count=6)
    for seed, name in enumerate(("style", "start")):
        noise(folder / f"{name}.png", seed)
    shutil.copy(thin_weights, folder / "thin.safetensors")
    return folder


def settings_in(folder: Path) -> dict[str, Any]:
    files = {"features": str(folder / "thin.safetensors"), "init": str(folder / "start.png")}
    return files | {"steps": 2, "next_steps": 2, "precision": "float32", "codec": "ffv1"}


def paint_in(folder: Path, output: Path, **hooks: Any) -> Path:
    return vidstyle.stylize(
        folder / "clips" / "clip.mp4", folder / "style.png", output, **settings_in(folder), **hooks
    )


def stop_in(folder: Path, output: Path) -> None:
    stopped(paint_in, StopAfter(3), folder, output)


def test_moved_with_everything(studio: Path, tmp_path: Path) -> None:
    paint_in(studio, studio / "whole.mkv")
    stop_in(studio, studio / "out.mkv")
    there = tmp_path / "there" / "studio"
    shutil.move(studio.parent, there.parent)
    lines: list[str] = []
    assert resume(there / "out.mkv.vidstyle", Hooks(notice=lines.append)) == there / "out.mkv"
    assert f"the job has been moved: its result will be {there / 'out.mkv'}" in lines
    assert "going on after 3 painted frames" in lines
    assert_same(there / "out.mkv", there / "whole.mkv")
    assert not studio.exists()


def test_moved_by_the_same_command_in_the_new_place(studio: Path, tmp_path: Path) -> None:
    stop_in(studio, studio / "out.mkv")
    there = shutil.move(studio, tmp_path / "studio")
    lines: list[str] = []
    paint_in(there, there / "out.mkv", notice=lines.append)
    assert "going on after 3 painted frames" in lines


def test_named_from_another_folder_it_has_not_moved(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(studio / "clips")
    names = ["../clips/clip.mp4", "../style.png", "../out.mkv"]
    stopped(vidstyle.stylize, StopAfter(3), *names, **settings_in(studio), job="../clips/../job")
    monkeypatch.chdir(studio)
    settings = json.loads(Path("job/job.json").read_text())["settings"]
    found = [settings[name] for name in ("home", "input", "output")]
    assert found == [str(studio / name) for name in ("job", "clips/clip.mp4", "out.mkv")]
    lines: list[str] = []
    assert resume(Path("job"), Hooks(notice=lines.append)) == studio / "out.mkv"
    assert "going on after 3 painted frames" in lines
    assert not [line for line in lines if "moved" in line]
    monkeypatch.chdir(studio / "clips")
    vidstyle.stylize(*names, **settings_in(studio), job="../job", notice=lines.append)
    assert lines[-1] == "nothing to do: this job is done (--restart paints it anew)"


def test_one_whose_home_is_named_in_a_roundabout_way_has_not_moved(studio: Path) -> None:
    stop_in(studio, studio / "out.mkv")
    home = str(studio / "clips" / ".." / "out.mkv.vidstyle")
    edit(studio / "out.mkv.vidstyle", lambda content: content["settings"].update(home=home))
    lines: list[str] = []
    assert resume(studio / "out.mkv.vidstyle", Hooks(notice=lines.append)) == studio / "out.mkv"
    assert not [line for line in lines if "moved" in line]


def test_the_job_directory_alone_is_moved(studio: Path, tmp_path: Path) -> None:
    stop_in(studio, studio / "out.mkv")
    (tmp_path / "elsewhere").mkdir()
    job = shutil.move(studio / "out.mkv.vidstyle", tmp_path / "elsewhere")
    assert resume(job) == tmp_path / "elsewhere" / "out.mkv"
    assert not (studio / "out.mkv").exists()


def test_a_finished_job_that_is_moved_is_still_finished(studio: Path, tmp_path: Path) -> None:
    paint_in(studio, studio / "out.mkv")
    there = Path(shutil.move(studio, tmp_path / "there"))
    lines: list[str] = []
    resume(there / "out.mkv.vidstyle", Hooks(notice=lines.append))
    assert "nothing to do: this job is done (--restart paints it anew)" in lines
    paint_in(there, there / "out.mkv", notice=lines.append)
    assert lines[-1] == "nothing to do: this job is done (--restart paints it anew)"


def test_one_begun_with_leave_to_overwrite_goes_on(studio: Path, tmp_path: Path) -> None:
    (studio / "out.mkv").write_bytes(b"before")
    stopped(paint_in, StopAfter(3), studio, studio / "out.mkv", overwrite=True)
    shutil.copytree(studio, tmp_path / "copied")
    with pytest.raises(OutputError, match=r"out\.mkv exists, and nothing shows that the job in "):
        resume(tmp_path / "copied" / "out.mkv.vidstyle")
    assert (tmp_path / "copied" / "out.mkv").read_bytes() == b"before"
    assert len(pictures(resume(studio / "out.mkv.vidstyle"))) == 6


def test_a_finished_job_that_is_copied_is_still_finished(studio: Path, tmp_path: Path) -> None:
    paint_in(studio, studio / "out.mkv")
    there = shutil.copytree(studio, tmp_path / "there")
    shutil.rmtree(studio)
    lines: list[str] = []
    resume(there / "out.mkv.vidstyle", Hooks(notice=lines.append))
    paint_in(there, there / "out.mkv", notice=lines.append)
    assert [line for line in lines if line.startswith("nothing to do")] == [lines[-1]] * 2


def test_an_input_that_is_gone_is_named(
    studio: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stop_in(studio, studio / "out.mkv")
    (studio / "clips" / "clip.mp4").unlink()
    assert main(["resume", str(studio / "out.mkv.vidstyle")]) == 1
    error = capfd.readouterr().err.strip().splitlines()[-1]
    assert "clip.mp4" in error and "Traceback" not in error


def test_a_changed_input_is_named(studio: Path) -> None:
    stop_in(studio, studio / "out.mkv")
    make_video(studio / "clips" / "clip.mp4", size=(48, 32), count=7)
    with pytest.raises(JobMismatch, match=r"the input clip\.mp4 has changed"):
        resume(studio / "out.mkv.vidstyle")
