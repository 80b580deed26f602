"""Looking through a clip for its shots, without painting."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from pathlib import Path

from vidstyle.errors import InputError, JobError
from vidstyle.events import Hooks, Pace
from vidstyle.job import JobStore
from vidstyle.job.files import read, write_state
from vidstyle.pipeline.frame_order import CONTEXT, in_shots
from vidstyle.pipeline.known import Known
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.prefetch import prefetch
from vidstyle.plain import json_text, parse_json
from vidstyle.types import Shot
from vidstyle.video.fades import Fade

_NOTED = 240  # frames after which what was found is written down: seconds of looking


def look_through(plan: Plan, store: JobStore, hooks: Hooks) -> Known:
    """All that a run finds out about a clip while it paints; noted in the job as a first pass does.

    Goes on where an earlier call was stopped or killed, but for some seconds.
    Raises InputError where there are no frames; Stopped.
    """
    plan.clip.seek_points.update(store.times())
    before = _noted(store)
    starts = [shot.start for shot in before.shots] if before else []
    fades, dissolves = (dict(before.fades), dict(before.dissolves)) if before else ({}, {})
    first = last = _stop(before, plan.start)
    pace = Pace("shots", plan.total, first - plan.start)
    with closing(prefetch(in_shots(plan, max(plan.start, first - CONTEXT)))) as frames:
        for frame, begins, fade, dissolve in frames:
            if frame.index < first:
                continue
            last = frame.index + 1
            if begins:
                starts.append(frame.index)
                store.mark_shot(frame.index)
            if fade is not None:
                fades[frame.index] = fade
            if dissolve is not None:
                dissolves[frame.index] = dissolve.share, dissolve.other.index
            if frame.index in plan.clip.seek_points:
                store.mark_time(frame.index, plan.clip.seek_points[frame.index])
            if (last - plan.start) % _NOTED == 0:
                _note(store, _known(starts, last, fades, dissolves))
            hooks.report(pace.finished(frame.index, len(starts) - 1))
    if not starts:
        raise InputError(f"{plan.clip.path} ends before frame {plan.start}, where --frames begins")
    store.mark_end(last)
    return _known(starts, last, fades, dissolves)


def forget_findings(store: JobStore) -> None:
    """Delete what `look_through` has written down to go on from, once its result is kept."""
    _notes(store).unlink(missing_ok=True)


def _known(
    starts: list[int], stop: int, fades: dict[int, Fade], dissolves: dict[int, tuple[float, int]]
) -> Known:
    shots = [Shot(index, *each) for index, each in enumerate(pairwise([*starts, stop]))]
    return Known(shots, fades, dissolves)


def _notes(store: JobStore) -> Path:
    return store.parts / "found.json"


def _note(store: JobStore, known: Known) -> None:
    store.parts.mkdir(exist_ok=True)
    write_state(_notes(store), json_text(known.to_json()).encode())


def _noted(store: JobStore) -> Known | None:
    """What was written down, of frames from the first; None where nothing was, or it is damaged."""
    try:
        return Known.from_json(parse_json(read(_notes(store))))
    except (JobError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _stop(known: Known | None, start: int) -> int:
    """One past the last frame that is known; `start` where none is."""
    stop = known.shots[-1].stop if known else None
    return start if stop is None else stop
