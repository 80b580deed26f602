"""A whole film, in whichever way it is asked for: in one run, shot by shot, or by Ray."""

from __future__ import annotations

from pathlib import Path

from vidstyle.events import Hooks
from vidstyle.farm.join import join
from vidstyle.farm.on_ray import paint_on_ray
from vidstyle.farm.shot import paint_shots
from vidstyle.farm.split import split
from vidstyle.job import is_split
from vidstyle.learning.fast import paint_fast
from vidstyle.options.farm import FarmOptions
from vidstyle.options.learning import TaughtOptions
from vidstyle.pipeline import execute
from vidstyle.pipeline.plan import Request
from vidstyle.pipeline.planning import make_plan


def paint_film(asked: Request, fast: TaughtOptions | None, farm: FarmOptions, hooks: Hooks) -> Path:
    """Paint what is asked for, or what is left of it; returns the result.

    fast: how a network learns it first; None where none does. A job that is split into shots stays so.
    Raises VidstyleError as `vidstyle.pipeline.stylize` does.
    """
    if farm.on is not None:
        return paint_on_ray(asked, fast, farm.address, hooks)
    if is_split(asked.directory) and not asked.run.restart:
        split(asked, fast, hooks)
        return go_on(asked.directory, hooks)
    if fast is not None and fast.wanted:
        return paint_fast(asked, fast, hooks)
    return execute(make_plan(asked), hooks)


def go_on(job: Path, hooks: Hooks) -> Path:
    """Paint, on this machine, all shots of a job that is split and that are missing, and join them.

    Returns the result. Raises JobBusy where others are painting shots, once all others are painted.
    """
    paint_shots(job, None, hooks)
    return join(job, hooks)
