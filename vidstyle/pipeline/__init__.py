"""The spine: frames stream in, each is painted with what the frames before it left behind, and stream out.

Every step is saved, so a job can stop anywhere and go on. Read `stylize` first, then `_paint`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from vidstyle.errors import FrameDamaged, InputError, JobError
from vidstyle.events import Hooks
from vidstyle.job import JobStore, differences
from vidstyle.options import EncodeOptions, MethodOptions, RunOptions
from vidstyle.pipeline.dissolving import dissolve_in
from vidstyle.pipeline.encoding import encode as write_result
from vidstyle.pipeline.encoding import finished
from vidstyle.pipeline.fading import fade_in
from vidstyle.pipeline.frame_order import Mixture, first_pass, later_pass, with_content
from vidstyle.pipeline.painting import Painting
from vidstyle.pipeline.plan import Plan, Request
from vidstyle.pipeline.planning import make_plan, replan
from vidstyle.pipeline.prefetch import prefetch
from vidstyle.pipeline.stale import drop_stale
from vidstyle.pipeline.stored import load_carry
from vidstyle.types import Frame, Painted, Shot


def stylize(
    source: Path | str | None,
    pictures: Sequence[Path | str],
    output: Path | str,
    *,
    options: MethodOptions,
    run: RunOptions | None = None,
    encode: EncodeOptions | None = None,
    hooks: Hooks | None = None,
) -> Path:
    """Paint a clip or a picture by a method; returns the path of the result.

    source: a video, a picture, a folder of pictures or a pattern such as frames/%04d.png; output likewise.
        None for a method that makes pictures from none.
    pictures: that the method learns from, as many as it takes. options: its own.
    The job's state is kept beside the output, so the same call again goes on where an earlier one ended.

    Raises VidstyleError (see vidstyle.errors), Stopped among them when `hooks.stop` was set.
    """
    hooks = hooks or Hooks()
    asked = Request(
        None if source is None else Path(source),
        [Path(picture) for picture in pictures],
        Path(output),
        options,
        run or RunOptions(),
        encode or EncodeOptions(),
        hooks.tell,
    )
    return execute(make_plan(asked), hooks)


def resume(job: Path | str, hooks: Hooks | None = None) -> Path:
    """Go on with the job in a job directory, with the settings it was started with."""
    hooks = hooks or Hooks()
    return execute(replan(Path(job), hooks.tell), hooks)


def execute(plan: Plan, hooks: Hooks) -> Path:
    """Do what is planned, or what is left of it; returns the path of the result. Raises as `stylize` does."""
    with JobStore.open(plan.directory, plan.fingerprint, plan.settings, restart=plan.run.restart) as store:
        carry_out(plan, store, hooks)
    return plan.output


def carry_out(plan: Plan, store: JobStore, hooks: Hooks) -> None:
    """The same in a job that is open."""
    if store.is_done(plan.made_with):
        hooks.begin(plan.directory)
        hooks.tell("nothing to do: this job is done (--restart paints it anew)")
        _give_back(plan, store)  # a run may have been killed while it did so
        return
    if plan.options.save_every:
        store.drop_frames()  # how a frame came about is not stored with it
    plan.clip.seek_points.update(store.times())
    if stale := drop_stale(plan, store):
        hooks.tell(f"{stale} painted frames are of what has changed since: they are painted anew")
    painted = store.painted()
    store.check_space(plan.bytes_needed(painted))
    if store.done_output() is not None and not painted and not stale:
        hooks.tell("the result is gone or asked for differently: painting anew (--keep keeps the frames)")
    if painted:
        hooks.tell(f"going on after {painted} painted frames")
    files = _whole_result(plan, store, hooks)
    store.mark_done(plan.output, files, plan.made_with)
    _give_back(plan, store)


def is_done(plan: Plan) -> bool:
    """Whether the result lies there as this plan would make it."""
    try:
        store = JobStore.load(plan.directory)
    except JobError:
        return False
    same = not differences(store.fingerprint, plan.fingerprint)
    return same and not plan.run.restart and store.is_done(plan.made_with)


def paint(plan: Plan, store: JobStore, hooks: Hooks) -> list[Path]:
    """Paint all frames that are missing in a job that is open; returns the files written on the way.

    The result is not written. Raises as `stylize` does.
    """
    return _undamaged(plan, hooks, lambda: _paint(plan, store, hooks))


def _whole_result(plan: Plan, store: JobStore, hooks: Hooks) -> list[Path]:
    """Paint what is missing and write the result."""

    def make() -> list[Path]:
        beside = _paint(plan, store, hooks)
        frames = store.of_pass(plan.run.passes)
        files = write_result(plan, frames, hooks) + beside
        return files + plan.method.beside(plan.inputs, finished(plan, frames))

    return _undamaged(plan, hooks, make)


def _undamaged(plan: Plan, hooks: Hooks, make: Callable[[], list[Path]]) -> list[Path]:
    """What is made; a frame found damaged on the way is painted anew as it is made again."""
    met: set[str] = set()
    while True:
        try:
            return make()
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
    if plan.run.keep and plan.method.revisited:
        return
    for earlier in range(1, plan.run.passes):
        store.of_pass(earlier).remove()


def _paint(plan: Plan, store: JobStore, hooks: Hooks) -> list[Path]:
    """Paint, pass by pass, every frame that is not stored yet; returns the files written on the way."""
    work: Painting | None = None
    # The pass before one that has begun is whole, unless a frame of it was found damaged since; before one
    # that is whole there is nothing left.
    last = store.passes()[-1]
    begin = last if _is_whole(plan, store, last) else max(1, last - 1)
    for number in range(begin, plan.run.passes + 1):
        frames = store.of_pass(number)
        while not _is_whole(plan, store, number):
            # The pass before is kept until the one after begins: damaged frames are painted from it.
            for earlier in range(1, number - 1):
                store.of_pass(earlier).remove()
            work = work or Painting(plan, store, hooks)
            frames.prepare()
            if number == 1:
                _first_pass(plan, store, work)
            else:
                _later_pass(plan, store, number, work)
    if work is None:
        hooks.begin(plan.directory)
    for line in plan.clip.notices:
        hooks.tell(line)
    return [] if work is None else work.trace.files


def _is_whole(plan: Plan, store: JobStore, number: int) -> bool:
    """Whether every frame of this pass is stored."""
    end, frames = store.end(), store.of_pass(number).frames()
    if end is None or len(frames) != end - plan.start:  # before a list is made that may be endless
        return False
    return frames == list(range(plan.start, end))


def _first_pass(plan: Plan, store: JobStore, work: Painting) -> None:
    """From the first frame that is missing to the end, or to one that is found missing on the way."""
    first, painted = store.next_frame(plan.start, plan.stop), set(store.frames())
    before: Painted | None = None
    frames = first_pass(plan, first, store.shot_starts(), painted)
    with closing(prefetch(with_content(plan.canvas, frames))) as order:
        for each, content in order:
            index = each.frame.index
            if each.starts_shot:
                store.mark_shot(index)
            if index in plan.clip.seek_points:
                store.mark_time(index, plan.clip.seek_points[index])
            # Only after a damaged frame in the middle was dropped are there later ones that are stored.
            if index not in painted:
                before = work.paint(each, content, store, before, None)
            elif store.has_frame(index):
                before = None
            else:  # forgotten since, with the one that it was painted from: it has no links here
                return
    if not store.frames():  # only now is it known, where the source does not say how long it is
        raise InputError(f"{plan.clip.path} ends before frame {plan.start}, where --frames begins")
    store.mark_end(store.frames()[-1] + 1)


def _later_pass(plan: Plan, store: JobStore, number: int, work: Painting) -> None:
    """From the frames that the pass before has left, all of them."""
    frames, drafts = store.of_pass(number), store.of_pass(number - 1)
    if not _is_whole(plan, store, number - 1):
        store.drop_frames()
        raise FrameDamaged(
            f"what a damaged frame of pass {number} was made from is gone: the clip is painted anew"
        )
    shots = _shots(store) if plan.known is None else plan.known.within(plan.start, plan.stop)
    before: Painted | None = None

    @lru_cache(maxsize=1)
    def filmed(index: int) -> Frame:
        return plan.canvas.scaled(next(iter(plan.clip.frames(index, index + 1))))

    def mixture_of(index: int) -> Mixture:
        carry = load_carry(drafts, index)
        return fade_in(carry), dissolve_in(carry, filmed)

    missing = later_pass(plan, shots, number, set(frames.frames()), mixture_of)
    with closing(prefetch(with_content(plan.canvas, missing))) as order:
        last = -1
        for each, content in order:
            # Between frames that are missing there may be some that are stored.
            near = before if abs(each.frame.index - last) == 1 else None
            before = work.paint(each, content, frames, near, drafts)
            last = each.frame.index


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
