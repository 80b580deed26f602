"""Jobs run outside the studio, one after the other, and nothing of them is lost with it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import PATIENCE
from tests.studio.conftest import HeldJobs
from tests.video.clip_makers import make_video
from vidstyle.errors import JobError
from vidstyle.studio.jobs import DONE, FAILED, RUNNING, STOPPED, WAITING, Job, child_environment, make_job
from vidstyle.studio.queue import Queue
from vidstyle.video.reader import open_clip

_STUDIO = """
import sys, time
from vidstyle.options.studio import StudioOptions
from vidstyle.studio.queue import Queue
from vidstyle.studio.workspace import Workspace
sys.executable = sys.argv[2]
Queue(Workspace(StudioOptions(workspace=sys.argv[1]))).begin()
time.sleep(3600)
"""


def _until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.05)


def _add(queue: Queue, workspace: Any, clip: Path, *more: str) -> Job:
    """A clip is painted by optimisation."""
    folder = queue.new_folder(clip.stem)
    style = workspace.folder("pictures") / "strokes.jpg"
    words = ["style", str(clip), str(style), "-o", str(folder / "out.mp4"), *more]
    return queue.add(folder, "a job", words, "out.mp4", kind="paint")


_FRAMES = 5
_QUICKLY = ("--quality=draft", "--features=bundled", "--flow=none", "--steps=2", "--next-steps=1")


def _state(job: Job) -> str:
    return job.status().state


def _done(job: Job) -> int:
    """Frames that it has told of."""
    return (job.status().progress or {"done": 0})["done"]


@pytest.fixture
def clip(workspace: Any) -> Path:
    return make_video(workspace.folder("clips") / "small.mp4", count=_FRAMES)


def test_a_job_outlives_its_studio_waits_its_turn_and_is_stopped_at_once(
    workspace: Any, clip: Path, held_jobs: HeldJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = Queue(workspace)
    first, second = (_add(queue, workspace, clip, *_QUICKLY) for _ in range(2))
    assert [_state(first), _state(second)] == [WAITING, WAITING]
    held_jobs.allow(1)
    command = [sys.executable, "-c", _STUDIO, str(workspace.root), str(held_jobs.python)]
    studio = subprocess.Popen(command, env=child_environment())
    try:
        _until(lambda: _done(first) == 1)
    finally:
        studio.kill()
        studio.wait()
    assert [_state(first), _state(second)] == [RUNNING, WAITING]
    held_jobs.allow(2)
    _until(lambda: _done(first) == 2)

    monkeypatch.setattr(sys, "executable", str(held_jobs.python))
    queue = Queue(workspace)  # the studio is started anew
    queue.begin()
    try:
        time.sleep(1.0)
        assert [_state(first), _state(second)] == [RUNNING, WAITING]
        queue.stop(second.name)
        queue.stop(first.name)
        assert _state(second) == STOPPED
        _until(lambda: _state(first) == STOPPED)  # in the middle of a frame, which never ends
        queue.go_on(first.name)
        _until(lambda: _state(first) == RUNNING)
        held_jobs.allow(_FRAMES)
        _until(lambda: _state(first) == DONE)
        assert any("going on after" in line for line in first.status().notices)
    finally:
        queue.end()
    painted = open_clip(first.output)
    assert sum(1 for _ in painted.frames()) == _FRAMES
    assert [path.name for path in first.files()] == ["out.mp4"]
    queue.remove(first.name)
    assert [job.name for job in queue.jobs()] == [second.name]


def test_a_failed_job_tells_its_one_line(workspace: Any) -> None:
    broken = workspace.folder("clips") / "broken.mp4"
    broken.write_bytes(b"no film" * 100)
    queue = Queue(workspace)
    job = _add(queue, workspace, broken)
    queue.begin()
    try:
        _until(lambda: _state(job) == FAILED)
    finally:
        queue.end()
    assert "broken.mp4" in job.status().error
    assert "\n" not in job.status().error


def test_a_job_that_was_killed_with_its_machine_is_stopped_and_can_go_on(workspace: Any) -> None:
    queue = Queue(workspace)
    folder = queue.new_folder("x")
    job = queue.add(folder, "x", ["style"], "out.mp4")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    job.want(True, process=ended.pid, born=time.time())
    assert _state(job) == STOPPED
    queue.go_on(job.name)
    assert _state(job) == WAITING


def test_another_process_of_the_same_number_is_not_the_job_s(workspace: Any) -> None:
    queue = Queue(workspace)
    job = queue.add(queue.new_folder("x"), "x", ["style"], "out.mp4")
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    try:
        job.want(True, process=other.pid, born=time.time() - 3600)
        assert _state(job) == STOPPED
        queue.stop(job.name)
        time.sleep(0.2)
        assert other.poll() is None
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()


def test_a_process_is_found_whose_studio_was_killed_as_it_started_it(workspace: Any) -> None:
    queue = Queue(workspace)
    job = queue.add(queue.new_folder("x"), "x", ["style"], "out.mp4")
    job.want(True, process=0, born=0.0)
    assert _state(job) == STOPPED
    words = [sys.executable, "-c", "import time; time.sleep(3600)", str(job.output)]
    lives = subprocess.Popen(words)
    try:
        assert _state(job) == RUNNING
        with pytest.raises(JobError, match="stop it first"):
            job.remove()
    finally:
        lives.kill()
        lives.wait()


@pytest.mark.parametrize("name", ["..", "../other", "/etc", "none"])
def test_a_name_leads_to_no_other_folder(workspace: Any, name: str) -> None:
    (workspace.root / "other").mkdir()
    make_job(workspace.root / "other", {"title": "x", "words": [], "output": "x"})
    with pytest.raises(JobError):
        Queue(workspace).job(name)


def test_what_is_no_job_is_left_alone(workspace: Any) -> None:
    (workspace.folder("jobs") / "notes").mkdir()
    (workspace.folder("jobs") / "bad").mkdir()
    (workspace.folder("jobs") / "bad" / "card.json").write_text("[")
    assert Queue(workspace).jobs() == []
