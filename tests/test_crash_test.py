"""The crash test with few kills."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@pytest.mark.slow
def test_killed_at_any_moment_it_comes_out_the_same() -> None:
    command = [sys.executable, str(SCRIPTS / "crash_test.py"), "--kills=16"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "every job came out the same" in ended.stdout
    assert ended.stdout.count(" strikes\n") == 9  # all the jobs
