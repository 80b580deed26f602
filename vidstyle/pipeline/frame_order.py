"""In which order frames are painted, and what is known at each of the frames painted before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vidstyle.flow.consistency import agreement, long_term
from vidstyle.pipeline.plan import Plan
from vidstyle.types import Flow, Frame, Shot
from vidstyle.video.shots import LOOKBEHIND, detect_cuts

_CHUNK_BYTES = 2**28  # of frames held in memory while a shot is read backwards
_LEAST_CHUNK = 8


@dataclass(frozen=True)
class Link:
    """How a frame painted earlier comes into this one; weight float32 (1, H, W) in [0, 1]: how surely."""

    flow: Flow
    weight: np.ndarray


@dataclass(frozen=True)
class Next:
    """A frame to paint, at the size of the result.

    links: to frames painted earlier, nearest first; none at a shot's start and where frames are painted
    independently.
    """

    frame: Frame
    starts_shot: bool
    links: tuple[Link, ...] = ()


def first_pass(plan: Plan, first: int) -> Iterator[Next]:
    """The frames from `first` on. Where shots start is found on the way."""
    reach = plan.flow.reach
    # Earlier frames, so that cuts are found, and flow begins, as in a run that was never interrupted.
    begin = max(plan.start, first - reach - LOOKBEHIND)
    frames = (plan.canvas.scaled(frame) for frame in plan.clip.frames(begin, plan.stop))
    earlier: deque[Frame] = deque(maxlen=reach)
    for frame, cut in detect_cuts(frames, plan.run.cuts, plan.run.cut):
        starts = cut if frame.index > plan.start else True
        if starts:
            earlier.clear()
        if frame.index >= first:
            yield Next(frame, starts, () if plan.options.independent else _links(plan, frame, earlier))
        earlier.append(frame)


def later_pass(plan: Plan, shots: Sequence[Shot], number: int, painted: Collection[int]) -> Iterator[Next]:
    """The frames of pass `number`, from 2, without those that are `painted` already.

    Even passes go backwards, so that what an earlier frame learns from a later one gets there as well.
    """
    loop = plan.run.loop and len(shots) == 1
    for shot in shots:
        yield from _walk(plan, shot, backwards(number), loop, painted)


def backwards(number: int) -> bool:
    """Whether this pass goes from the end of a shot to its start."""
    return number % 2 == 0


def _walk(plan: Plan, shot: Shot, back: bool, loop: bool, painted: Collection[int]) -> Iterator[Next]:
    assert shot.stop is not None
    order = range(shot.start, shot.stop)[:: -1 if back else 1]
    first = next((place for place, index in enumerate(order) if index not in painted), None)
    if first is None:
        return
    reach = plan.flow.reach
    earlier: deque[Frame] = deque(maxlen=reach)
    if loop and first < reach and len(order) > 1:
        earlier.extend(_frames(plan, order[max(1, len(order) - reach) :]))
    for frame in _frames(plan, order[max(0, first - reach) :]):
        if frame.index not in painted:
            yield Next(frame, frame.index == order[0], _links(plan, frame, earlier))
        earlier.append(frame)


def _links(plan: Plan, frame: Frame, earlier: Sequence[Frame]) -> tuple[Link, ...]:
    """Links to those of the `earlier` frames, latest last, that the history names."""
    flows, weights = [], []
    for back in plan.flow.backs(frame.index):
        if back <= len(earlier):
            source = earlier[-back]
            flow, weight = plan.flow.between(frame, source)
            # The next frame is near enough for flow to be right where it is consistent; others may not be.
            far = back > 1
            flows.append(flow)
            weights.append(weight * agreement(frame.pixels, source.pixels, flow.vectors) if far else weight)
    held = long_term(weights)
    return tuple(Link(flow, weight) for flow, weight in zip(flows, held, strict=True))


def _frames(plan: Plan, order: range) -> Iterator[Frame]:
    """The frames of consecutive indices, upwards or downwards, at the size of the result."""
    if not order:
        return
    if order.step > 0:
        yield from (plan.canvas.scaled(frame) for frame in plan.clip.frames(order[0], order[-1] + 1))
        return
    # Films are decoded forwards: a part at a time is read and turned round.
    size = max(_LEAST_CHUNK, _CHUNK_BYTES // (3 * plan.canvas.width * plan.canvas.height))
    for begin in range(0, len(order), size):
        part = order[begin : begin + size]
        frames = [plan.canvas.scaled(frame) for frame in plan.clip.frames(part[-1], part[0] + 1)]
        yield from reversed(frames)
