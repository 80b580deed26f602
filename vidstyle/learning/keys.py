"""Which frames of a clip a network learns from, and how those that are key frames are painted.

A clip is looked through once, to find its shots. Key frames lie spread over the shots, more in longer ones.
They are painted by the spine as a clip of their own, in the order of their importance, so that they may end
when the time does; each keeps to the earlier ones of its shot, along the flow between them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from vidstyle.errors import FrameDamaged
from vidstyle.events import Hooks, Pace, say_nothing
from vidstyle.flow.consistency import agreement
from vidstyle.flow.pair import FlowSource
from vidstyle.image.convert import to_float
from vidstyle.image.resize import fit
from vidstyle.job import JobStore
from vidstyle.learning.store import LearningStore
from vidstyle.methods.examples import spread
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.options import EncodeOptions, RunOptions
from vidstyle.pipeline.canvas import Canvas
from vidstyle.pipeline.frame_order import first_pass, in_shots, with_content
from vidstyle.pipeline.painting import Painting
from vidstyle.pipeline.plan import Plan, Request
from vidstyle.pipeline.planning import make_plan
from vidstyle.pipeline.prefetch import prefetch
from vidstyle.pipeline.stored import load_pixels
from vidstyle.types import Flow, Frame, Shot
from vidstyle.video.pictures import write_picture

MOST = 8
"""Key frames."""
_OTHERS = 40  # frames that are learnt on, too
_LONGEST = 384  # pixels, of a key frame: it takes seconds to paint
_LONGEST_OTHER = 640  # pixels


@dataclass(frozen=True)
class Key:
    """A frame to be painted; shot: which it belongs to, from 0."""

    frame: int
    shot: int


@dataclass(frozen=True)
class Chosen:
    """frames, shots: how many there are. keys: in the order of their importance. others: frames."""

    frames: int
    shots: int
    keys: tuple[Key, ...]
    others: tuple[int, ...]

    @classmethod
    def stored(cls, found: Mapping[str, Any]) -> Chosen:
        """As `asdict` made it."""
        keys = tuple(Key(**each) for each in found["keys"])
        return cls(found["frames"], found["shots"], keys, tuple(found["others"]))


def choose(plan: Plan, store: LearningStore, hooks: Hooks) -> Chosen:
    """Look through the clip of a plan; once for all runs of a job."""
    if (found := store.decided("chosen")) is not None:
        return Chosen.stored(found)
    small = replace(plan, canvas=_canvas(plan, _LONGEST))
    pace, shots = Pace("shots", plan.total), list[list[int]]()
    plain: set[int] = set()
    for frame, starts, fade, dissolve in in_shots(small, plan.start):
        shots += [[]] if starts or not shots else []
        shots[-1].append(frame.index)
        if fade is None and dissolve is None:
            plain.add(frame.index)
        if frame.index in plan.clip.seek_points:
            store.mark_time(frame.index, plan.clip.seek_points[frame.index])
        hooks.report(pace.finished(frame.index, len(shots) - 1))
    clear = [[index for index in shot if index in plain] or shot for shot in shots]
    keys = _spread_over(clear)
    taken = {key.frame for key in keys}
    rest = sorted(index for shot in clear for index in shot if index not in taken)
    others = tuple(rest[i] for i in spread(len(rest), _OTHERS))
    chosen = Chosen(sum(map(len, shots)), len(shots), keys, others)
    store.decide(chosen=asdict(chosen))
    return chosen


def _spread_over(shots: Sequence[Sequence[int]]) -> tuple[Key, ...]:
    """Frames of shots, each given by its frames: by turns of that which has the fewest for its length.

    As seats are given to parties by Sainte-Laguë: the longest comes first.
    """
    counts, found = [0] * len(shots), list[Key]()
    while len(found) < min(MOST, sum(map(len, shots))):
        open_ = [i for i, shot in enumerate(shots) if counts[i] < len(shot)]
        shot = max(open_, key=lambda i: len(shots[i]) / (2 * counts[i] + 1))
        counts[shot] += 1
        found.append(Key(shots[shot][spread(len(shots[shot]), counts[shot])[-1]], shot))
    return tuple(found)


def _canvas(plan: Plan, longest: int) -> Canvas:
    """No longer than that, nor than the run's."""
    height, width = plan.canvas.size
    columns, rows = fit(width, height, min(longest, max(height, width)))
    return Canvas(rows, columns, plan.canvas.device)


def other_pictures(plan: Plan, chosen: Chosen, count: int) -> list[Tensor]:
    """Frames to learn on that are not among the `count` that are painted, float32 (3, H, W) in [0, 1]."""
    canvas, left = _canvas(plan, _LONGEST_OTHER), [key.frame for key in chosen.keys[count:]]
    return [to_float(_frame(plan, canvas, index).pixels) for index in (*left, *chosen.others)]


def _frame(plan: Plan, canvas: Canvas, index: int) -> Frame:
    return canvas.scaled(next(iter(plan.clip.frames(index, index + 1))))


def paint_keys(
    plan: Plan,
    store: LearningStore,
    chosen: Chosen,
    enough: Callable[[float, Plan], int],
    hooks: Hooks,
) -> int:
    """Paint key frames of a plan into `store`, as it paints; returns how many.

    enough: told the seconds that the first has taken, and the plan that it was painted by, says how many
    there are to be; it is asked once for all runs of a job.
    """
    for number, key in enumerate(chosen.keys):
        if not store.picture(number).exists():
            pixels = _frame(plan, _canvas(plan, _LONGEST), key.frame).pixels
            write_picture(store.picture(number), pixels)
    while True:
        try:
            return _paint(_plan_of_keys(plan, store, chosen), store, chosen.keys, enough, hooks)
        except FrameDamaged as error:
            hooks.tell(str(error))


def _paint(
    plan: Plan,
    store: LearningStore,
    keys: Sequence[Key],
    enough: Callable[[float, Plan], int],
    hooks: Hooks,
) -> int:
    """As `paint_keys`, by the plan of a clip of the key frames. Raises FrameDamaged."""
    with JobStore.open(plan.directory, plan.fingerprint, plan.settings) as frames:
        count = store.decided("pictures")
        if count is None:  # killed before that was decided: it takes a first frame
            frames.discard_from(0)
        first = frames.next_frame(0, plan.total)
        for number in range(first):
            _show(store, frames, number)
        if first == (count or plan.total):
            return first
        work, pace = Painting(plan, frames, Hooks(losses=hooks.losses)), Pace("keys", count, first)
        with closing(prefetch(with_content(plan.canvas, first_pass(plan, first)))) as order:
            for number, (each, content) in enumerate(order, first):
                began = time.monotonic()
                if not frames.has_frame(number):  # of those before it one may have been damaged
                    begins = replace(each, shot=Shot(keys[number].shot, 0))
                    work.paint(begins, content, frames, None, None)
                if count is None:
                    pace.total = count = enough(time.monotonic() - began, plan)
                    store.decide(pictures=count)
                _show(store, frames, number)
                hooks.report(pace.finished(keys[number].frame, keys[number].shot))
                if number + 1 == count:
                    break
    assert count is not None  # of one key frame at least
    return int(count)


def _show(store: LearningStore, frames: JobStore, number: int) -> None:
    """Write a key frame that is painted as a picture to learn from. Raises FrameDamaged."""
    if not store.painting(number).exists():
        write_picture(store.painting(number), load_pixels(frames, number))


def _plan_of_keys(plan: Plan, store: LearningStore, chosen: Chosen) -> Plan:
    """The key frames as a clip that is painted as a plan's would be, but smaller, with strokes as large."""
    run, options, longest = plan.run, plan.options, max(_canvas(plan, _LONGEST).size)
    assert isinstance(options, NeuralOptions)
    asked = Request(
        store.pictures,
        [Path(path) for path in plan.settings["pictures"]],
        store.keys.with_name("result"),  # which is not written: frames are read from where they are stored
        replace(options, style_scale=options.style_scale * max(plan.canvas.size) / longest),
        RunOptions(
            size=longest,
            seed=run.seed,
            device=run.device,
            precision=run.precision,
            flow="dis" if run.flow == "none" or run.flow_dir else run.flow,
            flow_weights=run.flow_weights,
            trust_dilate=run.trust_dilate,
            trust_soften=run.trust_soften,
            cuts=False,
            job=str(store.keys),
        ),
        EncodeOptions(),
        say_nothing,  # the plan of the whole has told all
        lambda *_: plan.engine.weights,
    )
    own = make_plan(asked)
    own.clip.filmed = False  # no fades: it is no film
    return replace(own, flow=_KeyFlow(own.flow, chosen.keys))


@dataclass(frozen=True)
class _KeyFlow(FlowSource):
    """Flow between key frames of a shot, however far they are apart, and in whatever order they come."""

    filmed: FlowSource
    keys: Sequence[Key]

    def between(self, target: Frame, source: Frame) -> tuple[Flow, np.ndarray]:
        flow, weight = self.filmed.between(target, source)
        # The spine asks it of those that come further apart than one after the other.
        if target.index - source.index == 1:
            weight = weight * agreement(target.pixels, source.pixels, flow.vectors)
        return flow, weight

    def backs(self, index: int) -> Sequence[int]:
        own = self.keys[index]
        alike = [i for i in range(index) if self.keys[i].shot == own.shot]
        return [index - i for i in sorted(alike, key=lambda i: abs(self.keys[i].frame - own.frame))]

    @property
    def reach(self) -> int:
        return len(self.keys)
