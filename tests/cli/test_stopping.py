"""Ctrl-C, twice Ctrl-C, SIGTERM and kill -9, in real processes, on a terminal and without one."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import fake_pipeline
import pytest

from tests.cli.running import Start, wait_until
from vidstyle.cli import main
from vidstyle.job import JobStore

PROGRAM = fake_pipeline.__file__
STOPPING = "finishing this frame; press Ctrl-C again to stop now"


def wait_for_frames(child: subprocess.Popen[Any], count: int) -> None:
    wait_until(Path(f"o.mp4.vidstyle/frames/{count - 1:08d}.png").exists, child)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_finishes_the_frame_and_says_how_to_go_on(
    tmp_path: Path, start: Start, number: int
) -> None:
    child = start(PROGRAM, "style", "in.mp4", "a.jpg", "-o", "o.mp4")
    wait_for_frames(child, 2)
    child.send_signal(number)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, out) == (130, "")
    assert err.splitlines()[-2:] == [STOPPING, "stopped; go on with: vidstyle resume o.mp4.vidstyle"]
    assert "Traceback" not in err
    stored = len(JobStore.load(tmp_path / "o.mp4.vidstyle").frames())
    assert 2 <= stored < fake_pipeline.FRAMES

    child = start(PROGRAM, "resume", "o.mp4.vidstyle")
    _, err = child.communicate(timeout=20)
    assert child.returncode == 0
    assert f"painting {stored + 1}/{fake_pipeline.FRAMES}" in err
    assert (tmp_path / "o.mp4").read_bytes() == b"film"


@pytest.mark.parametrize(
    ("flag", "last"),
    [
        ("--quiet", ""),
        ("--json-progress", '{"event": "stopped", "resume": "vidstyle resume o.mp4.vidstyle"}'),
    ],
)
def test_quiet_and_json_when_stopped(start: Start, flag: str, last: str) -> None:
    child = start(PROGRAM, "style", "in.mp4", "a.jpg", "-o", "o.mp4", flag)
    wait_for_frames(child, 2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (130, "")
    assert (out.splitlines() or [""])[-1] == last


def test_an_ignored_signal_stays_ignored(start: Start) -> None:
    child = start(PROGRAM, "style", "in.mp4", "a.jpg", "-o", "o.mp4", stop_signals=False)
    wait_for_frames(child, 1)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 0
    assert STOPPING not in err


def test_handlers_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in fake_pipeline.MODULES:
        monkeypatch.setitem(sys.modules, name, fake_pipeline)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert main(["style", "in.mp4", "a.jpg", "-o", "o.mp4", "-q"]) == 0
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_the_bar_on_a_terminal() -> None:
    terminal, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, PROGRAM, "style", "in.mp4", "a.jpg", "-o", "o.mp4"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    os.close(theirs)
    wait_for_frames(child, 8)
    child.send_signal(signal.SIGINT)
    shown = b""
    while select.select([terminal], [], [], 20)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side is closed
            break
    os.close(terminal)
    assert child.wait(timeout=20) == 130
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"painting .* \d+/12 +shot 1 +loss 0\.\d+ +1\.25 s/frame +1 h 01 min left", text)
    assert "a [notice] in brackets\r\n" in text
    assert STOPPING in text
    assert "stopped; go on with: vidstyle resume o.mp4.vidstyle\r\n" in text
    assert shown.count(b"\x1b[?25l") == shown.count(b"\x1b[?25h") == 1  # the cursor is given back
