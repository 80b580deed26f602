"""Real processes: the program that they run, and waiting for what it does."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

PROGRAM = "import sys\nfrom vidstyle.cli import main\nsys.exit(main())"
Start = Callable[..., subprocess.Popen[str]]


def wait_until(happened: Callable[[], object], child: subprocess.Popen[Any]) -> None:
    """For a minute at the most, and no longer than the child runs."""
    deadline = time.monotonic() + 60
    while not happened():
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
