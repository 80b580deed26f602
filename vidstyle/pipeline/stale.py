"""Frames of a job that were painted from what has changed since, by what is noted with each."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from vidstyle.errors import FrameDamaged
from vidstyle.job import FrameStore, JobStore
from vidstyle.methods.base import Basis
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.stored import load_carry
from vidstyle.types import Painted, Shot

BASIS = "basis"  # in a carry, uint8: the digest of what a frame was painted from


def based(painted: Painted, basis: Basis) -> Painted:
    """A painting that carries what it was painted from."""
    if not basis.digest:
        return painted
    told = torch.from_numpy(np.frombuffer(basis.digest.encode(), np.uint8).copy())
    return replace(painted, carry={**painted.carry, BASIS: told})


def drop_stale(plan: Plan, store: JobStore) -> int:
    """Forget the stored frames that would be painted from something else now; returns how many."""
    if not plan.method.revisited:
        return 0
    for number in store.passes():
        if number > plan.run.passes:
            store.of_pass(number).remove()
    # Later passes first: a kill in between leaves none that is of what is gone.
    return sum(_drop(plan, store, store.of_pass(number)) for number in reversed(store.passes()))


def _drop(plan: Plan, store: JobStore, frames: FrameStore) -> int:
    starts = store.shot_starts()
    stale = []
    for index in frames.frames():
        start = max((each for each in starts if each <= index), default=plan.start)
        stop = min((each for each in starts if each > index), default=store.end() or math.inf)
        shot = Shot(0, start, int(stop) if frames.number > 1 and stop < math.inf else None)
        if _noted(frames, index) != plan.method.basis(plan.inputs, index, shot, frames.number).digest:
            stale.append(index)
    frames.discard(reversed(stale))
    return len(stale)


def _noted(frames: FrameStore, index: int) -> str | None:
    """The digest with which a frame was stored."""
    try:
        carry = load_carry(frames, index)
    except FrameDamaged:
        return None
    return bytes(carry[BASIS].numpy()).decode() if BASIS in carry else ""
