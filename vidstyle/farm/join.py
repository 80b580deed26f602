"""Joining the shots of a job that is split: the result is written as by a run that has painted them all."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vidstyle.errors import FrameDamaged, JobBusy, ShotsMissing
from vidstyle.events import Hooks, Pace
from vidstyle.farm.parts import Part, Parts
from vidstyle.farm.shot import opened, planned
from vidstyle.job import LOCK, JobStore, Lock
from vidstyle.pipeline import carry_out

_NAMED = 6


def join(job: Path, hooks: Hooks) -> Path:
    """Write the result of a job of which all shots are painted; returns it. One that is done stays as it is.

    Raises ShotsMissing, before anything is changed, where one is not; JobBusy where another process is
    joining them or is at one of them; else as `stylize` does.
    """
    parts = Parts.load(job)
    if not JobStore.load(job).is_done(at_once=True):
        _require_whole(parts)
    plan = planned(job, parts, hooks.tell, paints_only=False)
    with JobStore.open(plan.directory, plan.fingerprint, plan.settings) as store:
        hooks.begin(job)
        if not store.is_done(plan.made_with):
            _require_whole(parts)
            pace = Pace("join", sum(len(part.frames) for part in parts.all))
            # All that later changes are made from, where they are kept.
            passes = range(1 if plan.run.keep and plan.method.revisited else parts.passes, parts.passes + 1)
            for part in parts.all:
                _take_over(store, part, passes, pace, hooks)
        carry_out(plan, store, replace(hooks, begun=None))
        if not plan.run.keep:
            store.drop_learning()
        for part in parts.all:
            _drop(part)
    return plan.output


def _require_whole(parts: Parts) -> None:
    """Raise ShotsMissing, which names them, unless all shots are painted."""
    left = [(part, count) for part, count in parts.left(parts.all) if count]
    if not left:
        return
    told = "; ".join(_state(parts, part, count) for part, count in left[:_NAMED])
    more = f"; and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    numbers = [str(part.number) for part, _ in left[:_NAMED]]
    command = shlex.join(["vidstyle", "shot", str(parts.directory), *numbers])
    verb = "is" if len(left) == 1 else "are"
    raise ShotsMissing(
        f"{len(left)} of {len(parts.all)} shots {verb} missing: {told}{more}; paint with: {command}"
    )


def _state(parts: Parts, part: Part, left: int) -> str:
    painted = len(part.frames) - left
    running = parts.running(part)
    at_it = f", being painted by process {running}" if running else ""
    return f"{part}, {painted} of {len(part.frames)} painted{at_it}"


def _take_over(store: JobStore, part: Part, passes: Iterable[int], pace: Pace, hooks: Hooks) -> None:
    """Bring the frames of a shot into the job, each checked. Raises ShotsMissing where one is damaged."""
    if not part.folder.is_dir():  # by a run that was stopped
        return
    with opened(store, part) as other:
        for own, theirs in [(store.of_pass(number), other.of_pass(number)) for number in passes]:
            own.prepare()
            for index in theirs.frames():
                try:
                    own.adopt(index, theirs)
                except FrameDamaged as error:
                    command = shlex.join(["vidstyle", "shot", str(store.directory), str(part.number)])
                    raise ShotsMissing(f"{error}, by: {command}") from error
                hooks.report(pace.finished(index, part.shot.index))


def _drop(part: Part) -> None:
    """Give what is left of a shot back to the disk, unless somebody is just finding out that it is done."""
    if part.folder.is_dir():
        with suppress(JobBusy):
            Lock(part.folder / LOCK).release()
            shutil.rmtree(part.folder, ignore_errors=True)
