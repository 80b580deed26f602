"""The job: paint pictures by optimisation, teach a network by them, write the LOOK. Read `learn` first."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidstyle.device import pick_device, pick_dtype
from vidstyle.errors import UsageError
from vidstyle.events import Hooks, Pace
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import load_weights
from vidstyle.image.convert import to_uint8
from vidstyle.image.sheet import sheet
from vidstyle.job import default_job_directory, file_entry
from vidstyle.learning.pictures import pictures_of
from vidstyle.learning.state import LearningState
from vidstyle.methods.base import learnt_from
from vidstyle.methods.registry import command
from vidstyle.methods.student.look import look_named, look_of, read_look, write_look
from vidstyle.methods.student.network import Plan, Student
from vidstyle.methods.student.noise import no_drift, noise_at
from vidstyle.methods.student.options import BASE, SHIPPED, SUFFIX
from vidstyle.methods.student.recolouring import palette_of, recoloured
from vidstyle.methods.student.training import Lesson, Training
from vidstyle.options import RunOptions
from vidstyle.options.base import at_home, by_role
from vidstyle.options.learning import LearnOptions
from vidstyle.pipeline import stylize
from vidstyle.pipeline.identity import deciding
from vidstyle.plain import absolute
from vidstyle.video.formats import check_spared
from vidstyle.video.pictures import write_picture

PAINTED_BY = "style"
"""The method that paints what is learnt from."""
_VERSION = 1  # counted up by what changes what is learnt
_LEAST, _MOST = 3, 16  # pictures to be painted
_SHARE = 0.4  # of --minutes, for painting them
_TRIED = 3  # steps, to know how long one takes
_SAVED_EVERY = 50  # steps
_SHOWN_EVERY = 60  # seconds


def learn(
    styles: Sequence[Path], output: Path, *, options: LearnOptions | None = None, hooks: Hooks | None = None
) -> Path:
    """Learn the look of style pictures; returns the file. The same call again goes on where it was.

    Raises VidstyleError; Stopped where `hooks.stop` was set.
    """
    options, hooks = options or LearnOptions(), hooks or Hooks()
    _check(styles, output, options)
    directory = Path(options.job) if options.job else default_job_directory(output)
    kept = {"version": _VERSION, **deciding(options, {"source": _content(options)})}
    fingerprint = {"pictures": [file_entry(path) for path in styles], "options": kept, "method": "learn"}
    settings = {
        "learns": [str(absolute(path)) for path in styles],
        "output": str(absolute(output)),
        "options": {
            key: value for role in ("decides", "free") for key, value in _home(options, role).items()
        },
    }
    state = LearningState(directory, fingerprint, settings, restart=options.restart)
    try:
        hooks.begin(directory)
        lessons = _lessons(state, styles, options, hooks)
        pictures = [learnt_from(path) for path in styles]
        training = _taught(state, lessons, palette_of(pictures), options, hooks)
        made = {
            "styles": ", ".join(path.name for path in styles),
            "steps": str(training.at),
            "pictures": str(len([each for each in lessons if each.painted is not None])),
            "features": options.features,
        }
        write_look(output, look_of(training.student, pictures, made, flow=options.flow, size=options.size))
    finally:
        state.close()
    return output


def resume(settings: Mapping[str, Any], job: Path, hooks: Hooks) -> Path:
    """Go on with a job of learning, by the settings that it was begun with."""
    options = replace(LearnOptions(**settings["options"]), job=str(job), restart=False)
    return learn(
        [Path(path) for path in settings["learns"]], Path(settings["output"]), options=options, hooks=hooks
    )


def _home(options: LearnOptions, role: str) -> dict[str, Any]:
    return by_role(at_home(options), role)


def _content(options: LearnOptions) -> Any:
    """What stands for --from in the fingerprint: a folder or a clip by its name and its pictures."""
    if options.source is None:
        return None
    path = Path(options.source)
    return file_entry(
        path, sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else None
    )


def _check(styles: Sequence[Path], output: Path, options: LearnOptions) -> None:
    if not styles:
        raise UsageError("give at least one style picture to learn from")
    if output.suffix != SUFFIX:
        raise UsageError(f"a look is a {SUFFIX} file: -o {output.with_suffix(SUFFIX)}")
    read = [*styles, *([Path(options.source)] if options.source else [])]
    check_spared(output, read, options.overwrite)


def _lessons(
    state: LearningState, styles: Sequence[Path], options: LearnOptions, hooks: Hooks
) -> list[Lesson]:
    """Pictures, the first of them painted; those are read back as they were stored."""
    pictures = pictures_of(Path(options.source) if options.source else None, options.size)
    settings = command(PAINTED_BY).options(quality=options.quality)
    run = RunOptions(
        seed=options.seed,
        device=options.device,
        precision=options.precision,
        features=options.features,
        overwrite=True,
    )
    count = min(len(pictures), options.pictures or state.decided("pictures") or _LEAST)
    pace = Pace("paint", None)
    at = 0
    while at < count:
        path, painted = (state.pictures / f"{at:04d}{end}.png" for end in ("", "_painted"))
        if not painted.exists():
            began = time.monotonic()
            write_picture(path, to_uint8(pictures[at]))
            quiet = Hooks(stop=hooks.stop, notice=hooks.notice if at == 0 else None)
            stylize(path, styles, painted, options=settings, run=run, hooks=quiet)
            if not options.pictures and state.decided("pictures") is None:
                budget = _SHARE * 60 * options.minutes / (time.monotonic() - began)
                count = min(len(pictures), max(_LEAST, min(_MOST, int(budget))))
                state.decide("pictures", count)
        pace.total = count
        hooks.report(pace.finished(at, 0))
        at += 1
    return [
        Lesson(
            learnt_from(state.pictures / f"{i:04d}.png") if i < count else each,
            learnt_from(state.pictures / f"{i:04d}_painted.png") if i < count else None,
        )
        for i, each in enumerate(pictures)
    ]


def _taught(
    state: LearningState, lessons: Sequence[Lesson], palette: Tensor, options: LearnOptions, hooks: Hooks
) -> Training:
    """The network, taught to the end."""
    steps = options.steps or state.decided("steps")
    if steps is None:
        steps = _affordable(lessons, palette, options)
        state.decide("steps", steps)
        hooks.tell(f"{steps} steps of learning fit into the time")
    training = _begun(lessons, palette, options, steps)
    if (found := state.checkpoint()) is not None:
        training.restore(found)
        hooks.tell(f"going on after {training.at} steps")
    pace, shown = Pace("learn", steps, training.at), time.monotonic()
    while training.at < steps:
        terms = training.step()
        if training.at % _SAVED_EVERY == 0 or training.at == steps:
            state.save(training.state())
        if time.monotonic() - shown > _SHOWN_EVERY or training.at == steps:
            _preview(state.directory / "preview.png", training.student, lessons[0], palette)
            shown = time.monotonic()
        event = pace.finished(training.at - 1, 0, loss=sum(terms.values()), steps=1)
        if hooks.stop is not None and hooks.stop.is_set():
            state.save(training.state())
        hooks.report(event)
    return training


def _affordable(lessons: Sequence[Lesson], palette: Tensor, options: LearnOptions) -> int:
    """How many steps there is time for, by how long a few take."""
    trial = _begun(lessons, palette, options, _TRIED + 1)
    trial.step()  # the first is slower
    began = time.monotonic()
    for _ in range(_TRIED):
        trial.step()
    each = (time.monotonic() - began) / _TRIED
    return max(_SAVED_EVERY, int((1 - _SHARE) * 60 * options.minutes / each))


def _begun(lessons: Sequence[Lesson], palette: Tensor, options: LearnOptions, steps: int) -> Training:
    """With a new network, from the base where there is one."""
    device = pick_device(options.device)
    dtype = pick_dtype(options.precision, device)
    base = read_look(look_named(BASE)) if options.begin and BASE in SHIPPED else None
    torch.manual_seed(options.seed)
    student = Student(base.plan if base else Plan())
    if base:
        student.begin_with(base.weights)
    student.arithmetic = dtype
    weights = load_weights(options.features, False, Hooks().tell)
    network = VGG(weights.tensors).to(device, dtype)
    return Training(
        student.to(device), network, lessons, [palette], steps=steps, seed=options.seed, flow=options.flow
    )


@torch.no_grad()
def _preview(path: Path, student: Student, lesson: Lesson, palette: Tensor) -> None:
    frame = recoloured(lesson.content, palette).to(next(student.parameters()).device)
    height, width = frame.shape[1:]
    noise = noise_at(no_drift(height, width, frame.device), height, width)
    image = student.new(frame[None], noise[None])[0].cpu()
    shown = [each for each in (lesson.content, lesson.painted, image) if each is not None]
    write_picture(path, to_uint8(sheet([shown], max(lesson.content.shape[1:]))))
