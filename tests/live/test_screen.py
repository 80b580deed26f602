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

FRAMES, RATE, SIZE = 1500, 25, (128, 96)
WIDTH, HEIGHT = 640, 480
PATIENCE = 40  # seconds until something must have happened


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
    screen = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(tmp_path)]
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


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


def press(key: str, happened: Callable[[], bool]) -> None:
    """As often as it takes until something happens.

    With no window manager the focus has to be given, and Qt drops keys that come right after it.
    """
    searched = ["xdotool", "search", "--name", "^vidstyle$"]
    window = subprocess.run(searched, capture_output=True, text=True, check=True).stdout.split()[-1]
    for _ in range(10):
        subprocess.run(["xdotool", "windowfocus", "--sync", window], check=True)
        time.sleep(0.5)
        subprocess.run(["xdotool", "key", key], check=True)
        end = time.monotonic() + 4
        while time.monotonic() < end:
            if happened():
                return
            time.sleep(0.1)
    raise AssertionError(f"nothing happens when {key} is pressed")


@pytest.mark.usefixtures("alone")
def test_a_window_shows_what_is_painted_and_keys_change_the_look_and_end_it(display: Path) -> None:
    for seed, name in enumerate("ab"):
        write_untaught(Path(f"{name}.safetensors"), seed)
    still = [next(iter(pan(1)))] * FRAMES
    make_video(Path("clip.mp4"), size=SIZE, pictures=still, pts=[*range(FRAMES)], audio=())
    program = [sys.executable, "-c", "import sys; from vidstyle.cli import main; sys.exit(main())"]
    command = [*program, "live", "clip.mp4", "-q", "-o", "out.mp4"]
    looks = ["--look", "a.safetensors", "--look", "b.safetensors"]
    run = subprocess.Popen([*command, *looks], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        black = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        wait_for(lambda: run.poll() is not None or shows_another(display, black))
        assert run.poll() is None, run.communicate()[0]
        first = pixels(display)
        press("n", lambda: shows_another(display, first))
        press("q", lambda: run.poll() is not None)
        assert run.returncode == 0, run.communicate()[0]
    finally:
        run.kill()
        run.communicate()
    assert Path("out.mp4").stat().st_size > 0
