"""Painting a frame with what the frames before it left behind, and storing what comes out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import Tensor

from vidstyle.device import release_memory
from vidstyle.errors import VidstyleError, is_out_of_memory
from vidstyle.events import Hooks, Pace
from vidstyle.image.warp import warp, warp_wrapped
from vidstyle.job import FrameStore, JobStore
from vidstyle.methods.base import Located
from vidstyle.pipeline.canvas import Canvas
from vidstyle.pipeline.dissolving import carried, dissolving
from vidstyle.pipeline.fading import fade_in, faded, is_blank, unfaded
from vidstyle.pipeline.frame_order import Next, backwards
from vidstyle.pipeline.guide import PLACE, Guide
from vidstyle.pipeline.memory import narrowed, told
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.stale import based
from vidstyle.pipeline.stored import load_carry, load_painted, save_painted
from vidstyle.pipeline.trace import Trace
from vidstyle.text import duration
from vidstyle.types import Draft, Painted, Prior

_LONG_SECONDS = 30 * 60
_BEARABLE_SECONDS = 20 * 60
_LEAST_SIZE = 128


class Painting:
    """Paints frames and stores what comes out."""

    def __init__(self, plan: Plan, store: JobStore, hooks: Hooks) -> None:
        self.plan, self.store, self.hooks = narrowed(plan, store.narrowed()), store, hooks
        self.trace = Trace(plan, hooks.losses)
        painter = self.plan.painter(self.trace.observer)
        hooks.begin(plan.directory)
        self.guide = Guide(
            plan.inputs.guidance,
            plan.mask,
            painter,
            carries=plan.carries,
            canvas=plan.canvas,
            notice=hooks.tell,
        )
        self.pace = Pace("paint", plan.work, store.painted())
        self.warned = False

    def paint(
        self,
        each: Next,
        content: Tensor,
        frames: FrameStore,
        before: Painted | None,
        drafts: FrameStore | None,
    ) -> Painted:
        """Paint a frame into `frames`; `before` is the frame painted before it, if at hand."""
        index, started = each.frame.index, time.monotonic()
        priors = _priors(self.plan, frames, each, before, drafts)
        draft = None if drafts is None else _draft(self.plan, drafts, index)
        if each.fade is not None and each.fade.blank:
            painted = Painted(content)
        else:
            painted = self._within_memory(lambda: self._painted(each, content, priors, frames, draft))
        shown = painted if each.basis.whole else dissolving(faded(painted, each.fade), each.dissolve)
        stored = save_painted(
            self.store,
            frames,
            index,
            based(shown, each.basis),
            depth=self.plan.stored_depth,
            flush=not self.plan.method.quick,
        )
        self.trace.painted(index, each.shot.index, frames.number, painted)
        loss = sum(painted.losses.values()) if painted.losses else None
        event = self.pace.finished(
            index, each.shot.index, loss=loss, steps=painted.steps, pass_number=frames.number
        )
        if priors or draft is not None or self.plan.options.independent:
            self._warn(time.monotonic() - started)
        self.hooks.report(event)
        return stored

    def _within_memory(self, paint: Callable[[], Painted]) -> Painted:
        """What is painted; where memory runs out it is painted with less. Raises OutOfMemory at last."""
        while True:
            try:
                return paint()
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            # Not while the error is at hand: all that had been computed hangs on to it.
            self._narrow()

    def _narrow(self) -> None:
        """Paint with less memory, as will whoever goes on. Raises OutOfMemory where nothing takes less."""
        before, self.plan = self.plan, narrowed(self.plan)
        del self.guide.method  # there may be no room for two
        release_memory(self.plan.canvas.device)
        self.store.mark_narrowed(self.store.narrowed() + 1)
        self.hooks.tell(told(before, self.plan))
        self.guide.method = self.plan.painter(self.trace.observer)

    def _painted(
        self, each: Next, content: Tensor, priors: Sequence[Prior], frames: FrameStore, draft: Draft | None
    ) -> Painted:
        """A frame that shows anything, with its place in a map that is carried. Raises VidstyleError."""
        frame, index = each.frame, each.frame.index
        first = self.plan.carries and draft is None and not priors and self._is_first(index, frames)
        place = self.guide.place(index, content, priors, draft, first)
        painter = self.guide.painter(index, place)
        if isinstance(painter, Located):
            painter = painter.at(index, each.shot, frames.number)
        self.trace.begin(painter, frame, content)
        painted = painter.paint(content, priors, _seed(self.plan, index, frames.number), draft)
        _check_numbers(painted, index)
        return painted if place is None else replace(painted, carry={**painted.carry, PLACE: place})

    def _is_first(self, index: int, frames: FrameStore) -> bool:
        """Whether a frame is the first of the first pass that shows anything."""
        if self.plan.known is not None:
            return index == self.plan.known.first_shown
        return all(is_blank(load_carry(frames, earlier)) for earlier in range(self.plan.start, index))

    def _warn(self, seconds: float) -> None:
        """Tell, once, by the first frame that takes as long as most, if the others will take long."""
        if self.warned or self.pace.total is None:
            return
        self.warned = True
        if line := warning(self.plan.canvas, seconds, max(0, self.pace.total - self.pace.done)):
            quicker = self.plan.method.quicker(self.plan.options, self.plan.run, self.plan.clip)
            self.hooks.tell(f"{line}; {quicker} is several times quicker" if quicker else line)


def _check_numbers(painted: Painted, index: int) -> None:
    """Raise VidstyleError for a search that has failed: it may have left the frame as it was."""
    failed = [name for name, loss in painted.losses.items() if not math.isfinite(loss)]
    if failed or not bool(painted.image.isfinite().all()):
        of = f" (loss: {', '.join(failed)})" if failed else ""
        raise VidstyleError(
            f"painting frame {index} gave what is not a number{of}, so it is not kept; "
            "try --precision float32 or another loss"
        )


def _priors(
    plan: Plan, frames: FrameStore, each: Next, before: Painted | None, drafts: FrameStore | None
) -> list[Prior]:
    """Frames painted earlier, warped into this one, nearest first."""
    priors = []
    for link in each.links:
        source = link.flow.source
        nearest = abs(source - each.frame.index) == 1
        if nearest and before is not None and _is_earlier(source, each.frame.index, frames.number):
            painted = before
        else:
            painted = load_painted(_holder(source, each.frame.index, frames, drafts), source)
        vectors, weight = plan.canvas.tensor(link.flow.vectors), plan.canvas.tensor(link.weight)
        # By splines: what a warp blurs a little, the next frame's blurs again, and so on.
        warped = (warp_wrapped if plan.flow.wraps else warp)(
            unfaded(plan.canvas.move(painted.image), fade_in(painted.carry)),
            vectors,
            "quick" if plan.method.quick else "spline",
        )
        priors.append(Prior(warped, weight, carried(painted.carry), vectors))
    return priors


def _holder(source: int, target: int, frames: FrameStore, drafts: FrameStore | None) -> FrameStore:
    """Where frame `source` is when `target` is painted: over a loop's seam it is still the pass before."""
    return frames if drafts is None or _is_earlier(source, target, frames.number) else drafts


def _is_earlier(source: int, target: int, number: int) -> bool:
    """Whether pass `number` comes by `source` before `target`."""
    return source > target if backwards(number) else source < target


def _draft(plan: Plan, drafts: FrameStore, index: int) -> Draft:
    before = load_painted(drafts, index)
    image = unfaded(plan.canvas.move(before.image), fade_in(before.carry))
    return Draft(image, drafts.number + 1, carried(before.carry))


def _seed(plan: Plan, index: int, number: int) -> int:
    """A seed of its own for every frame and pass, so that a resumed run draws the same numbers."""
    return (plan.run.seed * 1_000_003 + index + (number - 1) * 2**40) % 2**63


def warning(canvas: Canvas, seconds: float, left: int) -> str | None:
    """A line for the user if the frames that are left take over half an hour, at these seconds each."""
    seconds *= left
    if seconds < _LONG_SECONDS:
        return None
    line = f"this will take about {duration(seconds)} more on {canvas.device.type}"
    longest = max(canvas.size)
    smaller = int(longest * (_BEARABLE_SECONDS / seconds) ** 0.5) // 16 * 16
    if smaller >= _LEAST_SIZE:
        return f"{line}; --size {smaller} would take about {duration(seconds * (smaller / longest) ** 2)}"
    return f"{line}; a smaller --size, --quality draft or fewer --frames make it shorter"
