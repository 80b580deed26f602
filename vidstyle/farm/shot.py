"""Painting one shot of a job that is split, on whatever machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vidstyle.errors import JobBusy, JobError, JobMismatch
from vidstyle.events import Hooks, Notice
from vidstyle.farm.parts import Part, Parts
from vidstyle.job import LOCK, JobStore, differences
from vidstyle.job.lock import holder
from vidstyle.learning.fast import replan_fast
from vidstyle.pipeline import paint
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.planning import replan


def paint_shot(job: Path, number: int, hooks: Hooks) -> None:
    """Paint what is missing of a shot, from 1; nothing where it is painted.

    Raises JobBusy where another process is painting it; JobMismatch where this machine would paint
    differently from the one that has split the job; else as `stylize` does.
    """
    parts = Parts.load(job)
    part = parts.part(number)
    if _is_done(parts, part):
        hooks.tell(f"nothing to do: {part} is painted")
        return
    hooks.begin(job)
    main = JobStore.load(job)
    with opened(main, part) as store:
        if _is_done(parts, part):  # by one that has just let go of the lock
            return
        plan = planned(job, parts, hooks.tell)
        shot = plan_of(plan, part)
        shot.clip.seek_points.update(main.times())
        store.check_space(shot.bytes_needed(store.painted()))
        paint(shot, store, replace(hooks, begun=None))
        if store.end() != part.frames.stop:
            raise JobError(f"{plan.clip.path} ends before frame {part.frames[-1]}; was it changed?")


def paint_shots(job: Path, numbers: Sequence[int] | None, hooks: Hooks) -> None:
    """Paint these shots, one after the other; None: longest first, all that are missing.

    Raises as `paint_shot` does; JobBusy at the end, when all others are painted.
    """
    if numbers is None:
        numbers = [part.number for part in _missing(job)]
        if not numbers:
            hooks.tell("nothing to do: all shots are painted")
    busy: JobBusy | None = None
    for number in numbers:
        try:
            paint_shot(job, number, hooks)
        except JobBusy as error:
            busy = busy or error
    if busy is not None:
        raise busy


def _missing(job: Path) -> list[Part]:
    parts = Parts.load(job)
    left = [part for part, count in parts.left(parts.longest_first()) if count]
    return [] if JobStore.load(job).is_done(at_once=True) else left


def planned(job: Path, parts: Parts, notice: Notice, *, paints_only: bool = True) -> Plan:
    """By what the frames of a job are painted, on this machine as on that which has split it.

    paints_only: whether no result is written. Raises JobMismatch where it would not be as there.
    """
    stored = JobStore.load(job)
    fast = "fast" in stored.settings
    plan = (replan_fast if fast else replan)(job, notice, paints_only=paints_only)
    if found := differences(stored.fingerprint, plan.fingerprint):
        raise JobMismatch(
            f"this machine would paint {job} differently: {'; '.join(found)}; all shots must be painted alike"
        )
    if plan.inputs.digest != parts.digest:
        raise JobMismatch(f"what {job} is painted from has changed since it was split; split it again")
    return replace(plan, known=parts.known)


def plan_of(plan: Plan, part: Part) -> Plan:
    """Of a shot, by that of its job."""
    return replace(plan, directory=part.folder, start=part.frames.start, stop=part.frames.stop)


def opened(main: JobStore, part: Part) -> JobStore:
    """The store of a shot, to work in it. Raises JobBusy."""
    shot = {"shot": [part.frames.start, part.frames.stop]}
    settings = {"passes": main.settings["passes"], **shot}
    try:
        return JobStore.open(part.folder, {**main.fingerprint, **shot}, settings)
    except JobBusy as error:
        raise JobBusy(f"{part} is being painted by process {holder(part.folder / LOCK) or '?'}") from error


def _is_done(parts: Parts, part: Part) -> bool:
    """Whether a shot is painted, or even joined with the others."""
    # In this order: frames are given up once the result is there.
    return parts.is_whole(part) or JobStore.load(parts.directory).is_done(at_once=True)
