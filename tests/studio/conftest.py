"""A workspace, and a browser for those tests that look at the page."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import PATIENCE, PROGRAM, held
from vidstyle.options.studio import StudioOptions

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class HeldJobs:
    """A Python that runs `vidstyle` so that it paints no more frames than are allowed, 0 at first."""

    def __init__(self, folder: Path) -> None:
        self.python, self._allowed = folder / "python", folder / "allowed"
        words = [sys.executable, *held("vidstyle.job.frames:FrameStore.save_frame", self._allowed)]
        self.python.write_text(f'#!/bin/sh\nshift 2\nexec {shlex.join(words)} "$@"\n')  # without -m vidstyle
        self.python.chmod(0o755)

    def allow(self, frames: int) -> None:
        self._allowed.write_text(str(frames))


@pytest.fixture(scope="module")
def held_jobs(tmp_path_factory: pytest.TempPathFactory) -> HeldJobs:
    return HeldJobs(tmp_path_factory.mktemp("held"))


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    from vidstyle.studio.workspace import Workspace

    made = Workspace(StudioOptions(workspace=str(tmp_path / "work")))
    made.add_samples()
    return made


def _free_port() -> int:
    """Not one of those that the system gives to whoever asks for any, until it is used."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)):
                return port


class Studio:
    """A studio that runs as a process of its own. folder: its workspace. python: which runs its jobs."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.port, self.folder, self.python = _free_port(), folder, python
        self.address = f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["studio", "--workspace", str(self.folder), "--port", str(self.port), "--no-open"]
        program = (
            f"import sys; sys.executable = {str(self.python)!r}\n"
            f"from vidstyle.studio import looks; looks._MOST_SECONDS = {PATIENCE}\n{PROGRAM}"
        )
        self._process = subprocess.Popen([sys.executable, "-c", program, *words])
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert self._process.poll() is None, "the studio did not start"
            try:
                with urllib.request.urlopen(self.address + "studio/jobs", timeout=60):
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the studio did not answer")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=PATIENCE)
            self._process = None


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, held_jobs: HeldJobs) -> Iterator[Studio]:
    """One that is up."""
    made = Studio(tmp_path_factory.mktemp("studio") / "work", held_jobs.python)
    try:
        made.start()
        yield made
    finally:
        made.kill(signal.SIGTERM)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium; skips where it is not installed (fails where it has to be)."""
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("VIDSTYLE_REQUIRE_BROWSER") == "1":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=found,
            args=_ARGUMENTS,
            headless=True,
            timeout=1000 * PATIENCE,
        )
        context.set_default_timeout(1000 * PATIENCE)
        yield context
        context.close()


@pytest.fixture
def page_at(browser: Any, studio: Studio) -> Iterator[Callable[..., Any]]:
    """page_at(width, height) opens the studio; whatever is asked of another machine fails the test."""
    outside: list[str] = []
    opened: list[Any] = []

    def noted(request: Any) -> None:
        if not request.url.startswith((studio.address, "data:", "blob:")):
            outside.append(request.url)

    def open_page(width: int = 1280, height: int = 900) -> Any:
        page = browser.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.on("request", noted)
        page.goto(studio.address)
        page.wait_for_selector(".vs-gallery button")
        # A clip is chosen when the page is there, and would take the place of one that is uploaded before.
        page.wait_for_function(r"/\.mp4: \d+×/.test(document.body.innerText)")
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.close()
    assert not outside
