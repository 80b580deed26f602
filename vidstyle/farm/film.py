"""A whole film, shot by shot."""

from __future__ import annotations

from pathlib import Path

from vidstyle.events import Hooks
from vidstyle.farm.join import join
from vidstyle.farm.shot import paint_shots
from vidstyle.farm.split import split
from vidstyle.options.learning import TaughtOptions
from vidstyle.pipeline.plan import Request


def paint_film(asked: Request, fast: TaughtOptions | None, hooks: Hooks) -> Path:
    """Paint a film that is split, or is to be, on this machine; returns the result.

    fast: see `split`. Raises as `go_on` does, JobMismatch where the job in its place is another.
    """
    split(asked, fast, hooks)
    return go_on(asked.directory, hooks)


def go_on(job: Path, hooks: Hooks) -> Path:
    """Paint, on this machine, all shots of a job that is split and that are missing, and join them.

    Returns the result. Raises JobBusy where others are painting shots, once all others are painted.
    """
    paint_shots(job, None, hooks)
    return join(job, hooks)
