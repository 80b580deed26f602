"""In which order frames are painted, and what is known at each of the frames painted before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
from torch import Tensor

from vidstyle.flow.consistency import agreement, long_term
from vidstyle.methods.base import Basis
from vidstyle.pipeline.canvas import Canvas
from vidstyle.pipeline.dissolving import undissolved
from vidstyle.pipeline.fading import unfaded_frame
from vidstyle.pipeline.known import Known
from vidstyle.pipeline.plan import Plan
from vidstyle.types import Flow, Frame, Shot
from vidstyle.video import dissolves, fades
from vidstyle.video.dissolves import Dissolve, detect_dissolves
from vidstyle.video.fades import Fade, detect_fades
from vidstyle.video.shots import LOOKBEHIND, detect_cuts

_CHUNK_BYTES = 2**28  # of frames held in memory while a shot is read backwards
_LEAST_CHUNK = 8

CONTEXT = max(fades.REACH, dissolves.REACH) + LOOKBEHIND
"""So many frames before one what lies between shots is found there as in a run from the beginning."""


@dataclass(frozen=True)
class Link:
    """How a frame painted earlier comes into this one; weight float32 (1, H, W) in [0, 1]: how surely."""

    flow: Flow
    weight: np.ndarray


@dataclass(frozen=True)
class Next:
    """A frame to paint, at the size of the result, without the fade or dissolve that it has in the clip.

    shot: that it belongs to. basis: what it is painted from beside the clip.
    links: to frames painted earlier, nearest first; none at a shot's start, where frames are painted
    independently, and to and from those that are faded away.
    """

    frame: Frame
    starts_shot: bool
    shot: Shot
    basis: Basis
    links: tuple[Link, ...] = ()
    fade: Fade | None = None
    dissolve: Dissolve | None = None


Mixture = tuple[Fade | None, Dissolve | None]
_Earlier = deque[Frame | None]
"""Frames that come before, latest last; None in place of those that are faded away."""


def first_pass(
    plan: Plan, first: int, starts: Sequence[int] = (), painted: Collection[int] = ()
) -> Iterator[Next]:
    """The frames from `first` on. Where shots start is found on the way, unless it is known.

    starts: of the shots that are known before `first`. painted: frames that need no links any more.
    """
    if plan.known is not None:
        return _known_pass(plan, plan.known, first)
    return _finding_pass(plan, first, starts, painted)


def _known_pass(plan: Plan, known: Known, first: int) -> Iterator[Next]:
    @lru_cache(maxsize=1)
    def filmed(index: int) -> Frame:
        return next(_frames(plan, range(index, index + 1)))

    def mixture_of(index: int) -> Mixture:
        dissolve = None
        if index in known.dissolves:
            share, other = known.dissolves[index]
            dissolve = Dissolve(share, filmed(other))
        return known.fades.get(index), dissolve

    for shot in known.within(plan.start, plan.stop):
        yield from _walk(plan, shot, 1, False, range(plan.start, first), mixture_of)


def _finding_pass(plan: Plan, first: int, starts: Sequence[int], painted: Collection[int]) -> Iterator[Next]:
    reach = plan.flow.reach
    begin = max(plan.start, first - reach - CONTEXT)  # so that flow begins as in a run in one piece, too
    earlier: _Earlier = deque(maxlen=reach)
    known = [start for start in starts if start < first]
    shot = Shot(max(0, len(known) - 1), max(known, default=plan.start))
    for filmed, cut, fade, dissolve in in_shots(plan, begin):
        frame = _scene(filmed, (fade, dissolve))
        if cut:
            earlier.clear()
        if frame.index >= first:
            if cut:
                shot = Shot(shot.index + (frame.index > plan.start), frame.index)
            basis = plan.method.basis(plan.inputs, frame.index, shot, 1)
            alone = not _is_linked(plan, 1, basis) or frame.index in painted
            links = () if alone else _links(plan, frame, earlier, fade)
            yield Next(frame, cut, shot, basis, links, fade, dissolve)
        earlier.append(None if _is_gone(fade) else frame)


def with_content(canvas: Canvas, frames: Iterable[Next]) -> Iterator[tuple[Next, Tensor]]:
    """Each frame with what painters see of it, on the device: it is copied there while another is painted."""
    for each in frames:
        yield each, canvas.content(each.frame)


def in_shots(plan: Plan, begin: int) -> Iterator[tuple[Frame, bool, Fade | None, Dissolve | None]]:
    """Frames from `begin` on, each with whether it starts a shot, its fade and its dissolve."""
    frames = (plan.canvas.scaled(frame) for frame in plan.clip.frames(begin, plan.stop))
    detected = detect_cuts(frames, plan.run.cuts, plan.run.cut)
    for (filmed, cut, fade), dissolve in _mixtures(plan, detected):
        yield filmed, cut if filmed.index > plan.start else True, fade, dissolve


def _mixtures(
    plan: Plan, frames: Iterator[tuple[Frame, bool]]
) -> Iterable[tuple[tuple[Frame, bool, Fade | None], Dissolve | None]]:
    """Each frame with whether it starts a shot, its fade and its dissolve; none for a still."""
    if not plan.clip.filmed or plan.clip.kind == "still":
        return (((frame, starts, None), None) for frame, starts in frames)
    faded = detect_fades(frames)
    return detect_dissolves(faded) if plan.run.cuts else ((each, None) for each in faded)


def _scene(filmed: Frame, mixture: Mixture) -> Frame:
    """A frame of the clip as its shot shows it."""
    fade, dissolve = mixture
    return undissolved(filmed, dissolve) if fade is None else unfaded_frame(filmed, fade)


def _is_linked(plan: Plan, number: int, basis: Basis) -> bool:
    """Whether a frame of pass `number` is painted with what others have left."""
    return basis.follows and (number > 1 or not plan.options.independent)


def _is_gone(fade: Fade | None) -> bool:
    return fade is not None and fade.blank


def later_pass(
    plan: Plan,
    shots: Sequence[Shot],
    number: int,
    painted: Collection[int],
    mixture_of: Callable[[int], Mixture],
) -> Iterator[Next]:
    """The frames of pass `number`, from 2, without those that are `painted` already.

    mixture_of: by the index of a frame, what the first pass has found. Even passes go backwards, so that what
    an earlier frame learns from a later one gets there as well.
    """
    in_all = shots if plan.known is None else plan.known.shots
    loop = plan.run.loop and len(in_all) == 1
    for shot in shots:
        yield from _walk(plan, shot, number, loop, painted, mixture_of)


def backwards(number: int) -> bool:
    """Whether this pass goes from the end of a shot to its start."""
    return number % 2 == 0


def _walk(
    plan: Plan,
    shot: Shot,
    number: int,
    loop: bool,
    painted: Collection[int],
    mixture_of: Callable[[int], Mixture],
) -> Iterator[Next]:
    """The frames of a shot that are not `painted` yet, as pass `number` comes by them."""
    assert shot.stop is not None
    order = range(shot.start, shot.stop)[:: -1 if backwards(number) else 1]
    first = next((place for place, index in enumerate(order) if index not in painted), None)
    if first is None:
        return
    reach = plan.flow.reach
    seen = shot if number > 1 else Shot(shot.index, shot.start)  # as a run that goes through the clip sees it
    earlier: _Earlier = deque(maxlen=reach)
    if loop and first < reach and len(order) > 1:
        for filmed in _frames(plan, order[max(1, len(order) - reach) :]):
            mixture = mixture_of(filmed.index)
            earlier.append(None if _is_gone(mixture[0]) else _scene(filmed, mixture))
    for filmed in _frames(plan, order[max(0, first - reach) :]):
        fade, dissolve = mixture_of(filmed.index)
        frame = _scene(filmed, (fade, dissolve))
        if frame.index not in painted:
            basis = plan.method.basis(plan.inputs, frame.index, seen, number)
            links = _links(plan, frame, earlier, fade) if _is_linked(plan, number, basis) else ()
            yield Next(frame, frame.index == order[0], seen, basis, links, fade, dissolve)
        earlier.append(None if _is_gone(fade) else frame)


def _links(plan: Plan, frame: Frame, earlier: Sequence[Frame | None], fade: Fade | None) -> tuple[Link, ...]:
    """Links to those of the `earlier` frames, latest last, that the history names and that show anything."""
    if _is_gone(fade):
        return ()
    flows, weights = [], []
    for back in _backs(plan, frame, earlier):
        source = earlier[-back]
        if source is not None:
            flow, weight = plan.flow.between(frame, source)
            # The next frame is near enough for flow to be right where it is consistent; others may not be.
            far = back > 1
            flows.append(flow)
            weights.append(weight * agreement(frame.pixels, source.pixels, flow.vectors) if far else weight)
    held = long_term(weights)
    return tuple(Link(flow, weight) for flow, weight in zip(flows, held, strict=True))


def _backs(plan: Plan, frame: Frame, earlier: Sequence[Frame | None]) -> list[int]:
    """How many frames back lie those that are linked, nearest first.

    Where the nearest of them is faded away, as in a flash, the one before it counts in its place.
    """
    backs = [back for back in plan.flow.backs(frame.index) if back <= len(earlier)]
    if not backs or not plan.flow.estimates or earlier[-backs[0]] is not None:
        return backs
    seen = (back for back in range(backs[0], len(earlier) + 1) if earlier[-back] is not None)
    return sorted({*backs, *islice(seen, 1)})


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
