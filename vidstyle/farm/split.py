"""Splitting a job into its shots: what they share is done once, and each can then be painted by itself."""

from __future__ import annotations

import math
from dataclasses import replace

from vidstyle.errors import UsageError
from vidstyle.events import Hooks
from vidstyle.farm.parts import Parts
from vidstyle.farm.shot import opened, plan_of
from vidstyle.job import JobStore, is_split
from vidstyle.learning.fast import plan_fast, ready
from vidstyle.learning.store import LearningStore
from vidstyle.options.learning import TaughtOptions
from vidstyle.pipeline.finding import forget_findings, look_through
from vidstyle.pipeline.plan import Plan, Request
from vidstyle.pipeline.planning import make_plan
from vidstyle.pipeline.stale import drop_stale


def split(asked: Request, fast: TaughtOptions | None, hooks: Hooks) -> Parts | None:
    """Find the shots of a job, and do what is done once for all of them; None where the job is done.

    fast: how a network learns first what it then paints all shots with; None where none does.
    What was found before is kept. Raises VidstyleError as `stylize` does, UsageError for what has no shots,
    and Stopped.
    """
    fast = fast if fast is not None and fast.wanted else None
    plan = _alike(make_plan(asked) if fast is None else plan_fast(asked, fast))
    _check(plan)
    if plan.method.shares:
        hooks.tell(plan.method.shares)
    kind = JobStore if fast is None else LearningStore
    with kind.open(plan.directory, plan.fingerprint, plan.settings, restart=plan.run.restart) as store:
        hooks.begin(plan.directory)
        if store.is_done(plan.made_with):
            hooks.tell("nothing to do: this job is done (--restart paints it anew)")
            return None
        if isinstance(store, LearningStore):
            assert fast is not None
            plan = ready(plan, store, fast, hooks)
        drop_stale(plan, store)
        parts = _kept(plan, store) if is_split(plan.directory) else _found(plan, store, hooks)
        left = sum(count for _, count in parts.left(parts.all))
        store.check_space(plan.bytes_needed((plan.total or left) - left))
    return parts


def _alike(plan: Plan) -> Plan:
    """The plan with what else each machine would decide for itself: in which arithmetic it paints."""
    run = plan.settings["run"] | {"precision": plan.run.precision}
    return replace(plan, settings=plan.settings | {"run": run})


def _check(plan: Plan) -> None:
    """Raise UsageError for what cannot be painted shot by shot."""
    if not plan.clip.filmed:
        raise UsageError(
            "what is made from no clip has no shots: each frame comes from the one before, on one machine"
        )
    if plan.clip.kind == "still":
        raise UsageError(f"{plan.clip.path} is a picture: it is painted in one piece, by one machine")


def _found(plan: Plan, store: JobStore, hooks: Hooks) -> Parts:
    known = look_through(plan, store, hooks)
    each = plan.method.work(plan.options, plan.canvas.width, plan.canvas.height)
    # What is faded away is not painted, but stored all the same.
    work = [each.of(known.shown(shot)) if known.shown(shot) else 1.0 for shot in known.shots]
    parts = Parts.made(store, known, work, plan.run.passes, plan.inputs.digest)
    forget_findings(store)
    return parts


def _kept(plan: Plan, store: JobStore) -> Parts:
    """What was found before; frames are forgotten that were painted from what has changed since."""
    parts = Parts.load(plan.directory)
    if parts.digest == plan.inputs.digest:
        return parts
    for part in parts.all:
        if part.folder.is_dir():
            with opened(store, part) as own:
                drop_stale(plan_of(plan, part), own)
    return Parts.made(store, parts.known, parts.work, plan.run.passes, plan.inputs.digest)


def described(parts: Parts) -> str:
    """How the work is spread, and what that means for the number of machines."""
    count, longest = len(parts.all), parts.longest_first()[0]
    frames = sum(len(part.frames) for part in parts.all)
    if count == 1:
        return f"one shot of {frames} frames: one machine paints it, and more do not help"
    line = f"{count} shots, {frames} frames; {longest} is the longest, {longest.work:.0%} of the work: "
    machines = math.ceil(1 / longest.work)
    return line + f"more than {machines} machines make it no faster"
