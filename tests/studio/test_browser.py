"""The page in a real browser, as somebody uses it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import PATIENCE
from tests.studio.conftest import HeldJobs
from tests.video.clip_makers import make_video
from vidstyle.video.reader import open_clip

_FRAMES = 6


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("clips") / "my clip.mp4", count=_FRAMES, audio=("aac",))


def _upload(page: Any, path: Path) -> None:
    page.set_input_files("#vs-upload input[type=file]", str(path))


def _command(page: Any) -> str:
    return str(page.input_value("#vs-command textarea"))


def _until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)


def _job(page: Any, state: str) -> None:
    page.wait_for_selector(f'.vs-job[data-state="{state}"]')


def test_from_a_clip_to_its_painting(page_at: Any, clip: Path, tmp_path: Path, held_jobs: HeldJobs) -> None:
    held_jobs.allow(2)
    page = page_at()
    _upload(page, clip)
    page.get_by_text(f"my clip.mp4: 96×64, {_FRAMES} frames").first.wait_for()
    page.click('.vs-gallery button[data-name="look:strokes"]')
    page.wait_for_selector("#vs-look img.vs-after")  # the first look comes
    page.wait_for_selector("#vs-ways tr")
    assert "--look strokes" in _command(page)

    page.get_by_label("Paint a first look after every change").uncheck()
    page.click('.vs-gallery button[data-name="pictures/strokes.jpg"]')
    page.get_by_label("draft", exact=True).first.check()
    strength = page.get_by_role("spinbutton", name=re.compile("Strength"))
    strength.fill("1.5")
    strength.press("Tab")
    _until(lambda: "--strength 1.5" in _command(page))
    assert "--quality draft" in _command(page)

    page.locator(".vs-paint-button:visible").click()
    _job(page, "running")
    page.wait_for_selector(".vs-latest:visible")  # a frame is painted
    page.reload()  # nothing is lost by that
    page.get_by_role("tab", name="Jobs").click()
    page.locator('.vs-job[data-state="running"] button', has_text="Stop").click()
    _job(page, "stopped")
    held_jobs.allow(_FRAMES)
    page.locator(".vs-job button", has_text="Go on").click()
    _job(page, "done")

    with page.expect_download() as download:
        page.locator(".vs-files a").first.click()
    painted = tmp_path / download.value.suggested_filename
    download.value.save_as(painted)
    assert painted.name == "my clip-style.mp4"
    found = open_clip(painted)
    assert sum(1 for _ in found.frames()) == _FRAMES
    assert [stream.kind for stream in found.streams] == ["audio"]

    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector(".vs-figures img[src*='index=0']")
    assert page.locator(".vs-figures img").count() == 2
    page.get_by_label("frame", exact=True).press("End")
    page.wait_for_selector(f".vs-figures img[src*='index={_FRAMES - 1}']")


def test_a_bad_file_and_a_wrong_value_are_told(page_at: Any, tmp_path: Path) -> None:
    page = page_at()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"this is no film" * 50)
    _upload(page, broken)
    page.get_by_text("broken.mp4").first.wait_for()
    assert "Traceback" not in page.content()
    size = page.get_by_label("Size", exact=False).first
    size.fill("7")
    size.press("Tab")
    page.get_by_text("--size must be at least 16, not 7").first.wait_for()  # is read out, too


def test_by_keyboard_alone(page_at: Any, held_jobs: HeldJobs) -> None:
    held_jobs.allow(1)
    page = page_at()
    page.wait_for_selector("#vs-look img")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.name") == "look:glass":
            break
    page.keyboard.press("Space")
    page.wait_for_selector('.vs-gallery button[data-name="look:glass"][aria-pressed="true"]')
    assert page.evaluate("document.activeElement.dataset.name") == "look:glass"
    page.wait_for_selector("#vs-look input[type=range]")
    page.focus("#vs-look input[type=range]")
    page.keyboard.press("Home")
    assert page.evaluate("document.querySelector('.vs-compare').style.getPropertyValue('--at')") == "0%"
    page.locator(".vs-paint-button:visible").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".vs-job")
    page.locator(".vs-job button", has_text="Stop").first.focus()
    page.keyboard.press("Enter")
    _until(lambda: page.locator('.vs-job[data-state="running"]').count() == 0)


def test_in_a_narrow_window_nothing_is_cut_off(page_at: Any) -> None:
    page = page_at(360, 740)
    page.wait_for_selector("#vs-look img")
    for tab in ("Paint", "Jobs", "Compare"):
        page.get_by_role("tab", name=tab).first.click()
        time.sleep(0.5)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
