"""A clip painted by a network that learns, in the same job, from a few frames of it. Read `paint_fast` first.

`--fast`: some key frames are painted by optimisation, a network learns to do likewise from them and from
other frames of the clip, and paints all of it. `--by student`: see `vidstyle.learning.by_hand`.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

from vidstyle.errors import UsageError, WeightsError
from vidstyle.events import Hooks, Notice
from vidstyle.image.convert import to_uint8
from vidstyle.job import JobStore
from vidstyle.learning import by_hand
from vidstyle.learning.keys import MOST, Chosen, choose, other_pictures, paint_keys
from vidstyle.learning.store import LearningStore
from vidstyle.learning.teaching import (
    SHARE,
    Teacher,
    affordable_pictures,
    lessons_of,
    new_student,
    taught,
)
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import look_of, read_look, write_look
from vidstyle.methods.base import learnt_from
from vidstyle.methods.keys.options import KeysOptions
from vidstyle.methods.registry import command
from vidstyle.methods.student.options import StudentOptions
from vidstyle.methods.student.painter import StudentPainter
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.options import RunOptions, from_json
from vidstyle.options.learning import ByOptions, TaughtOptions
from vidstyle.pipeline import carry_out
from vidstyle.pipeline.plan import Plan, Request
from vidstyle.pipeline.planning import make_plan, replan
from vidstyle.text import duration
from vidstyle.video.pictures import encode_png

PAINTED_WITH = "student"
"""The method that paints with what was learnt."""
_VERSION = 1  # counted up by what changes what is learnt
_FEWEST = 2 * MOST  # frames of a clip: of fewer, painting each takes hardly longer


def paint_fast(asked: Request, fast: TaughtOptions, hooks: Hooks) -> Path:
    """Paint a clip; returns the result. The same call again goes on where it was.

    asked: as without `fast`; by its options key frames are painted.
    Raises VidstyleError; Stopped where `hooks.stop` was set.
    """
    return _execute(plan_fast(asked, fast), fast, hooks)


def resume(job: Path, hooks: Hooks) -> Path:
    """Go on with a job that `paint_fast` has begun."""
    fast = _stored(JobStore.load(job))
    return _execute(_planned(replan(job, hooks.tell), fast), fast, hooks)


def _stored(store: JobStore) -> TaughtOptions:
    """With which a job was begun."""
    kind = command(store.settings["method"]).taught
    assert kind is not None
    fast: TaughtOptions = from_json(kind, store.settings["fast"])
    return fast


def plan_fast(asked: Request, fast: TaughtOptions) -> Plan:
    """The plan of painting every frame, which checks, and tells, all that there is to.

    Raises UsageError for what a network cannot learn, or how it does not paint.
    """
    if not isinstance(asked.options, KeysOptions):
        assert isinstance(asked.options, NeuralOptions)
        _check(asked.options, asked.run)
    return _planned(make_plan(asked), fast)


def replan_fast(job: Path, notice: Notice, *, paints_only: bool = False) -> Plan:
    """The plan by which frames of a job that `paint_fast` has begun are painted, once it has learnt.

    paints_only: see `replan`. Raises JobError.
    """
    store = LearningStore.load(job)
    plan = _planned(replan(job, notice, paints_only=paints_only), _stored(store))
    if by_hand.is_asked(plan):
        return plan
    return _with_look(plan, store) if _is_learnt(store) else plan


def _check(options: NeuralOptions, run: RunOptions) -> None:
    """Raise UsageError for what a network cannot learn, or how it does not paint."""
    given = {"--passes": run.passes > 1, "--loop": run.loop, options.unlearnable: True}
    for name, wrong in given.items():
        if name and wrong:
            raise UsageError(f"{name} is for painting each frame by itself; leave it out, or --fast")


def _planned(plan: Plan, fast: TaughtOptions) -> Plan:
    """The plan of painting every frame as that of this job. Raises UsageError."""
    if plan.clip.kind == "still":
        option = fast.title.removeprefix("With ")
        raise UsageError(f"{plan.clip.path} is a picture, and {option} is for clips; leave it out")
    if by_hand.is_asked(plan):
        plan = by_hand.planned(plan)
    return replace(
        plan, fingerprint=_fingerprint(plan, fast), settings=plan.settings | {"fast": asdict(fast)}
    )


def _execute(plan: Plan, fast: TaughtOptions, hooks: Hooks) -> Path:
    """Do what is left of it, as planned."""
    with LearningStore.open(
        plan.directory, plan.fingerprint, plan.settings, restart=plan.run.restart
    ) as store:
        hooks.begin(plan.directory)
        if not store.is_done(plan.made_with):
            plan = ready(plan, store, fast, hooks)
        carry_out(plan, store, replace(hooks, begun=None))
        if not plan.run.keep:
            store.drop_learning()
    return plan.output


def _fingerprint(plan: Plan, fast: TaughtOptions) -> dict[str, Any]:
    if isinstance(fast, ByOptions):
        how = {"by": f"student {by_hand.VERSION}", "steps": fast.steps}
    else:
        how = {"fast": _VERSION}
    learnt = how | {"minutes": fast.seconds / 60}
    return {**plan.fingerprint, "options": plan.fingerprint["options"] | learnt}


def ready(plan: Plan, store: LearningStore, fast: TaughtOptions, hooks: Hooks) -> Plan:
    """Learn what is not learnt yet; the plan of painting all frames with it, a very short clip as it was."""
    if by_hand.is_asked(plan):
        assert isinstance(fast, ByOptions)
        by_hand.learn(plan, store, fast, hooks)
        return plan
    if not _is_learnt(store):
        plan.clip.seek_points.update(store.times())
        began = time.monotonic()
        chosen = choose(plan, store, hooks)
        if chosen.frames < _FEWEST:
            hooks.tell(
                f"a clip of {chosen.frames} frames is painted frame by frame: to learn from it takes longer"
            )
            return plan
        _learn(plan, store, chosen, _Time(plan, store, fast, chosen, began, hooks), hooks)
    return _with_look(plan, store)


def _is_learnt(store: LearningStore) -> bool:
    try:
        read_look(store.look)
    except WeightsError:
        return False
    return True


def _learn(plan: Plan, store: LearningStore, chosen: Chosen, time: _Time, hooks: Hooks) -> None:
    """Paint the key frames, teach the network, and write the look."""
    count = paint_keys(plan, store, chosen, time.enough, hooks)
    styles = [Path(path) for path in plan.settings["pictures"]]
    pictures = [learnt_from(path) for path in styles]
    teacher = Teacher(
        lessons=lessons_of(store, count, other_pictures(plan, chosen, count)),
        styles=pictures,
        weights=plan.engine.weights,
        device=plan.engine.device,
        dtype=plan.engine.dtype,
        seed=plan.run.seed,
    )
    training = taught(store, teacher, None, store.decided("seconds"), hooks)
    made = {
        "styles": ", ".join(path.name for path in styles),
        "steps": str(training.at),
        "pictures": str(count),
        "clip": plan.clip.path.name,
        "features": plan.engine.weights.source.kind,
    }
    longest = max(teacher.lessons[0].content.shape[1:])
    write_look(store.look, look_of(training.student, pictures, made, size=longest))


def _with_look(plan: Plan, store: LearningStore) -> Plan:
    """The same job with all frames painted by the look that it has learnt."""
    given = from_json(RunOptions, plan.settings["run"])
    run = replace(
        given,
        size=max(plan.canvas.size),
        job=str(plan.directory),
        overwrite=plan.run.overwrite,
        restart=False,
    )
    own = command(PAINTED_WITH).run(**asdict(run)).for_run()
    look = StudentOptions(look=str(store.look))
    made = make_plan(Request(plan.clip.path, [], plan.output, look, own, plan.encode, plan.engine.notice))
    return replace(made, fingerprint=plan.fingerprint, settings=plan.settings, made_with=plan.made_with)


class _Time:
    """What the time is enough for. began: when this run did."""

    def __init__(
        self,
        plan: Plan,
        store: LearningStore,
        fast: TaughtOptions,
        chosen: Chosen,
        began: float,
        hooks: Hooks,
    ) -> None:
        self._plan, self._store, self._chosen, self._hooks = plan, store, chosen, hooks
        self._seconds, self._began = fast.seconds, began

    def enough(self, each: float, keys: Plan) -> int:
        """How many key frames, by the seconds that the first has taken; decides how long is learnt, too.

        keys: the plan that it was painted by.
        """
        count = min(len(self._chosen.keys), affordable_pictures(each, self._seconds, MOST))
        before = time.monotonic() - self._began + (count - 1) * each
        after = self._chosen.frames * _seconds_a_frame(self._plan)
        learning = max((1 - SHARE) * self._seconds, self._seconds - before - after)
        self._store.decide(seconds=learning)
        slowly = each * _work(self._plan, self._chosen.frames, self._chosen.shots) / _work(keys, 1, 1)
        quickly = before + learning + after
        line = f"painting every frame would take about {duration(slowly)}; with --fast about "
        better = "" if quickly < slowly else " (leave --fast out)"
        self._hooks.tell(f"{line}{duration(quickly)}{better}")
        return count


def _work(plan: Plan, frames: int, shots: int) -> float:
    """How much it is to paint so many frames by optimisation."""
    height, width = plan.canvas.size
    return plan.method.work(plan.options, width, height).of(frames, shots)


def _seconds_a_frame(plan: Plan) -> float:
    """About how long it takes to read, to paint with a network and to write a frame, each by itself."""
    frames = [plan.canvas.scaled(frame) for frame in islice(plan.clip.frames(plan.start, plan.stop), 2)]
    student = new_student(True, plan.run.seed, plan.engine.dtype)
    untaught = look_of(student, [plan.canvas.content(frames[0])], {})
    painter = StudentPainter(Brush(untaught, plan.engine.device, plan.engine.dtype))
    for frame in frames:  # the first is slower
        began = time.monotonic()
        plan.flow.between(frame, frames[0])
        painted = painter.paint(plan.canvas.content(frame), (), plan.run.seed)
        for _ in range(2):  # it is stored, read again, and encoded
            encode_png(to_uint8(painted.image))
        seconds = time.monotonic() - began
    return seconds
