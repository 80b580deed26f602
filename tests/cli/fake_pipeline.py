"""Stands in for vidstyle.pipeline where only the command line is looked at: no torch, frames in milliseconds.

Run as a program it is `vidstyle` with this pipeline. What it is to do is said by the name of the input.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidstyle.errors import MediaError, Stopped
from vidstyle.job import JobStore, default_job_directory

FRAMES = 12


@dataclass(frozen=True)
class Progress:
    phase: str
    done: int
    total: int | None
    frame: int
    shot: int
    loss: float | None
    steps: int
    seconds_per_frame: float | None
    seconds_left: float | None
    pass_number: int = 1


@dataclass(frozen=True)
class Search:
    height: int
    width: int
    losses: dict[str, list[float]]


@dataclass(frozen=True)
class FrameLosses:
    frame: int
    shot: int
    pass_number: int
    steps: int
    losses: dict[str, float]
    searches: tuple[Search, ...]


def stylize(
    input: Path, styles: Any, output: Path, *, options: Any, run: Any, encode: Any, **hooks: Any
) -> Path:
    name = Path(input).name
    if name == "missing.mp4":
        raise MediaError(f"{input}: no such file")
    if name == "bug.mp4":
        raise KeyError("two\nlines")
    if name == "memory.mp4":
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
    job = Path(run.job) if run.job else default_job_directory(output)
    fingerprint = {"source": name, "options": asdict(options)}
    settings = {"input": str(input), "output": str(output), "total": FRAMES}
    with JobStore.open(job, fingerprint, settings, restart=run.restart) as store:
        return _paint(store, job, **hooks)


def resume(job: Path, **hooks: Any) -> Path:
    old = JobStore.load(job)
    with JobStore.open(job, old.fingerprint, old.settings) as store:
        return _paint(store, job, **hooks)


def _paint(
    store: JobStore, job: Path, *, progress: Any, notice: Any, stop: Any, begun: Any, losses: Any
) -> Path:
    begun(job)
    output = Path(store.settings["output"])
    notice("a [notice] in brackets")
    store.mark_shot(0)
    for index in range(store.next_frame(0), FRAMES):
        if stop.is_set():
            raise Stopped("stopped")
        if store.settings["input"] == "deaf.mp4" and index == 2:
            store.mark_shot(index)  # shows that it asks no more
            time.sleep(60)
        time.sleep(0.05)
        store.save_frame(index, b"picture", b"carry")
        if losses is not None:
            search = {"height": 36, "width": 64, "losses": {"style": [1.0, 0.5]}}
            losses(FrameLosses(index, 0, 1, 7, {"style": 0.5}, (Search(**search),)))
        progress(Progress("paint", index + 1, FRAMES, index, 0, 0.5 / (index + 1), 7, 1.25, 3661.0))
    progress(Progress("encode", FRAMES, None, FRAMES - 1, 0, None, 0, None, None))
    output.write_bytes(b"film")
    store.mark_done(output)
    store.drop_frames()
    return output


if __name__ == "__main__":
    from vidstyle.cli import main

    sys.modules["vidstyle.pipeline"] = sys.modules["__main__"]
    sys.exit(main())
