"""Stands in for what paints where only the command line is looked at: no torch, frames in milliseconds.

Run as a program it is `vidstyle` with this pipeline. What it is to do is said by the name of the input;
held7.mp4 does not go on after seven frames until it is asked to stop, or there is a file called go.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidstyle.errors import MediaError
from vidstyle.events import FrameLosses, Hooks, Progress, SearchLosses
from vidstyle.job import JobStore, default_job_directory

FRAMES = 12
MODULES = ("vidstyle.pipeline", "vidstyle.pipeline.plan", "vidstyle.farm.film")
"""In place of which this one is put."""


@dataclass
class Request:
    source: Path
    pictures: Any
    output: Path
    options: Any
    run: Any
    encode: Any
    notice: Any


def paint_film(asked: Request, fast: Any, farm: Any, hooks: Hooks) -> Path:
    name = Path(asked.source).name
    if name == "missing.mp4":
        raise MediaError(f"{asked.source}: no such file")
    if name == "bug.mp4":
        raise KeyError("two\nlines")
    if name == "memory.mp4":
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
    job = Path(asked.run.job) if asked.run.job else default_job_directory(asked.output)
    fingerprint = {"source": name, "options": asdict(asked.options)}
    settings = {"input": str(asked.source), "output": str(asked.output), "total": FRAMES}
    with JobStore.open(job, fingerprint, settings, restart=asked.run.restart) as store:
        return _paint(store, job, hooks)


def resume(job: Path, hooks: Hooks) -> Path:
    old = JobStore.load(job)
    with JobStore.open(job, old.fingerprint, old.settings) as store:
        return _paint(store, job, hooks)


def _paint(store: JobStore, job: Path, hooks: Hooks) -> Path:
    hooks.begin(job)
    output = Path(store.settings["output"])
    hooks.tell("a [notice] in brackets")
    held = re.fullmatch(r"held(\d+)\.mp4", Path(store.settings["input"]).name)
    store.mark_shot(0)
    for index in range(store.next_frame(0), FRAMES):
        hooks.check_stop()
        while held and index == int(held[1]) and not _is_told(hooks):
            time.sleep(0.005)
        store.save_frame(index, b"picture", b"carry")
        if hooks.losses is not None:
            search = SearchLosses(36, 64, {"style": [1.0, 0.5]})
            hooks.losses(FrameLosses(index, 0, 1, 7, {"style": 0.5}, (search,)))
        assert hooks.progress is not None
        hooks.progress(Progress("paint", index + 1, FRAMES, index, 0, 0.5 / (index + 1), 7, 1.25, 3661.0))
    hooks.progress(Progress("encode", FRAMES, None, FRAMES - 1, 0, None, 0, None, None))
    output.write_bytes(b"film")
    store.mark_done(output)
    store.drop_frames()
    return output


def _is_told(hooks: Hooks) -> bool:
    assert hooks.stop is not None
    return hooks.stop.is_set() or Path("go").exists()


if __name__ == "__main__":
    from vidstyle.cli import main

    sys.modules |= dict.fromkeys(MODULES, sys.modules["__main__"])
    sys.exit(main())
