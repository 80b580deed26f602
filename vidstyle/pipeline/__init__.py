"""The spine: frames stream in, each is painted with what the frames before it left behind, and stream out.

Every step is saved, so a job can stop anywhere and go on. Read `stylize` first, then `_paint`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from vidstyle.errors import FrameDamaged, InputError, JobError, Stopped
from vidstyle.image.warp import warp, warp_wrapped
from vidstyle.job import FrameStore, JobStore, differences
from vidstyle.options import EncodeOptions, NeuralOptions, PaintOptions, RunOptions
from vidstyle.pipeline.ahead import ahead
from vidstyle.pipeline.edits import save_edits
from vidstyle.pipeline.estimate import warning
from vidstyle.pipeline.maps import PLACE, Guide, masks
from vidstyle.pipeline.matches import save_matches
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.planning import make_plan, replan
from vidstyle.pipeline.steps import Step, backwards, first_pass, later_pass
from vidstyle.pipeline.stills import save_every
from vidstyle.pipeline.stored import load_painted, load_pixels, save_painted
from vidstyle.pipeline.watching import FrameLosses, Watching
from vidstyle.types import Draft, Notice, Painted, Prior, Shot


@dataclass(frozen=True)
class Progress:
    """A frame was finished. phase: "paint", "encode", "measure" or "flow", by what the run does.

    done, total: frames of this phase, of all passes; total is None where the source does not say, and an
    estimate for most videos. pass_number: from 1. frame, shot: indices from 0. loss, steps: of this frame;
    None and 0 unless it was painted.
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
    pass_number: int = 1


class StopSignal(Protocol):
    """Like a threading.Event: once set, the run stops after the frame in hand."""

    def is_set(self) -> bool: ...


@dataclass(frozen=True)
class Hooks:
    """How a run speaks to its caller: progress per frame, notices as lines, and whether to stop.

    begun: takes the job directory, once everything has been checked and painting begins or goes on.
    losses: takes how the losses of each frame fell.
    """

    progress: Callable[[Progress], None] | None = None
    notice: Notice | None = None
    stop: StopSignal | None = None
    begun: Callable[[Path], None] | None = None
    losses: Callable[[FrameLosses], None] | None = None

    def tell(self, line: str) -> None:
        if self.notice is not None:
            self.notice(line)

    def begin(self, plan: Plan) -> None:
        if self.begun is not None:
            self.begun(plan.directory)

    def check_stop(self) -> None:
        if self.stop is not None and self.stop.is_set():
            raise Stopped("stopped; everything finished is saved")


def stylize(
    source: Path | str | None,
    styles: Sequence[Path | str],
    output: Path | str,
    *,
    options: PaintOptions | None = None,
    run: RunOptions | None = None,
    encode: EncodeOptions | None = None,
    progress: Callable[[Progress], None] | None = None,
    notice: Notice | None = None,
    stop: StopSignal | None = None,
    begun: Callable[[Path], None] | None = None,
    losses: Callable[[FrameLosses], None] | None = None,
) -> Path:
    """Paint a clip or a picture in the style of one or more pictures; returns the path of the result.

    source: a video, a picture, a folder of pictures or a pattern such as frames/%04d.png; output likewise.
        None with TextureOptions, which say themselves how large and how long.
    options: of the method to paint by: NeuralOptions (the default), AnalogyOptions, with one exemplar,
        DfiOptions, with none, or TextureOptions.
    The job's state is kept beside the output, so the same call again goes on where an earlier one ended.

    Raises VidstyleError (see vidstyle.errors), Stopped among them when `stop` was set.
    """
    hooks = Hooks(progress, notice, stop, begun, losses)
    plan = make_plan(
        None if source is None else Path(source),
        [Path(style) for style in styles],
        Path(output),
        options or NeuralOptions(),
        run or RunOptions(),
        encode or EncodeOptions(),
        hooks.tell,
    )
    return execute(plan, hooks)


def resume(
    job: Path | str,
    *,
    progress: Callable[[Progress], None] | None = None,
    notice: Notice | None = None,
    stop: StopSignal | None = None,
    begun: Callable[[Path], None] | None = None,
    losses: Callable[[FrameLosses], None] | None = None,
) -> Path:
    """Go on with the job in a job directory, with the settings it was started with."""
    hooks = Hooks(progress, notice, stop, begun, losses)
    return execute(replan(Path(job), hooks.tell), hooks)


def execute(plan: Plan, hooks: Hooks) -> Path:
    """Do what is planned, or what is left of it; returns the path of the result. Raises as `stylize` does."""
    with JobStore.open(plan.directory, plan.fingerprint, plan.settings, restart=plan.run.restart) as store:
        if store.is_done(plan.made_with):
            hooks.begin(plan)
            hooks.tell("nothing to do: this job is done (--restart paints it anew)")
            _give_back(plan, store)  # a run may have been killed while it did so
            return plan.output
        if save_every(plan.options):
            store.drop_frames()  # how a frame came about is not stored with it
        plan.clip.landmarks.update(store.times())
        painted = store.painted()
        store.check_space(plan.bytes_needed(painted))
        if store.done_output() is not None and not painted:
            hooks.tell("the result is gone or asked for differently: painting anew (--keep keeps the frames)")
        if painted:
            hooks.tell(f"going on after {painted} painted frames")
        files = _whole_result(plan, store, hooks)
        store.mark_done(plan.output, files, plan.made_with)
        _give_back(plan, store)
    return plan.output


def is_done(plan: Plan) -> bool:
    """Whether the result lies there as this plan would make it."""
    try:
        store = JobStore.load(plan.directory)
    except JobError:
        return False
    same = not differences(store.fingerprint, plan.fingerprint)
    return same and not plan.run.restart and store.is_done(plan.made_with)


def _whole_result(plan: Plan, store: JobStore, hooks: Hooks) -> list[Path]:
    """Paint what is missing and write the result; a frame found damaged on the way is painted anew."""
    met: set[str] = set()
    while True:
        try:
            beside = _paint(plan, store, hooks)
            frames = store.of_pass(plan.passes)
            files = _encode(plan, frames, hooks) + beside
            files += save_edits(plan, frames, hooks.tell)
            save_matches(plan, frames)
            return files
        except FrameDamaged as error:
            line = str(error)
            if line in met:
                raise JobError(
                    f"{line}, and it was already: {plan.directory} may be on a failing disk; "
                    "name a directory on another with --job DIR"
                ) from error
            met.add(line)
            hooks.tell(line)


def _give_back(plan: Plan, store: JobStore) -> None:
    """Delete the painted frames once the result is whole, or those of passes before the last."""
    if not plan.run.keep:
        store.drop_frames()
    for earlier in range(1, plan.passes):
        store.of_pass(earlier).remove()


def _paint(plan: Plan, store: JobStore, hooks: Hooks) -> list[Path]:
    """Paint, pass by pass, every frame that is not stored yet; returns the files written on the way."""
    work: _Work | None = None
    # The pass before one that has begun is whole, unless a frame of it was found damaged since; before one
    # that is whole there is nothing left.
    last = store.passes()[-1]
    begin = last if _is_whole(plan, store, last) else max(1, last - 1)
    for number in range(begin, plan.passes + 1):
        frames = store.of_pass(number)
        while not _is_whole(plan, store, number):
            # The pass before is kept until the one after begins: damaged frames are painted from it.
            for earlier in range(1, number - 1):
                store.of_pass(earlier).remove()
            work = work or _Work(plan, store, hooks)
            frames.prepare()
            if number == 1:
                _first_pass(plan, store, work)
            else:
                _later_pass(plan, store, number, work)
    if work is None:
        hooks.begin(plan)
    for line in plan.clip.notices:
        hooks.tell(line)
    return [] if work is None else work.watching.files


def _is_whole(plan: Plan, store: JobStore, number: int) -> bool:
    """Whether every frame of this pass is stored."""
    end, frames = store.end(), store.of_pass(number).frames()
    if end is None or len(frames) != end - plan.start:  # before a list is made that may be endless
        return False
    return frames == list(range(plan.start, end))


def _first_pass(plan: Plan, store: JobStore, work: _Work) -> None:
    first = store.next_frame(plan.start, plan.stop)
    shot = max(0, len([start for start in store.shot_starts() if start < first]) - 1)
    before: Painted | None = None
    with closing(ahead(first_pass(plan, first))) as steps:
        for step in steps:
            index = step.frame.index
            if step.starts_shot:
                store.mark_shot(index)
                shot += index > plan.start
            if index in plan.clip.landmarks:
                store.mark_time(index, plan.clip.landmarks[index])
            # Only after a damaged frame in the middle was dropped are there later ones that are stored.
            before = None if store.has_frame(index) else work.paint(step, shot, store, before, None)
    if not store.frames():  # only now is it known, where the source does not say how long it is
        raise InputError(f"{plan.clip.path} ends before frame {plan.start}, where --frames begins")
    store.mark_end(store.frames()[-1] + 1)


def _later_pass(plan: Plan, store: JobStore, number: int, work: _Work) -> None:
    """From the frames that the pass before has left, all of them."""
    frames, drafts = store.of_pass(number), store.of_pass(number - 1)
    if not _is_whole(plan, store, number - 1):
        store.drop_frames()
        raise FrameDamaged(
            f"what a damaged frame of pass {number} was made from is gone: the clip is painted anew"
        )
    shots = _shots(store)
    before: Painted | None = None
    with closing(ahead(later_pass(plan, shots, number, set(frames.frames())))) as steps:
        for step in steps:
            index = step.frame.index
            shot = next(shot.index for shot in reversed(shots) if shot.start <= index)
            before = work.paint(step, shot, frames, before, drafts)


def _shots(store: JobStore) -> list[Shot]:
    """The shots that the first pass has found."""
    starts = store.shot_starts()
    stops = [*starts[1:], store.end()]
    try:
        return [Shot(i, start, stop) for i, (start, stop) in enumerate(zip(starts, stops, strict=True))]
    except ValueError as error:
        raise JobError(
            f"the marks of shots in {store.directory} are damaged; --restart paints the clip anew"
        ) from error


class _Work:
    """Paints steps and stores what comes out."""

    def __init__(self, plan: Plan, store: JobStore, hooks: Hooks) -> None:
        self.plan, self.store, self.hooks = plan, store, hooks
        self.watching = Watching(plan, hooks.losses)
        self.method = plan.prepare(hooks.tell, self.watching.observer)
        hooks.begin(plan)
        size = plan.height, plan.width
        self.guide = Guide(plan.maps, self.method, plan.start, size, plan.device, hooks.tell)
        painted = store.painted()
        if line := warning(plan, self.method, painted):
            hooks.tell(line)
        self.pace = _Pace(plan, painted, hooks)

    def paint(
        self, step: Step, shot: int, frames: FrameStore, before: Painted | None, drafts: FrameStore | None
    ) -> Painted:
        """Paint one step into `frames`; `before` is the frame painted before it, if at hand."""
        index, content = step.frame.index, self.plan.on_device(step.frame)
        priors = _priors(self.plan, frames, step, before, drafts)
        draft = None if drafts is None else _draft(self.plan, drafts, index)
        place = self.guide.place(index, content, priors, draft)
        painter = self.guide.painter(index, place)
        self.watching.begin(painter, step.frame, content)
        painted = painter.paint(content, priors, _seed(self.plan, index, frames.number), draft)
        if place is not None:
            painted = replace(painted, carry={**painted.carry, PLACE: place})
        stored = save_painted(self.store, frames, index, painted)
        self.watching.painted(index, shot, frames.number, painted)
        self.pace.painted(index, shot, frames.number, painted)
        self.hooks.check_stop()
        return stored


def _priors(
    plan: Plan, frames: FrameStore, step: Step, before: Painted | None, drafts: FrameStore | None
) -> list[Prior]:
    """Frames painted earlier, warped into this one, nearest first."""
    priors = []
    for link in step.links:
        source = link.flow.source
        nearest = abs(source - step.frame.index) == 1
        if nearest and before is not None and _is_earlier(source, step.frame.index, frames.number):
            painted = before
        else:
            painted = load_painted(_holder(source, step.frame.index, frames, drafts), source)
        vectors, weight = plan.tensor(link.flow.vectors), plan.tensor(link.weight)
        # By splines: what a warp blurs a little, the next frame's blurs again, and so on.
        image = (warp_wrapped if plan.wraps else warp)(plan.move(painted.image), vectors, "spline")
        priors.append(Prior(image, weight, painted.carry, vectors))
    return priors


def _holder(source: int, target: int, frames: FrameStore, drafts: FrameStore | None) -> FrameStore:
    """Where frame `source` is when `target` is painted: over a loop's seam it is still the pass before."""
    return frames if drafts is None or _is_earlier(source, target, frames.number) else drafts


def _is_earlier(source: int, target: int, number: int) -> bool:
    """Whether pass `number` comes by `source` before `target`."""
    return source > target if backwards(number) else source < target


def _draft(plan: Plan, drafts: FrameStore, index: int) -> Draft:
    before = load_painted(drafts, index)
    return Draft(plan.move(before.image), drafts.number + 1, before.carry)


def _seed(plan: Plan, index: int, number: int) -> int:
    """A seed of its own for every frame and pass, so that a resumed run draws the same numbers."""
    return (plan.run.seed * 1_000_003 + index + (number - 1) * 2**40) % 2**63


def _encode(plan: Plan, store: FrameStore, hooks: Hooks) -> list[Path]:
    """Write the result from the stored frames, with the source's times, sound and transparency."""
    done, total = 0, len(store.frames())
    mask = masks(plan.maps, (plan.height, plan.width), store) if plan.maps and plan.maps.mask else None
    with plan.open_writer(hooks.tell) as writer:
        for frame in plan.clip.frames(plan.start, plan.stop):
            where = None if mask is None else mask(frame.index)
            writer.write(plan.result_frame(frame, load_pixels(store, frame.index), where))
            done += 1
            if hooks.progress is not None:
                hooks.progress(Progress("encode", done, total, frame.index, 0))
            hooks.check_stop()
    return writer.files


class _Pace:
    """Counts the frames painted in this run and foretells the rest. Every pass counts each frame once."""

    def __init__(self, plan: Plan, done: int, hooks: Hooks) -> None:
        self._plan, self._hooks = plan, hooks
        self._before, self._done = done, done
        self._started = time.monotonic()

    def painted(self, index: int, shot: int, number: int, painted: Painted) -> None:
        self._done += 1
        each = (time.monotonic() - self._started) / (self._done - self._before)
        total = self._plan.work
        left = None if total is None else max(0, total - self._done) * each
        loss = sum(painted.losses.values()) if painted.losses else None
        if self._hooks.progress is not None:
            self._hooks.progress(
                Progress("paint", self._done, total, index, shot, loss, painted.steps, each, left, number)
            )
