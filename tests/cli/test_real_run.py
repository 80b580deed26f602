"""The command line with the real pipeline, on ten tiny frames: stopped, killed, resumed, compared."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vidstyle.cli import main

# Enough steps for a signal to come between two frames.
OPTIONS = ["--steps=3", "--next-steps=60", "--tolerance=0", "--precision=float32", "--device=cpu"]
PROGRAM = "import sys\nfrom vidstyle.cli import main\nsys.exit(main())"
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def arguments(
    tmp_path: Path, cache: Path, pictures: Path, thin_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """All but the output. One thread: more are in each other's way on pictures this small."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDSTYLE_CACHE", str(cache))
    monkeypatch.setenv("VIDSTYLE_OFFLINE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    given = ["style", str(pictures / "clip"), str(pictures / "style.png"), "--features", str(thin_weights)]
    yield [*given, *OPTIONS]
    torch.set_num_threads(threads)


def wait_for_frames(child: subprocess.Popen[str], job: str, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list((Path(job) / "frames").glob("0*.png"))) < count:
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)


def test_stopped_then_killed_then_resumed_equals_uninterrupted(
    arguments: list[str], start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "-o", "whole", "-q"]) == 0

    child = start("-c", PROGRAM, *arguments, "-o", "parts")
    wait_for_frames(child, "parts.vidstyle", 2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert err.splitlines()[-2:] == [
        "finishing this frame; press Ctrl-C again to stop now",
        "stopped; go on with: vidstyle resume parts.vidstyle",
    ]
    capfd.readouterr()
    assert main(["status", "parts.vidstyle"]) == 0
    assert re.match(r"[2-9] of 10 frames painted", capfd.readouterr().out)

    stored = len(list(Path("parts.vidstyle/frames").iterdir()))
    child = start("-c", PROGRAM, "resume", "parts.vidstyle")
    if stored < 9:
        wait_for_frames(child, "parts.vidstyle", stored + 1)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)

    assert main(["resume", "parts.vidstyle", "-q"]) == 0
    assert {p.name: p.read_bytes() for p in Path("parts").iterdir()} == {
        p.name: p.read_bytes() for p in Path("whole").iterdir()
    }
    assert main([*arguments, "-o", "parts"]) == 0
    assert "nothing to do: this job is done" in capfd.readouterr().err


def test_the_second_ctrl_c_stops_at_once(arguments: list[str], start: Start) -> None:
    child = start("-c", PROGRAM, *arguments, "--steps", "100000", "--tolerance", "0", "-o", "out")
    wait_until = time.monotonic() + 60
    while not Path("out.vidstyle/shots/00000000").exists():
        assert child.poll() is None and time.monotonic() < wait_until
        time.sleep(0.005)
    child.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=15)
    assert child.returncode == 130
    assert err.splitlines()[-1] == "stopped; go on with: vidstyle resume out.vidstyle"
    assert "Traceback" not in err
    assert not Path("out").exists()
