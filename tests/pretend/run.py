"""All that is tried on the pretend device, in one process, as lines of JSON: what was tried, and how it went.

    python -m tests.pretend.run FOLDER [WORD...]

FOLDER is for what is written. With words, only what has one of them in its name.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from tests.pretend import cases, device
from vidstyle.image import patchmatch

Trial = tuple[str, Callable[[Path], float]]
"""A name, and what gives how far the device's results are from the CPU's."""


def painters(there: torch.device) -> Iterator[Trial]:
    """Every painter with one option after another."""
    for case in cases.cases():

        def apart(folder: Path, case: cases.Case = case) -> float:
            by_cpu, by_device = (cases.painted_by(case, folder, each) for each in ("cpu", there))
            return cases.apart(by_cpu, by_device)

        yield f"paint {case[0]} {case[1]}", apart


def main(folder: Path, words: list[str]) -> None:
    torch.set_num_threads(1)
    there = device.install()
    # What patches are compared by is learnt from fewer: of a thousand that takes half a second each time.
    patchmatch._SAMPLES = 64
    for name, apart in painters(there):
        if words and not any(word in name for word in words):
            continue
        device.stalls.clear()
        begun, error, found = time.perf_counter(), "", None
        try:
            found = apart(folder)
        except Exception:
            error = traceback.format_exc(limit=-30)
        told = {"name": name, "apart": found, "error": error, "seconds": time.perf_counter() - begun}
        sys.stdout.write(json.dumps(told | {"stalls": list(device.lines())}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
