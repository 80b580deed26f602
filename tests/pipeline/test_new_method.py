"""A method of one folder and one line in the registry: all that there is to do for a new one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.painting import assert_same
from tests.video.clip_makers import write_image

OPTIONS = '''
from dataclasses import dataclass
from vidstyle.options.base import Command, MethodOptions, Pictures, file_option, option
from vidstyle.options.run import RunOptions

@dataclass(frozen=True, kw_only=True)
class StencilOptions(MethodOptions):
    """Settings of a method that prints a stencil onto what moves."""
    stencil: str | None = file_option(None, "What is printed.", metavar="PICTURE")
    ink: float = option(0.5, "How much of it.", minimum=0, maximum=1)
    proof: str | None = file_option(None, "Write the stencil here, too.", role="written")

NONE = Pictures(least=0, most=0)
COMMAND = Command(StencilOptions, RunOptions, "Print a stencil onto INPUT.", "Stencil", NONE)
'''

METHOD = """
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from vidstyle.errors import UsageError
from vidstyle.image.convert import on_paper
from vidstyle.image.resize import resize
from vidstyle.methods.base import Inputs, Method
from vidstyle.types import Painted
from vidstyle.video.pictures import read_picture

@dataclass(frozen=True, eq=False, kw_only=True)
class StencilInputs(Inputs):
    stencil: torch.Tensor

class Printer:
    def __init__(self, stencil, ink):
        self.stencil, self.ink, self.left = stencil, ink, int(os.environ.get("KILLED_AFTER", "1000"))

    def paint(self, content, priors, seed, draft=None):
        if not self.left:
            os._exit(9)
        self.left -= 1
        trail = torch.stack([p.weight * p.image for p in priors]).sum(dim=0) if priors else content
        sheet = resize(self.stencil.to(content), (content.shape[1], content.shape[2]))
        return Painted((self.ink * sheet + (1 - self.ink) * (content + trail) / 2).clamp(0, 1))

class Stencil(Method):
    uses_features = False

    def open(self, options, source):
        if options.stencil is None:
            raise UsageError("give a stencil: --stencil PICTURE")
        return StencilInputs(options, stencil=on_paper(*read_picture(options.stencil)))

    def painter(self, inputs, engine):
        return Printer(inputs.stencil, inputs.options.ink)

    def beside(self, inputs, finished):
        if inputs.options.proof is None:
            return []
        finished.write(Path(inputs.options.proof), inputs.stencil, None)
        return [Path(inputs.options.proof)]

METHOD = Stencil()
"""

RUN = """
import sys
from vidstyle.methods.registry import METHODS
METHODS["print"] = "stencilled"
from vidstyle.cli import main
if "--help" in sys.argv:
    assert main(sys.argv[1:]) == 0 and "torch" not in sys.modules
    sys.exit()
from vidstyle.features import weights
weights.load = weights.find = None  # nothing may ask for them
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def folder(tmp_path: Path, clip: Path) -> Path:
    """With the method, a clip and a stencil; the current directory."""
    package = tmp_path / "modules" / "stencilled"
    package.mkdir(parents=True)
    for name, text in {"__init__": "", "options": OPTIONS, "method": METHOD}.items():
        (package / f"{name}.py").write_text(text)
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
