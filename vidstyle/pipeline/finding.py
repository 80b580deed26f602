"""Looking through a clip for its shots, without painting."""

from __future__ import annotations

from contextlib import closing

from vidstyle.errors import InputError
from vidstyle.events import Hooks, Pace
from vidstyle.job import JobStore
from vidstyle.pipeline.frame_order import in_shots
from vidstyle.pipeline.known import Known
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.prefetch import prefetch
from vidstyle.types import Shot
from vidstyle.video.fades import Fade


def look_through(plan: Plan, store: JobStore, hooks: Hooks) -> Known:
    """All that a run finds out about a clip while it paints; noted in the job as a first pass does.

    Raises InputError where there are no frames; Stopped.
    """
    pace, starts, last = Pace("shots", plan.total), list[int](), plan.start
    fades, dissolves = dict[int, Fade](), dict[int, tuple[float, int]]()
    with closing(prefetch(in_shots(plan, plan.start))) as frames:
        for frame, begins, fade, dissolve in frames:
            last = frame.index
            if begins:
                starts.append(last)
                store.mark_shot(last)
            if fade is not None:
                fades[last] = fade
            if dissolve is not None:
                dissolves[last] = dissolve.share, dissolve.other.index
            if last in plan.clip.seek_points:
                store.mark_time(last, plan.clip.seek_points[last])
            hooks.report(pace.finished(last, len(starts) - 1))
    if not starts:
        raise InputError(f"{plan.clip.path} ends before frame {plan.start}, where --frames begins")
    store.mark_end(last + 1)
    stops = [*starts[1:], last + 1]
    shots = [Shot(index, *each) for index, each in enumerate(zip(starts, stops, strict=True))]
    return Known(shots, fades, dissolves)
