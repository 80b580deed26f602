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


# From Python, and then one command line after another in the same process, as each start takes seconds.
CALL = """
import vidstyle
vidstyle.paint("print", "clip.mp4", [], "called.mkv", stencil="leaf.png", codec="ffv1")
"""
SEVERAL = """
for line in sys.argv[1:]:
    words = line.split()
    print(os.rename(*words[1:]) if words[0] == "mv" else main(words))
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
    printed = "print clip.mp4 --stencil=leaf.png --codec=ffv1 --proof=proof.png -q --keep"
    whole = vidstyle(folder, *printed.split(), "-o", "whole.mkv")
    assert whole.returncode == 0 and whole.stderr == "" and (folder / "proof.png").is_file()
    (folder / "proof.png").unlink()
    assert vidstyle(folder, *printed.split(), "-o", "parts.mkv", killed_after=3).returncode == 9
    assert len(list((folder / "parts.mkv.vidstyle" / "frames").glob("*.png"))) == 3
    job = json.loads((folder / "parts.mkv.vidstyle" / "job.json").read_text())
    assert job["settings"]["options"]["stencil"] == str(folder / "leaf.png")

    write_image(folder / "other.png", np.zeros((16, 24, 3), np.uint8))
    lines = {
        "mv leaf.png moved.png": None,
        "resume parts.mkv.vidstyle": 1,  # it is gone
        "mv moved.png leaf.png": None,
        "resume parts.mkv.vidstyle -q": 0,
        "mv other.png leaf.png": None,
        f"{printed} -o parts.mkv": 1,
        f"{printed} -o whole.mkv --ink 0.25": 1,
    }
    done = vidstyle(folder, *lines, code=RUN.replace("sys.exit(main())", CALL + SEVERAL))
    assert done.stdout.split() == [str(code) for code in lines.values()], done.stderr
    told = done.stderr.splitlines()
    assert "--stencil leaf.png has changed" in told[-2] and "ink: 0.5 -> 0.25" in told[-1]
    assert (folder / "proof.png").is_file()
    for name in ("called", "parts"):
        assert_same(folder / f"{name}.mkv", folder / "whole.mkv")


def test_what_it_lacks_is_told_in_a_line(folder: Path) -> None:
    lines = ("print clip.mp4 -o out.mkv", "print clip.mp4 --stencil leaf.png -o leaf.png --overwrite")
    done = vidstyle(folder, *lines, code=RUN.replace("sys.exit(main())", SEVERAL))
    told, read = done.stderr.splitlines()
    assert done.stdout.split() == ["2", "2"] and told == "vidstyle: give a stencil: --stencil PICTURE"
    assert "leaf.png is read by this run" in read
