"""A workspace, and a browser for those tests that look at the page."""

from __future__ import annotations

import os
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
_START_SECONDS = 120


@pytest.fixture
def workspace(tmp_path: Path) -> Any:
    from vidstyle.studio.workspace import Workspace

    made = Workspace(StudioOptions(workspace=str(tmp_path / "work")))
    made.add_samples()
    return made


class Studio:
    """A studio that runs as a process of its own. folder: its workspace."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.address = f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = ["studio", "--workspace", str(self.folder), "--port", str(self.port), "--no-open"]
        self._process = subprocess.Popen([sys.executable, "-m", "vidstyle", *words])
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            assert self._process.poll() is None, "the studio did not start"
            try:
                with urllib.request.urlopen(self.address + "studio/jobs", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the studio did not answer")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)
            self._process = None


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One that is up."""
    made = Studio(tmp_path_factory.mktemp("studio") / "work")
    made.start()
    yield made
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
            tmp_path_factory.mktemp("profile"), executable_path=found, args=_ARGUMENTS, headless=True
        )
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
        page.set_default_timeout(240_000)
        page.on("request", noted)
        page.goto(studio.address)
        page.wait_for_selector(".vs-gallery button")
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.close()
    assert not outside
