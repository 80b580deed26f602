"""The command line with the real pipeline, on ten tiny frames: stopped, killed, resumed, compared."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.cli.running import PATIENCE, PROGRAM, Start, held, wait_until
from vidstyle.cli import main

OPTIONS = ["--steps=3", "--next-steps=3", "--tolerance=0", "--precision=float32", "--device=cpu"]
FRAMES = Path("parts.vidstyle/frames")


@pytest.fixture
def arguments(pictures: Path, thin_weights: Path) -> list[str]:
    """All but the output."""
    given = ["style", str(pictures / "clip"), str(pictures / "style.png"), "--features", str(thin_weights)]
    return [*given, *OPTIONS]


def test_stopped_then_killed_then_resumed_equals_uninterrupted(
    arguments: list[str], start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "-o", "whole", "-q"]) == 0

    allowed = Path("allowed")
    program = held("vidstyle.job.frames:FrameStore.save_frame", allowed)
    allowed.write_text("2")
    child = start(*program, *arguments, "-o", "parts")
    wait_until((FRAMES / "00000001.png").exists, child)
    child.send_signal(signal.SIGINT)
    allowed.write_text("10")
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out) == (130, "")
    # A frame that takes long is told when it is done, after the first of these.
    assert [line for line in err.splitlines() if not line.startswith("painting")][-2:] == [
        "finishing this frame; press Ctrl-C again to stop now",
        "stopped; go on with: vidstyle resume parts.vidstyle",
    ]
    capfd.readouterr()
    assert main(["status", "parts.vidstyle"]) == 0
    stored = int(re.match(r"([23]) of 10 frames painted", capfd.readouterr().out)[1])

    allowed.write_text("1")
    child = start(*program, "resume", "parts.vidstyle")
    wait_until((FRAMES / f"{stored:08d}.png").exists, child)
    child.kill()
    child.communicate(timeout=PATIENCE)

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
    assert child.stderr is not None
    told = [next(child.stderr)]
    while "press Ctrl-C again" not in told[-1]:
        told.append(next(child.stderr))
    child.send_signal(signal.SIGINT)
    err = child.stderr.read()
    assert child.wait(PATIENCE) == 130
    assert err.splitlines()[-1] == "stopped; go on with: vidstyle resume out.vidstyle"
    assert "Traceback" not in err
    assert not Path("out").exists()
