"""A method of one folder and one line in the registry, as the guide to extending shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.guides.reading import file_of, guide
from tests.pipeline.painting import assert_same
from tests.video.clip_makers import write_image

PAGE = guide("extending")
# Before the guide's own lines: nothing may ask for weights, and the painter may be killed on the way.
BEFORE = """
import atexit, os, sys
if "--help" in sys.argv:
    atexit.register(lambda: os._exit(3) if "torch" in sys.modules else None)
else:
    from vidstyle.features import weights
    weights.load = weights.find = None
    from stencilled.method import Printer
    def paint(self, *given, left=[int(os.environ["KILLED_AFTER"])], own=Printer.paint, **named):
        if not left[0]:
            os._exit(9)
        left[0] -= 1
        return own(self, *given, **named)
    Printer.paint = paint
"""
RUN = BEFORE + file_of(PAGE, "with_stencils.py")


@pytest.fixture
def folder(tmp_path: Path, clip: Path) -> Path:
    """With the method, a clip and a stencil; the current directory."""
    package = tmp_path / "modules" / "stencilled"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name in ("options.py", "method.py"):
        (package / name).write_text(file_of(PAGE, f"stencilled/{name}"))
    write_image(tmp_path / "leaf.png", np.random.default_rng(1).integers(0, 255, (16, 24, 3), np.uint8))
    return tmp_path


CALL = """
from vidstyle.methods.registry import METHODS
METHODS["print"] = "stencilled"
import vidstyle
vidstyle.paint("print", "clip.mp4", [], "called.mkv", stencil="leaf.png", codec="ffv1")
"""


def vidstyle(
    folder: Path, *words: str, killed_after: int = 1000, code: str = RUN
) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(folder / "modules"), str(root)])
    environment = os.environ | {"PYTHONPATH": paths, "KILLED_AFTER": str(killed_after), "COLUMNS": "100"}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_it_shows_its_options(folder: Path) -> None:
    shown = vidstyle(folder, "print", "--help")
    assert shown.returncode == 0, shown.stderr
    for words in (
        "Print a stencil onto INPUT.",
        "--stencil",
        "PICTURE",
        "--ink",
        "What is printed.",
        "--mask",
    ):
        assert words in shown.stdout
    assert "print" in vidstyle(folder, "--help").stdout


def test_it_is_killed_and_goes_on_and_its_file_counts_by_its_content(folder: Path) -> None:
    printed = ["print", "clip.mp4", "--stencil=leaf.png", "--codec=ffv1", "--proof=proof.png", "-q", "--keep"]
    whole = vidstyle(folder, *printed, "-o", "whole.mkv")
    assert whole.returncode == 0 and whole.stderr == "" and (folder / "proof.png").is_file()
    assert vidstyle(folder, code=CALL).returncode == 0
    assert_same(folder / "called.mkv", folder / "whole.mkv")
    (folder / "proof.png").unlink()
    assert vidstyle(folder, *printed, "-o", "parts.mkv", killed_after=3).returncode == 9
    assert len(list((folder / "parts.mkv.vidstyle" / "frames").glob("*.png"))) == 3
    job = json.loads((folder / "parts.mkv.vidstyle" / "job.json").read_text())
    assert job["settings"]["options"]["stencil"] == str(folder / "leaf.png")
    (folder / "leaf.png").rename(folder / "moved.png")
    assert vidstyle(folder, "resume", "parts.mkv.vidstyle").returncode == 1  # it is gone
    (folder / "moved.png").rename(folder / "leaf.png")
    assert vidstyle(folder, "resume", "parts.mkv.vidstyle", "-q").returncode == 0
    assert (folder / "proof.png").is_file()
    assert_same(folder / "whole.mkv", folder / "parts.mkv")

    write_image(folder / "leaf.png", np.zeros((16, 24, 3), np.uint8))
    refused = vidstyle(folder, *printed, "-o", "parts.mkv")
    assert refused.returncode == 1 and "--stencil leaf.png has changed" in refused.stderr
    other = vidstyle(folder, *printed, "--ink", "0.25", "-o", "whole.mkv")
    assert other.returncode == 1 and "ink: 0.5 -> 0.25" in other.stderr


def test_what_it_lacks_is_told_in_a_line(folder: Path) -> None:
    told = vidstyle(folder, "print", "clip.mp4", "-o", "out.mkv")
    assert (told.returncode, told.stderr) == (2, "vidstyle: give a stencil: --stencil PICTURE\n")
    read = vidstyle(folder, "print", "clip.mp4", "--stencil", "leaf.png", "-o", "leaf.png", "--overwrite")
    assert read.returncode == 2 and "leaf.png is read by this run" in read.stderr
