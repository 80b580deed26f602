"""Making the plan of a run: everything that can be checked is checked before anything is painted."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import torch

from vidstyle.device import pick_device, pick_dtype
from vidstyle.errors import JobError, OutputError, UsageError
from vidstyle.events import Notice
from vidstyle.features.weights import Weights
from vidstyle.flow.estimators import estimator_for
from vidstyle.flow.pair import find_flow
from vidstyle.job import JobStore
from vidstyle.methods.base import Engine, Method, Source
from vidstyle.methods.registry import command, method, method_name
from vidstyle.options import EncodeOptions, MethodOptions, RunOptions, files_read, files_written, from_json
from vidstyle.pipeline import identity
from vidstyle.pipeline.canvas import Canvas
from vidstyle.pipeline.encoding import codec_of
from vidstyle.pipeline.frames import cut_places, frame_range, frame_total, result_size
from vidstyle.pipeline.guide import is_carried, open_mask
from vidstyle.pipeline.plan import Plan, Request
from vidstyle.pipeline.relocate import at_new_home, same_place
from vidstyle.pipeline.stills import check_steps
from vidstyle.plain import absolute
from vidstyle.video.clip import Clip
from vidstyle.video.writer import check_output, rehearse

_UNKNOWN = 1000  # frames, where the source does not say


def make_plan(asked: Request) -> Plan:
    """Check everything that can be checked beforehand. Raises UsageError, InputError or OutputError."""
    name, run, encode = method_name(asked.options), asked.run, asked.encode
    own = method(name)
    command(name).pictures.check(name, len(asked.pictures))
    options, clip = own.clip(asked.options, asked.source, _fraction(encode.fps), run)
    start, stop = frames = frame_range(run.frames, clip)
    earlier = _earlier(asked.directory, asked.options)
    engine = _engine(asked, options, earlier)
    source = _checked(asked, options, clip, frames, earlier, engine)
    width, height = result_size(clip, run.size or own.longest(options, clip))
    _rehearse(asked.output, clip, (width, height), encode)
    options = own.fitted(options, width, height, engine)
    inputs, mask = own.open(options, source), open_mask(run.mask, clip, start, stop)
    carries = is_carried(inputs.guidance, mask, clip, options.independent)
    run = replace(run, flow=_chosen_flow(run, engine, earlier))
    run = _settled(run, clip, (width, height), frames, engine.dtype, inputs.passes)
    flow = own.flow(options) or find_flow(run, engine.device, asked.notice)
    moving = _moving(clip, run, frames, options.independent)
    flow.check(moving)
    features, weights = _weights_of(own, engine, run)
    decides = identity.deciding(options, inputs.contents)
    # What may change within a job may take another number of passes.
    passes = {"passes": asked.run.passes} if own.revisited else {}
    runs = identity.deciding(run, flow.contents(moving) | weights | passes)
    told = {"features": features, "flow": run.flow, "total": frame_total(clip, *frames), "passes": run.passes}
    return Plan(
        directory=asked.directory,
        clip=clip,
        output=asked.output,
        method=own,
        options=options,
        run=run,
        encode=encode,
        start=start,
        stop=stop,
        canvas=Canvas(height, width, engine.device),
        engine=engine,
        flow=flow,
        inputs=inputs,
        mask=mask,
        carries=carries,
        fingerprint=identity.fingerprint(source, name, decides, runs, carries),
        settings=identity.settings(asked, clip, name, options, **told),
        made_with=identity.made_with(options, run, encode, inputs.digest),
    )


def replan(job: Path, notice: Notice, *, paints_only: bool = False) -> Plan:
    """The plan of the job in a job directory, as it was started. Raises JobError.

    paints_only: nothing is written but the state of the job, so that it does not matter what lies under the
    name of the result.
    """
    store = JobStore.load(job)
    stored = store.settings
    try:
        settings = at_new_home(stored, job)
        kind = command(settings["method"]).options
        run = from_json(RunOptions, settings["run"])
        asked = Request(
            Path(settings["input"]),
            [Path(picture) for picture in settings["pictures"]],
            Path(settings["output"]),
            from_json(kind, settings["options"]),
            # Leave to overwrite was given where the job was begun.
            replace(
                run,
                job=str(job),
                restart=False,
                overwrite=paints_only or (run.overwrite and store.made_here),
            ),
            from_json(EncodeOptions, settings["encode"]),
            notice,
        )
    except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
        raise JobError(
            f"{job / 'job.json'} is of another version of vidstyle, or has been changed by hand ({error}); "
            "run the command anew"
        ) from error
    if settings["output"] != stored["output"]:
        notice(f"the job has been moved: its result will be {asked.output}")
    if not (paints_only or store.may_replace([asked.output])):
        raise OutputError(
            f"{asked.output} exists, and nothing shows that the job in {job} has written it; move it away, "
            "or give the whole command anew with --overwrite"
        )
    return make_plan(asked)


def _checked(
    asked: Request,
    options: MethodOptions,
    clip: Clip,
    frames: tuple[int, int | None],
    earlier: dict[str, Any],
    engine: Engine,
) -> Source:
    """What is to be painted, once it is known that the result can be written and replaces nothing unasked."""
    run, encode, output = asked.run, asked.encode, asked.output
    ours = "output" in earlier and same_place(Path(earlier["output"]), output)
    source = Source(clip, tuple(asked.pictures), output, *frames, run.overwrite or ours, engine)
    read = [*asked.pictures, *files_read(options), *files_read(run)]
    source.spare(read, output)
    kind = check_output(
        output,
        clip,
        codec_of(output, encode),
        crf=encode.crf,
        bit_depth=encode.bit_depth,
        start=source.start,
        stop=source.stop,
        overwrite=source.overwrite,
    )
    check_steps(options, output, kind, [*read, clip.path], earlier if ours else {}, run.overwrite)
    return source


def _rehearse(output: Path, clip: Clip, size: tuple[int, int], encode: EncodeOptions) -> None:
    """Whatever may be refused when the result is written is refused now. Raises OutputError."""
    width, height = size
    codec = codec_of(output, encode)
    rehearse(
        output, clip, width=width, height=height, codec=codec, crf=encode.crf, bit_depth=encode.bit_depth
    )


def _engine(asked: Request, options: MethodOptions, earlier: dict[str, Any]) -> Engine:
    """With weights that are found and read when, and if, they are asked for, and then kept."""
    device = pick_device(asked.run.device)

    @cache
    def loaded() -> Weights:
        return asked.load(_chosen_features(asked.run, earlier), options.is_draft, asked.notice)

    return Engine(device, pick_dtype(asked.run.precision, device), loaded, asked.notice)


def _weights_of(own: Method, engine: Engine, run: RunOptions) -> tuple[str, dict[str, Any]]:
    """The weights that are used, as they are asked for by name, and what stands for --features in a job."""
    if not own.uses_features:
        return run.features, {"features": None}
    source = engine.weights.source
    chosen = str(absolute(source.path)) if source.kind == "file" else source.kind
    return chosen, {"features": {"name": source.path.name, "digest": engine.weights.digest}}


def _settled(
    run: RunOptions,
    clip: Clip,
    size: tuple[int, int],
    frames: tuple[int, int | None],
    dtype: torch.dtype,
    passes: int,
) -> RunOptions:
    """The options of the run with what they left open, as it was decided."""
    # The distances of Ruder et al. (2016). Files of flow mostly lead to the next frame alone.
    default = (1,) if run.flow_dir else (1, 10, 20, 40)
    return replace(
        run,
        size=max(size),
        frames=f"{frames[0]}:{'' if frames[1] is None else frames[1]}",
        precision=str(dtype).removeprefix("torch."),
        history=tuple(sorted(set(run.history or default))),
        passes=max(run.passes, passes, 2 if run.loop else 1),
        cut=cut_places(run.cut, clip),
        mask_feather=run.mask_feather if run.mask else RunOptions.mask_feather,
    )


def _moving(clip: Clip, run: RunOptions, frames: tuple[int, int | None], independent: bool) -> range:
    """The frames that are painted with flow from an earlier one, if there is no cut between."""
    if independent and run.passes == 1:
        return range(0)
    total = frame_total(clip, *frames)
    return range(frames[0] + run.history[0], frames[0] + (_UNKNOWN if total is None else total))


def _earlier(directory: Path, options: MethodOptions) -> dict[str, Any]:
    """The settings of the job that is already in `directory`, if there is one; no output that is not its own.

    options: that may name files which are written beside the result.
    """
    if not (directory / "job.json").is_file():
        return {}
    store = JobStore.load(directory)
    settings = at_new_home(store.settings, directory)
    if not store.begun:
        for decided in ("features", "flow"):
            settings.pop(decided, None)
    if isinstance(output := settings.get("output"), str):
        beside = files_written(options)
        if not store.may_replace([Path(output), *beside]):
            del settings["output"]
    known = {"run": dict, "options": dict, "features": str, "flow": str, "output": str}
    return {key: settings[key] for key, kind in known.items() if isinstance(settings.get(key), kind)}


def _chosen_features(run: RunOptions, earlier: dict[str, Any]) -> str:
    """Which weights are asked for. A job that goes on keeps those that "auto" meant when it began."""
    goes_on = not run.restart and run.features == earlier.get("run", {}).get("features")
    return str(earlier.get("features", run.features)) if goes_on else run.features


def _chosen_flow(run: RunOptions, engine: Engine, earlier: dict[str, Any]) -> str:
    """The flow estimator. A job that goes on keeps the one that "auto" meant when it began."""
    if run.flow != "auto":
        return run.flow
    if not run.restart and earlier.get("run", {}).get("flow") == "auto" and "flow" in earlier:
        return str(earlier["flow"])
    chosen = "dis" if run.flow_dir else estimator_for(run.flow, run.flow_weights, engine.device.type)
    if chosen != "dis":
        engine.notice(f"flow is found by {chosen} on the GPU (--flow)")
    return chosen


def _fraction(text: str | None) -> Fraction | None:
    """The rate that --fps gives, if it is given."""
    if not text:
        return None
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(f"--fps must be a rate such as 25, 23.976 or 30000/1001, not {text!r}")
    return rate
