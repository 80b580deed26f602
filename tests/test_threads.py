"""How PyTorch's threads wait for each other, as the OpenMP runtime tells it when it is loaded."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

# The library alone, as PyTorch with all else takes seconds; nothing where `module` has loaded that.
_LOADS = """
import ctypes, importlib.util, pathlib
for path in pathlib.Path(importlib.util.find_spec("torch").origin).parent.glob("lib/libgomp*"):
    ctypes.CDLL(str(path))
"""
_SPINS = re.compile(r"GOMP_SPINCOUNT = '(\w+)'")


def spins(module: str, **own: str) -> int:
    """How often a waiting thread looks before it sleeps once `module` and PyTorch's OpenMP are loaded.

    own: environment variables that the user has set.
    """
    ours = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    environment |= {"OMP_DISPLAY_ENV": "VERBOSE", **own}
    command = [sys.executable, "-c", f"import {module}\n{_LOADS}"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr
    found = _SPINS.search(told)
    if not found:
        pytest.skip("PyTorch is built without GNU's OpenMP here")
    return int(found[1])


@pytest.mark.parametrize("module", ["vidstyle", "vidstyle.cli", "vidstyle.pipeline"])
def test_waiting_threads_soon_sleep(module: str) -> None:
    assert spins(module) == 1000


def test_what_the_user_has_set_is_kept() -> None:
    assert spins("vidstyle", GOMP_SPINCOUNT="70") == 70
    assert spins("vidstyle", OMP_WAIT_POLICY="PASSIVE") == 0
    assert spins("vidstyle", OMP_WAIT_POLICY="ACTIVE") > 1000
