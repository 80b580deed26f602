"""Real processes: the program that they run, and waiting for what it does.

Whatever has to happen to a process at some point of its work must find it there on the slowest machine, so
it waits there itself: see `held`.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAM = "import sys\nfrom vidstyle.cli import main\nsys.exit(main())"
Start = Callable[..., subprocess.Popen[str]]
PATIENCE = 600
"""Seconds until something must have happened; other programs may be busy on this machine."""


def held(place: str, allowed: Path) -> list[str]:
    """Arguments of Python for the program, which waits each time before it calls one function of its own.

    place: MODULE:NAME of the function. allowed: a file with the number of calls that may be made, by which it
    is let go on; none at all while there is no such file.
    """
    return [str(Path(__file__).with_name("held.py")), place, str(allowed.absolute())]


def wait_until(happened: Callable[[], object], child: subprocess.Popen[Any]) -> None:
    """No longer than the child runs."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
