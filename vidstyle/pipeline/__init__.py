"""The spine: frames stream in, each is painted with what the frames before it left behind, and stream out.

Every step is saved, so a job can stop anywhere and go on. Read `stylize` first, then `_paint`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from vidstyle.errors import JobError, MediaError, Stopped
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.image.warp import warp
from vidstyle.job import JobStore
from vidstyle.options import EncodeOptions, NeuralOptions, RunOptions
from vidstyle.pipeline.ahead import Step, steps_ahead
from vidstyle.pipeline.estimate import warning
from vidstyle.pipeline.plan import Plan, make_plan, replan
from vidstyle.types import Painted, Prior
from vidstyle.video.pictures import decode_png, encode_png


@dataclass(frozen=True)
class Progress:
    """A frame was finished. phase: "paint", "encode" or, when flow is written to files, "flow".

    done, total: frames of this phase; total is None where the source does not say, and an estimate for most
    videos. frame, shot: indices from 0. loss, steps: of this frame; None and 0 when not painting.
    seconds_per_frame, seconds_left: by the pace of this run; None before it is known.
    """

    phase: str
    done: int
    total: int | None
    frame: int
    shot: int
    loss: float | None = None
    steps: int = 0
    seconds_per_frame: float | None = None
    seconds_left: float | None = None


class StopSignal(Protocol):
    """Like a threading.Event: once set, the run stops after the frame in hand."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True)
class Hooks:
    """How a run speaks to its caller: progress per frame, notices as lines, and whether to stop."""

    progress: Callable[[Progress], None] | None = None
    notice: Callable[[str], None] | None = None
    stop: StopSignal | None = None

    def tell(self, line: str) -> None:
        if self.notice is not None:
            self.notice(line)

    def check_stop(self) -> None:
        if self.stop is not None and self.stop.is_set():
            raise Stopped("stopped; everything finished is saved")


def stylize(
    source: Path | str,
    styles: Sequence[Path | str],
    output: Path | str,
    *,
    options: NeuralOptions | None = None,
    run: RunOptions | None = None,
    encode: EncodeOptions | None = None,
    progress: Callable[[Progress], None] | None = None,
    notice: Callable[[str], None] | None = None,
    stop: StopSignal | None = None,
) -> Path:
    """Paint a clip or a picture in the style of one or more pictures; returns the path of the result.

    source: a video, a picture, a folder of pictures or a pattern such as frames/%04d.png; output likewise.
    The job's state is kept beside the output, so the same call again goes on where an earlier one ended.

    Raises VidstyleError (see vidstyle.errors), Stopped among them when `stop` was set.
    """
    hooks = Hooks(progress, notice, stop)
    plan = make_plan(
        Path(source),
        [Path(style) for style in styles],
        Path(output),
        options or NeuralOptions(),
        run or RunOptions(),
        encode or EncodeOptions(),
        hooks.tell,
    )
    return _execute(plan, hooks)


def resume(
    job: Path | str,
    *,
    progress: Callable[[Progress], None] | None = None,
    notice: Callable[[str], None] | None = None,
    stop: StopSignal | None = None,
) -> Path:
    """Go on with the job in a job directory, with the settings it was started with."""
    hooks = Hooks(progress, notice, stop)
    return _execute(replan(Path(job), hooks.tell), hooks)


def _execute(plan: Plan, hooks: Hooks) -> Path:
    with JobStore.open(plan.directory, plan.fingerprint, plan.settings, restart=plan.run.restart) as store:
        if store.is_done(plan.made_with):
            hooks.tell("nothing to do: this job is done (--restart paints it anew)")
            return plan.output
        store.check_space(plan.bytes_needed(len(store.frames())))
        if store.done_output() is not None and not store.frames():
            hooks.tell("the result is gone or asked for differently: painting anew (--keep keeps the frames)")
        if store.frames():
            hooks.tell(f"going on after {len(store.frames())} painted frames")
        _paint(plan, store, hooks)
        files = _encode(plan, store, hooks)
        store.mark_done(plan.output, files, plan.made_with)
        if not plan.run.keep:
            store.drop_frames()
    return plan.output


def _paint(plan: Plan, store: JobStore, hooks: Hooks) -> None:
    """Paint every frame that is not stored yet."""
    first = store.next_frame(plan.start, plan.stop)
    if first == plan.stop:
        return
    method = plan.prepare(hooks.tell)
    if line := warning(plan, method, len(store.frames())):
        hooks.tell(line)
    pace = _Pace(plan, done=len(store.frames()), hooks=hooks)
    shot = max(0, len([start for start in store.shot_starts() if start < first]) - 1)
    before: Painted | None = None
    with closing(steps_ahead(plan, first)) as steps:
        for step in steps:
            index = step.frame.index
            if step.starts_shot:
                store.mark_shot(index)
                shot += index > plan.start
            if not store.has_frame(index):
                painted = method.paint(
                    plan.on_device(step.frame), _priors(plan, store, step, before), _seed(plan, index)
                )
                before = _save(store, index, painted)
                pace.painted(index, shot, painted)
            else:  # only after a damaged frame in the middle was dropped
                before = None
            hooks.check_stop()
    for line in plan.clip.notices:
        hooks.tell(line)


def _priors(plan: Plan, store: JobStore, step: Step, before: Painted | None) -> list[Prior]:
    """The frame before, warped into this one; none at a shot's start."""
    if step.starts_shot or step.flow is None or step.weight is None:
        return []
    before = before or _load(store, step.flow.source)
    vectors, weight = plan.tensor(step.flow.vectors), plan.tensor(step.weight)
    # Bicubic, because a bilinear warp blurs a little, and the frame after it again, and so on.
    return [Prior(warp(plan.move(before.image), vectors, "bicubic"), weight, before.carry)]


def _seed(plan: Plan, index: int) -> int:
    """A seed of its own for every frame, so that a resumed run draws the same numbers."""
    return (plan.run.seed * 1_000_003 + index) % 2**63


def _save(store: JobStore, index: int, painted: Painted) -> Painted:
    """Store a painted frame; returns it as it was stored, since that is what a resumed run would read."""
    pixels = to_uint16(painted.image)
    carry = {name: tensor.detach().cpu().contiguous() for name, tensor in painted.carry.items()}
    store.save_frame(index, encode_png(pixels), save_tensors(carry) if carry else None)
    return Painted(to_float(pixels), carry)


def _load(store: JobStore, index: int) -> Painted:
    carry: dict[str, Tensor] = load_tensors(data) if (data := store.load_carry(index)) else {}
    return Painted(to_float(_stored(store, index)), carry)


def _stored(store: JobStore, index: int) -> np.ndarray:
    """The pixels of a stored frame, uint16 (3, H, W). A damaged one is dropped, to be painted anew."""
    try:
        return decode_png(store.load_frame(index))[0]
    except MediaError as error:
        store.discard_frame(index)
        raise JobError(
            f"painted frame {index} was damaged on disk and has been dropped; "
            "the same command again repaints it"
        ) from error


def _encode(plan: Plan, store: JobStore, hooks: Hooks) -> list[Path]:
    """Write the result from the stored frames, with the source's times, sound and transparency."""
    done, total = 0, len(store.frames())
    with plan.open_writer(hooks.tell) as writer:
        for frame in plan.clip.frames(plan.start, plan.stop):
            writer.write(plan.result_frame(frame, _stored(store, frame.index)))
            done += 1
            if hooks.progress is not None:
                hooks.progress(Progress("encode", done, total, frame.index, 0))
            hooks.check_stop()
    return writer.files


class _Pace:
    """Counts the frames painted in this run and foretells the rest."""

    def __init__(self, plan: Plan, done: int, hooks: Hooks) -> None:
        self._plan, self._hooks = plan, hooks
        self._before, self._done = done, done
        self._started = time.monotonic()

    def painted(self, index: int, shot: int, painted: Painted) -> None:
        self._done += 1
        each = (time.monotonic() - self._started) / (self._done - self._before)
        total = self._plan.total
        left = None if total is None else max(0, total - self._done) * each
        loss = sum(painted.losses.values()) if painted.losses else None
        if self._hooks.progress is not None:
            self._hooks.progress(
                Progress("paint", self._done, total, index, shot, loss, painted.steps, each, left)
            )
