"""Reading, scaling, finding cuts and computing flow in the background, a few frames ahead of the painter."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from vidstyle.pipeline.plan import Plan
from vidstyle.types import Flow, Frame
from vidstyle.video.shots import LOOKBEHIND, detect_cuts

_WINDOW = 3  # frames ready and waiting; more would only take memory


@dataclass(frozen=True)
class Step:
    """A frame to paint, at the size of the result.

    flow, weight: from the frame before, and how surely; weight float32 (1, H, W) in [0, 1]. None at a shot's
    start and where frames are painted independently.
    """

    frame: Frame
    starts_shot: bool
    flow: Flow | None = None
    weight: np.ndarray | None = None


def steps_ahead(plan: Plan, first: int) -> Generator[Step, None, None]:
    """The steps from frame `first` on, prepared by a background thread. Close it to end the thread."""
    ready: queue.Queue[Step | BaseException | None] = queue.Queue(_WINDOW)
    closed = threading.Event()

    def put(item: Step | BaseException | None) -> None:
        while not closed.is_set():
            try:
                ready.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for step in _steps(plan, first):
                put(step)
                if closed.is_set():
                    return
            put(None)
        except BaseException as error:  # handed over: the painter's thread raises it
            put(error)

    thread = threading.Thread(target=work, name="vidstyle-ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        closed.set()
        thread.join()


def _steps(plan: Plan, first: int) -> Iterator[Step]:
    # A few frames earlier, so that cuts are found as in a run that was never interrupted.
    begin = max(plan.start, first - LOOKBEHIND)
    frames = (plan.scaled(frame) for frame in plan.clip.frames(begin, plan.stop))
    before: Frame | None = None
    for frame, cut in detect_cuts(frames, plan.run.cuts, plan.run.cut):
        if frame.index >= first:
            starts = cut if frame.index > plan.start else True
            yield _step(plan, frame, None if starts else before, starts)
        before = frame


def _step(plan: Plan, frame: Frame, before: Frame | None, starts: bool) -> Step:
    if before is None or plan.options.independent:
        return Step(frame, starts)
    flow, weight = plan.flow_source().between(frame, before)
    return Step(frame, starts, flow, weight)
