"""The command line with the real pipeline, on ten tiny frames: stopped, killed, resumed, compared."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.running import PROGRAM, Start, wait_until
from vidstyle.cli import main

# Enough steps for a signal to come between two frames.
OPTIONS = ["--steps=3", "--next-steps=60", "--tolerance=0", "--precision=float32", "--device=cpu"]


@pytest.fixture
def arguments(pictures: Path, thin_weights: Path) -> list[str]:
    """All but the output."""
    given = ["style", str(pictures / "clip"), str(pictures / "style.png"), "--features", str(thin_weights)]
    return [*given, *OPTIONS]


def wait_for_frames(child: subprocess.Popen[str], job: str, count: int) -> None:
    wait_until(lambda: len(list((Path(job) / "frames").glob("0*.png"))) >= count, child)


def test_stopped_then_killed_then_resumed_equals_uninterrupted(
    arguments: list[str], start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "-o", "whole", "-q"]) == 0

    child = start("-c", PROGRAM, *arguments, "-o", "parts")
    wait_for_frames(child, "parts.vidstyle", 2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    # A frame that takes long is told when it is done, after the first of these.
    assert [line for line in err.splitlines() if not line.startswith("painting")][-2:] == [
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
    wait_until(Path("out.vidstyle/shots/00000000").exists, child)
    child.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=15)
    assert child.returncode == 130
    assert err.splitlines()[-1] == "stopped; go on with: vidstyle resume out.vidstyle"
    assert "Traceback" not in err
    assert not Path("out").exists()
