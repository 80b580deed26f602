"""Making the plan of a run: everything that can be checked is checked before anything is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.errors import JobError, UsageError
from vidstyle.features.weights import Weights
from vidstyle.flow.motion import Motion
from vidstyle.job import JobStore, default_job_directory
from vidstyle.methods import METHODS, method_name
from vidstyle.options import (
    AnalogyOptions,
    DfiOptions,
    EncodeOptions,
    NeuralOptions,
    PaintOptions,
    RunOptions,
    TextureOptions,
    from_json,
)
from vidstyle.pipeline.device import pick_device, pick_dtype
from vidstyle.pipeline.flow import check_flow, find_flow
from vidstyle.pipeline.frames import frame_range, result_size
from vidstyle.pipeline.inputs import check_spared, load_weights
from vidstyle.pipeline.maps import doodled, open_maps
from vidstyle.pipeline.memory import tiled_within_memory, within_memory
from vidstyle.pipeline.moved import at_new_home
from vidstyle.pipeline.plan import Plan, codec_of
from vidstyle.pipeline.sets import check_beside, gather
from vidstyle.pipeline.stills import check_steps
from vidstyle.types import Notice
from vidstyle.video.blank import BlankClip
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.writer import check_output


def make_plan(
    source: Path | None,
    styles: Sequence[Path],
    output: Path,
    options: PaintOptions,
    run: RunOptions,
    encode: EncodeOptions,
    notice: Notice,
    load: Callable[[str, bool, Notice], Weights] = load_weights,
) -> Plan:
    """Check everything that can be checked beforehand. Raises UsageError, InputError or OutputError.

    source: None for a texture, which is made from none. load: gives the weights that are asked for, for
    a draft or not.
    """
    name = method_name(options)
    METHODS[name].check_exemplars(name, len(styles))
    fps = _fraction(encode.fps) if encode.fps else None
    options = doodled(options) if isinstance(options, TextureOptions) else options
    clip = _opened(source, options, fps, run.damaged)
    start, stop = frame_range(run.frames, clip)
    earlier = _earlier(Path(run.job) if run.job else default_job_directory(output))
    ours = earlier.get("output") == str(output.absolute())
    pictures = [*styles, *([Path(options.picture)] if options.picture else [])]
    check_spared(output, pictures, run.overwrite or ours)
    if isinstance(options, DfiOptions):
        check_beside(options, clip, output, run.overwrite or ours)
    check_steps(options, output, [*pictures, clip.path], earlier if ours else {}, run.overwrite)
    check_output(
        output,
        clip,
        codec_of(output, encode),
        crf=encode.crf,
        bit_depth=encode.bit_depth,
        start=start,
        stop=stop,
        overwrite=run.overwrite or ours,
    )
    longest = min(max(clip.width, clip.height), options.longest)
    width, height = result_size(clip, run.size or longest)
    device = pick_device(run.device)
    if isinstance(options, AnalogyOptions):
        options = within_memory(options, width, height, device, notice)
    for picture in pictures:
        read_picture(picture)
    maps = open_maps(options, clip, styles, start, stop)
    check_spared(output, maps.paths if maps else [], run.overwrite or ours)
    weights = load(_chosen_features(run, earlier), options.is_draft, notice)
    dtype = pick_dtype(run.precision, device)
    if isinstance(options, NeuralOptions | TextureOptions):
        options = tiled_within_memory(options, width, height, weights, dtype, device, notice)
    plan = Plan(
        clip=clip,
        styles=tuple(styles),
        output=output,
        options=options,
        run=run,
        encode=encode,
        start=start,
        stop=stop,
        width=width,
        height=height,
        device=device,
        dtype=dtype,
        weights=weights,
        flow=_motion(options) if isinstance(options, TextureOptions) else find_flow(run, device, notice),
        given=gather(options, clip, output, weights.digest) if isinstance(options, DfiOptions) else None,
        maps=maps,
    )
    check_flow(plan.flow, plan.wants_flow, plan.history[0])
    return plan


def replan(job: Path, notice: Notice) -> Plan:
    """The plan of the job in a job directory, as it was started. Raises JobError."""
    stored = JobStore.load(job).settings
    try:
        settings = at_new_home(stored, job)
        kind = METHODS[settings.get("method", "style")]
        source, output = Path(settings["input"]), Path(settings["output"])
        styles = [Path(style) for style in settings["styles"]]
        options = from_json(kind.options, settings["options"])
        run = from_json(RunOptions, settings["run"])
        encode = from_json(EncodeOptions, settings["encode"])
    except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
        raise JobError(
            f"{job / 'job.json'} is of another version of vidstyle, or has been changed by hand ({error}); "
            "run the command anew"
        ) from error
    if settings["output"] != stored["output"]:
        notice(f"the job has been moved: its result will be {output}")
    return make_plan(
        source, styles, output, options, replace(run, job=str(job), restart=False), encode, notice
    )


def _opened(source: Path | None, options: PaintOptions, fps: Fraction | None, damaged: str) -> Clip:
    if isinstance(options, TextureOptions):
        return BlankClip(options.width, options.height, options.frames, fps)
    if source is None:
        raise UsageError("give a clip or a picture to paint")
    return open_clip(source, fps=fps, damaged=damaged)


def _motion(options: TextureOptions) -> Motion:
    return Motion(options.width, options.height, options.frames, options.motion, options.tile)


def _earlier(directory: Path) -> dict[str, Any]:
    """The settings of the job that is already in `directory`, if there is one."""
    if not (directory / "job.json").is_file():
        return {}
    store = JobStore.load(directory)
    settings = at_new_home(store.settings, directory)
    if not store.begun:  # with no weights yet
        settings.pop("features", None)
    known = {"run": dict, "options": dict, "features": str, "output": str}
    return {key: settings[key] for key, kind in known.items() if isinstance(settings.get(key), kind)}


def _chosen_features(run: RunOptions, earlier: dict[str, Any]) -> str:
    """Which weights are asked for. A job that goes on keeps those that "auto" meant when it began."""
    goes_on = not run.restart and run.features == earlier.get("run", {}).get("features")
    return str(earlier.get("features", run.features)) if goes_on else run.features


def _fraction(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(f"--fps must be a rate such as 25, 23.976 or 30000/1001, not {text!r}")
    return rate
