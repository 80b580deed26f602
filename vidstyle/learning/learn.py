"""The job: paint pictures by optimisation, teach a network by them, write the LOOK. Read `learn` first."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidstyle.device import pick_device, pick_dtype
from vidstyle.errors import JobError, UsageError
from vidstyle.events import Hooks, Pace
from vidstyle.features.weights import load_weights
from vidstyle.image.convert import to_uint8
from vidstyle.job import default_job_directory, file_entry
from vidstyle.learning.pictures import pictures_of
from vidstyle.learning.store import LearningStore
from vidstyle.learning.teaching import LEAST_PICTURES, SHARE, Teacher, affordable_pictures, lessons_of, taught
from vidstyle.looks.look import look_of, write_look
from vidstyle.looks.shipped import SUFFIX
from vidstyle.methods.base import learnt_from
from vidstyle.methods.registry import command
from vidstyle.methods.student.training import Lesson
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
_VERSION = 2  # counted up by what changes what is learnt
_MOST = 16  # pictures to be painted


def learn(
    styles: Sequence[Path], output: Path, *, options: LearnOptions | None = None, hooks: Hooks | None = None
) -> Path:
    """Learn the look of style pictures; returns the file. The same call again goes on where it was.

    Raises VidstyleError; Stopped where `hooks.stop` was set.
    """
    options, hooks = options or LearnOptions(), hooks or Hooks()
    directory = Path(options.job) if options.job else default_job_directory(output)
    _check(styles, output, options, directory)
    kept = {"version": _VERSION, **deciding(options, {"source": _content(options)})}
    kept["from"] = kept.pop("source")  # as the option is called
    fingerprint = {"pictures": [file_entry(path) for path in styles], "options": kept, "method": "learn"}
    settings = {
        "learns": [str(absolute(path)) for path in styles],
        "output": str(absolute(output)),
        "options": {
            key: value for role in ("decides", "free") for key, value in _home(options, role).items()
        },
    }
    with LearningStore.open(directory, fingerprint, settings, restart=options.restart) as store:
        hooks.begin(directory)
        if store.is_done():
            hooks.tell("nothing to do: this job is done (--restart learns it anew)")
            return output
        lessons = _lessons(store, styles, options, hooks)
        pictures = [learnt_from(path) for path in styles]
        device = pick_device(options.device)
        teacher = Teacher(
            lessons=lessons,
            styles=pictures,
            flow=options.flow,
            weights=load_weights(options.features, False, hooks.tell),
            device=device,
            dtype=pick_dtype(options.precision, device),
            seed=options.seed,
            begin=options.begin,
        )
        training = taught(store, teacher, options.steps, (1 - SHARE) * 60 * options.minutes, hooks)
        made = {
            "styles": ", ".join(path.name for path in styles),
            "steps": str(training.at),
            "pictures": str(len([each for each in lessons if each.painted is not None])),
            "features": options.features,
        }
        look = look_of(training.student, pictures, made, flow=options.flow, size=options.size)
        write_look(output, look)
        store.mark_done(output)
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


def _check(styles: Sequence[Path], output: Path, options: LearnOptions, directory: Path) -> None:
    if not styles:
        raise UsageError("give at least one style picture to learn from")
    if output.suffix != SUFFIX:
        raise UsageError(f"a look is a {SUFFIX} file: -o {output.with_suffix(SUFFIX)}")
    read = [*styles, *([Path(options.source)] if options.source else [])]
    check_spared(output, read, options.overwrite or _made(directory, output))


def _made(directory: Path, output: Path) -> bool:
    """Whether the job in this directory has written what lies there."""
    try:
        found = LearningStore.load(directory)
    except JobError:
        return False
    return found.settings.get("output") == str(absolute(output)) and found.may_replace([output])


def _lessons(
    store: LearningStore, styles: Sequence[Path], options: LearnOptions, hooks: Hooks
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
    count = min(len(pictures), options.pictures or store.decided("pictures") or LEAST_PICTURES)
    pace = Pace("paint", None)
    at = 0
    while at < count:
        if not store.painting(at).exists():
            began = time.monotonic()
            write_picture(store.picture(at), to_uint8(pictures[at]))
            quiet = Hooks(stop=hooks.stop, notice=hooks.notice if at == 0 else None)
            stylize(store.picture(at), styles, store.painting(at), options=settings, run=run, hooks=quiet)
            if store.decided("pictures") is None:
                each = time.monotonic() - began
                count = options.pictures or affordable_pictures(each, 60 * options.minutes, _MOST)
                count = min(len(pictures), count)
                store.decide(pictures=count)
        pace.total = count
        hooks.report(pace.finished(at, 0))
        at += 1
    return lessons_of(store, count, pictures[count:])
