"""All that is tried on the pretend device, in one process, as lines of JSON: what was tried, and how it went.

    python -m tests.pretend.run FOLDER usual|all [WORD...]

FOLDER is for what is written. With words, only what has one of them in its name.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from tests.pretend import cases, commands, device, rules
from vidstyle.image import patchmatch
from vidstyle.methods.registry import METHODS

Trial = tuple[str, Callable[[Path], dict[str, Any]]]
"""A name, and what tries it in a folder of its own and gives what was found."""


def _painter(case: cases.Case, there: torch.device, folder: Path) -> dict[str, Any]:
    return {"apart": cases.apart(*(cases.painted_by(case, folder, each) for each in ("cpu", there)))}


def _steps(name: str, settings: dict[str, Any], there: torch.device, folder: Path) -> dict[str, Any]:
    return {"a_step": cases.stalls_a_step(name, folder, there, **settings)}


def _spine(spine: str, folder: Path) -> dict[str, Any]:
    found = []
    for choice in ("cpu", "auto"):
        (folder / choice).mkdir()
        with chdir(folder / choice):
            commands.prepare()
            found.append(commands.run(spine, choice))
    return {"apart": cases.apart(*found), "made": sorted(found[0])}


def trials(there: torch.device, everything: bool) -> Iterator[Trial]:
    """What is tried usually; with what single options do, too."""
    for name, rule in rules.RULES.items():
        yield f"rule {name}", partial(rule, there)
    chosen = chain(cases.usual(), cases.single() if everything else ())
    yield from (
        (f"paint {name} {settings}", partial(_painter, (name, settings), there)) for name, settings in chosen
    )
    for name in METHODS:
        for settings in cases.searching(name):
            yield f"steps {name} {settings}", partial(_steps, name, settings, there)
    for name, training in cases.TRAININGS.items():
        yield f"steps training {name}", partial(training, there)
    yield from ((f"run {spine}", partial(_spine, spine)) for spine in commands.SPINES)


def main(folder: Path, everything: bool, words: list[str]) -> None:
    torch.set_num_threads(1)
    there = device.install()
    commands.make_small()
    # What patches are compared by is learnt from fewer: of a thousand that takes half a second each time.
    patchmatch._SAMPLES = 64
    for number, (name, attempt) in enumerate(trials(there, everything)):
        if words and not any(word in name for word in words):
            continue
        own = folder / str(number)
        own.mkdir()
        device.stalls.clear()
        began, told = time.process_time(), {"name": name, "error": ""}
        try:
            told |= attempt(own)
        except Exception:
            told["error"] = traceback.format_exc(limit=-30)
        told |= {"seconds": time.process_time() - began, "stalls": list(device.lines())}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] == "all", sys.argv[3:])
