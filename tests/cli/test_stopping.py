"""Ctrl-C, twice Ctrl-C, SIGTERM and kill -9, in real processes, on a terminal and without one."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_pipeline
import pytest

from tests.cli.running import PATIENCE, Start, wait_until
from vidstyle.cli import main
from vidstyle.job import JobStore

PROGRAM = fake_pipeline.__file__
STOPPING = "finishing this frame; press Ctrl-C again to stop now"


def wait_for_frames(child: subprocess.Popen[Any], count: int) -> None:
    wait_until(Path(f"o.mp4.vidstyle/frames/{count - 1:08d}.png").exists, child)


def read_terminal(terminal: int) -> Iterator[bytes]:
    """All that is written to it until the other side is closed."""
    try:
        while more := os.read(terminal, 65536):
            yield more
    except OSError:  # how Linux says so
        return


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_finishes_the_frame_and_says_how_to_go_on(
    tmp_path: Path, start: Start, number: int
) -> None:
    child = start(PROGRAM, "style", "held2.mp4", "a.jpg", "-o", "o.mp4")
    wait_for_frames(child, 2)
    child.send_signal(number)
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out) == (130, "")
    # A frame that takes long is told when it is done, after the first of these.
    assert [line for line in err.splitlines() if not line.startswith("painting")][-2:] == [
        STOPPING,
        "stopped; go on with: vidstyle resume o.mp4.vidstyle",
    ]
    assert "Traceback" not in err
    stored = len(JobStore.load(tmp_path / "o.mp4.vidstyle").frames())
    assert stored in (2, 3)  # the signal may come before the third is begun

    Path("go").touch()  # what is to be painted yet may begin with the frame that was held
    child = start(PROGRAM, "resume", "o.mp4.vidstyle")
    _, err = child.communicate(timeout=PATIENCE)
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
    child = start(PROGRAM, "style", "held2.mp4", "a.jpg", "-o", "o.mp4", flag)
    wait_for_frames(child, 2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, err) == (130, "")
    assert (out.splitlines() or [""])[-1] == last


def test_an_ignored_signal_stays_ignored(start: Start) -> None:
    child = start(PROGRAM, "style", "held1.mp4", "a.jpg", "-o", "o.mp4", stop_signals=False)
    wait_for_frames(child, 1)
    child.send_signal(signal.SIGINT)
    Path("go").touch()
    _, err = child.communicate(timeout=PATIENCE)
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
        [sys.executable, PROGRAM, "style", "held8.mp4", "a.jpg", "-o", "o.mp4"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    os.close(theirs)
    shown: list[bytes] = []
    # Whoever writes to a terminal that is not read waits for its reader at some point.
    reader = threading.Thread(target=lambda: shown.extend(read_terminal(terminal)))
    reader.start()
    try:
        wait_for_frames(child, 8)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=PATIENCE) == 130
    finally:
        child.kill()
        child.wait()
        reader.join()
        os.close(terminal)
    whole = b"".join(shown)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", whole.decode())
    assert re.search(r"painting .* \d+/12 +shot 1 +loss 0\.\d+ +1\.25 s/frame +1 h 01 min left", text)
    assert "a [notice] in brackets\r\n" in text
    assert STOPPING in text
    assert "stopped; go on with: vidstyle resume o.mp4.vidstyle\r\n" in text
    assert whole.count(b"\x1b[?25l") == whole.count(b"\x1b[?25h") == 1  # the cursor is given back
