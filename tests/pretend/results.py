"""What `tests.pretend.run` has found, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]

Results = Mapping[str, Mapping[str, Any]]
"""By the name of what was tried; see `run`."""


def tried(folder: Path, much: str, *words: str) -> Results:
    """Everything that is tried usually, or all of it; with words, only what has one of them in its name.

    Raises RuntimeError where the process fails.
    """
    work = folder / "tried"
    work.mkdir()
    own = {"OMP_NUM_THREADS": "1", "VIDSTYLE_OFFLINE": "1", "VIDSTYLE_DEBUG": "1", "PYTHONPATH": str(_ROOT)}
    own |= {"VIDSTYLE_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.pretend.run", str(work), much, *words],
        env=os.environ | own,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["name"]: each for each in found}
