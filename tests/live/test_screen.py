"""The window on a virtual display, with keys that are really pressed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.live.small import pan, write_untaught
from tests.video.clip_makers import make_video

FRAMES, STEP, SIZE = 1500, 5, (128, 96)  # STEP: how many times as long as usual a picture is shown
WIDTH, HEIGHT = 640, 480
PATIENCE = 120  # seconds until something must have happened
WINDOW = ["search", "--onlyvisible", "--name", "^vidstyle$"]
# With no window manager Qt misses now and then that its window is on the screen, and never draws it.
UNCOVER = [*WINDOW, "windowunmap", "windowmap"]
# Nor does the window get the focus by itself. Keys that come right after it are dropped.
FOCUS = [*WINDOW, "windowfocus"]


@pytest.fixture
def display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """DISPLAY is a screen whose pixels lie in a file, as X's window dumps do."""
    missing = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
    if missing:
        message = f"{' and '.join(missing)} not installed"
        if os.environ.get("VIDSTYLE_REQUIRE_DISPLAY") == "1":
            pytest.fail(message)
        pytest.skip(message)
    readable, writable = os.pipe()
    # Else it starts anew when its last client goes, as does the one that tries whether a window opens,
    # and takes whoever comes at that moment with it.
    screen = ["-noreset", "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(tmp_path)]
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writable), *screen], pass_fds=[writable], stderr=subprocess.DEVNULL
    )
    os.close(writable)
    with os.fdopen(readable) as told:
        monkeypatch.setenv("DISPLAY", f":{told.readline().strip()}")
    try:
        yield tmp_path / "Xvfb_screen0"
    finally:
        server.terminate()
        server.wait()


def pixels(dump: Path) -> np.ndarray:
    """What the screen shows, uint8 (H, W, 4)."""
    header = np.fromfile(dump, ">u4", 25)
    start = int(header[0]) + 12 * int(header[19])  # behind the header and the colours
    shown = np.fromfile(dump, np.uint8, offset=start)[: WIDTH * HEIGHT * 4]
    return shown.reshape(HEIGHT, WIDTH, 4)


def shows_another(dump: Path, before: np.ndarray) -> bool:
    """Whether most of the picture has changed: not only the line in it that counts frames, or a pointer."""
    changed = np.abs(pixels(dump).astype(int) - before).max(2) > 4
    return bool(changed.sum() > SIZE[0] * SIZE[1] / 2)


def until(happened: Callable[[], bool], *nudges: list[str]) -> bool:
    """Whether it happens; until it does, xdotool does something to the window again and again."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for nudge in nudges:
            subprocess.run(["xdotool", *nudge], check=False, capture_output=True)
            time.sleep(0.5)
        soon = time.monotonic() + 4
        while time.monotonic() < soon:
            if happened():
                return True
            time.sleep(0.1)
    return False


@pytest.mark.usefixtures("alone")
def test_a_window_shows_what_is_painted_and_keys_change_the_look_and_end_it(display: Path) -> None:
    for seed, name in enumerate("ab"):
        write_untaught(Path(f"{name}.safetensors"), seed)
    still = [next(iter(pan(1)))] * FRAMES
    make_video(Path("clip.mp4"), size=SIZE, pictures=still, pts=[*range(0, FRAMES * STEP, STEP)], audio=())
    program = [sys.executable, "-c", "import sys; from vidstyle.cli import main; sys.exit(main())"]
    command = [*program, "live", "clip.mp4", "-q", "-o", "out.mp4"]
    looks = ["--look", "a.safetensors", "--look", "b.safetensors"]
    told = Path("told.txt")
    with told.open("w") as out:
        run = subprocess.Popen([*command, *looks], stdout=out, stderr=subprocess.STDOUT)
    try:
        black = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        assert until(lambda: run.poll() is not None or shows_another(display, black), UNCOVER), (
            told.read_text()
        )
        assert run.poll() is None, told.read_text()
        first = pixels(display)
        assert until(lambda: shows_another(display, first), FOCUS, ["key", "n"]), told.read_text()
        assert until(lambda: run.poll() is not None, FOCUS, ["key", "q"]), told.read_text()
        assert run.returncode == 0, told.read_text()
    finally:
        run.kill()
        run.wait()
    assert Path("out.mp4").stat().st_size > 0
