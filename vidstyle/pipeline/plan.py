"""What a run will do, decided and checked before anything is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vidstyle.attributes.given import Given
from vidstyle.errors import JobError, UsageError
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.flow.motion import Motion
from vidstyle.flow.pair import FlowSource
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.image.resize import resize
from vidstyle.job import JobStore, default_job_directory, file_entry
from vidstyle.methods import METHODS, method_name
from vidstyle.methods.base import Materials, Method
from vidstyle.options import (
    AnalogyOptions,
    DfiOptions,
    EncodeOptions,
    PaintOptions,
    RunOptions,
    TextureOptions,
    at_home,
    by_role,
    defaults,
    from_json,
)
from vidstyle.pipeline.device import pick_device, pick_dtype
from vidstyle.pipeline.flow import check_flow, find_flow, flow_entry
from vidstyle.pipeline.frames import frame_range, frame_total, resized, result_size
from vidstyle.pipeline.inputs import check_spared, load_weights, picture_on_paper
from vidstyle.pipeline.memory import within_memory
from vidstyle.pipeline.moved import at_new_home
from vidstyle.pipeline.sets import check_beside, entry, gather
from vidstyle.types import Frame
from vidstyle.video.blank import BlankClip
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.writer import Writer, check_output, open_writer

Notice = Callable[[str], None]

_UNKNOWN = 1000  # frames, where the source does not say
# A change to what is computed counts this up: frames of two versions must not meet in one result.
_PAINTER_VERSION = 3


@dataclass(frozen=True)
class Plan:
    """Everything a run needs: the opened source, checked settings, the device, the size of the result."""

    clip: Clip
    styles: tuple[Path, ...]
    output: Path
    options: PaintOptions
    run: RunOptions
    encode: EncodeOptions
    start: int
    stop: int | None
    width: int
    height: int
    device: torch.device
    dtype: torch.dtype
    weights: Weights
    flow: FlowSource
    given: Given | None = None

    @property
    def directory(self) -> Path:
        """The job directory."""
        return Path(self.run.job) if self.run.job else default_job_directory(self.output)

    @property
    def total(self) -> int | None:
        """How many frames there are to paint; an estimate for most videos."""
        return frame_total(self.clip, self.start, self.stop)

    @property
    def history(self) -> list[int]:
        """How many frames back a frame keeps to, nearest first."""
        # The distances of Ruder et al. (2016). Files of flow mostly lead to the next frame alone.
        default = (1,) if self.run.flow_dir else (1, 10, 20, 40)
        return sorted(set(self.run.history or default))

    def backs(self, index: int) -> list[int]:
        """How many frames back lie those that frame `index` keeps to, nearest first."""
        return self.flow.backs(index) if isinstance(self.flow, Motion) else self.history

    @property
    def reach(self) -> int:
        """The most that `backs` gives."""
        return self.flow.count if isinstance(self.flow, Motion) else self.history[-1]

    @property
    def wraps(self) -> bool:
        """Whether opposite borders of what is painted meet."""
        return isinstance(self.options, TextureOptions) and self.options.tile

    @property
    def work(self) -> int | None:
        """How often a frame is painted, in all passes; None or an estimate, as `total`."""
        return None if self.total is None else self.total * self.passes

    @property
    def passes(self) -> int:
        """How often the clip is gone through."""
        return max(self.run.passes, 2 if self.run.loop else 1)

    @cached_property
    def fingerprint(self) -> dict[str, Any]:
        """What makes this job this job: all that the painted frames depend on."""
        options = by_role(self.options, "decides")
        if self._init_path is not None:
            options["init"] = file_entry(self._init_path)
        return {
            "source": {"name": self.clip.path.name, "digest": self.clip.digest()},
            "styles": [file_entry(style) for style in self.styles],
            "method": method_name(self.options),
            "options": options,
            "size": f"{self.width}x{self.height}",
            "frames": [self.start, self.stop],
            "seed": self.run.seed,
            "weights": {"name": self.weights.source.path.name, "digest": self.weights.digest},
            "precision": str(self.dtype).removeprefix("torch."),
            **flow_entry(self.flow, self.wants_flow, self.history[0]),
            "history": self.history,
            "passes": self.passes,
            "loop": self.run.loop,
            "cuts": self.run.cuts,
            "cut": sorted(self.run.cut),
            "painter": _PAINTER_VERSION,
            **(
                entry(self.given, self.options) if isinstance(self.options, DfiOptions) and self.given else {}
            ),
        }

    @property
    def settings(self) -> dict[str, Any]:
        """All that is needed to run the same command again."""
        source = self.weights.source
        chosen = str(source.path.absolute()) if source.kind == "file" else source.kind
        return {
            "home": str(self.directory.absolute()),
            "input": str(self.clip.path.absolute()),
            "styles": [str(style.absolute()) for style in self.styles],
            "output": str(self.output.absolute()),
            "method": method_name(self.options),
            "options": asdict(at_home(self.options)),
            "run": {**asdict(self.run), **self._flow_paths},
            "encode": asdict(self.encode),
            "features": chosen,
            "total": self.total,
            "passes": self.passes,
        }

    @property
    def _flow_paths(self) -> dict[str, str]:
        """Files of flow as they are found from any directory."""
        given = {"flow_dir": self.run.flow_dir, "flow_weights": self.run.flow_weights}
        return {name: str(Path(path).absolute()) for name, path in given.items() if path}

    @property
    def made_with(self) -> dict[str, Any]:
        """What the result depends on beside the painted frames."""
        return {**asdict(self.encode), **by_role(at_home(self.options), "written")}

    @property
    def assumed(self) -> dict[str, Any]:
        """What stands in `fingerprint` and `made_with` for options that an older version did not have."""
        kind = type(self.options)
        return {
            "fingerprint": {"options": defaults(kind, "decides")},
            "made_with": {**defaults(EncodeOptions), **defaults(kind, "written")},
        }

    def bytes_needed(self, painted: int) -> int:
        """A generous guess of the disk that the frames still to be painted will take (16-bit PNG)."""
        # A pass that is done is given up once the one after it is; so two at most are kept.
        frames = (self.total or 1) * min(2, self.passes)
        return max(0, frames - painted) * self.width * self.height * 6

    @property
    def _init_path(self) -> Path | None:
        return None if self.options.picture is None else Path(self.options.picture)

    def prepare(self, notice: Notice) -> Method:
        """The painter, with its network and its style pictures on the device."""
        materials = Materials(
            network=lambda pooling: VGG(self.weights.tensors, pooling).to(self.device, self.dtype),
            weights=self.weights.source.kind,
            digest=self.weights.digest,
            exemplars=[self.move(picture_on_paper(style)) for style in self.styles],
            init=None if self._init_path is None else self.move(picture_on_paper(self._init_path)),
            notice=notice,
            given=self.given,
        )
        return METHODS[method_name(self.options)].prepare(materials, self.options)

    @property
    def wants_flow(self) -> range:
        """The frames that are painted with flow from an earlier one, if there is no cut between."""
        if self.options.independent and self.passes == 1:
            return range(0)
        return range(
            self.start + self.history[0], self.start + (_UNKNOWN if self.total is None else self.total)
        )

    def move(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device)

    def tensor(self, array: np.ndarray) -> Tensor:
        return self.move(torch.from_numpy(array))

    def on_device(self, frame: Frame) -> Tensor:
        """The frame as methods see it: float32 (3, H, W) in [0, 1]."""
        return self.move(to_float(frame.pixels))

    def scaled(self, frame: Frame) -> Frame:
        """The frame at the size of the result, at no less than its own depth."""
        return resized(frame, (self.height, self.width))

    def result_frame(self, source: Frame, pixels: np.ndarray) -> Frame:
        """The painted `pixels`, uint16 (3, H, W), with the time and the transparency of `source`."""
        alpha = source.alpha
        if alpha is not None:
            alpha = to_uint16(resize(to_float(alpha), (self.height, self.width)))
        return replace(source, pixels=pixels, alpha=alpha)

    def open_writer(self, notice: Notice) -> Writer:
        # Frames are kept with 16 bits; a picture gets them on request only.
        depth = self.encode.bit_depth or (None if _is_video(self.output) else 8)
        return open_writer(
            self.output,
            self.clip,
            width=self.width,
            height=self.height,
            codec=_codec(self.output, self.encode),
            crf=self.encode.crf,
            bit_depth=depth,
            start=self.start,
            stop=self.stop,
            overwrite=True,  # make_plan has checked that what is there is ours to replace
            notice=notice,
        )


def make_plan(
    source: Path | None,
    styles: Sequence[Path],
    output: Path,
    options: PaintOptions,
    run: RunOptions,
    encode: EncodeOptions,
    notice: Notice,
) -> Plan:
    """Check everything that can be checked beforehand. Raises UsageError, InputError or OutputError.

    source: None for a texture, which is made from none.
    """
    name = method_name(options)
    METHODS[name].check_exemplars(name, len(styles))
    fps = _fraction(encode.fps) if encode.fps else None
    clip = _opened(source, options, fps, run.damaged)
    start, stop = frame_range(run.frames, clip)
    earlier = _earlier(Path(run.job) if run.job else default_job_directory(output))
    ours = earlier.get("output") == str(output.absolute())
    pictures = [*styles, *([Path(options.picture)] if options.picture else [])]
    check_spared(output, pictures, run.overwrite or ours)
    if isinstance(options, DfiOptions):
        check_beside(options, clip, output, run.overwrite or ours)
    check_output(
        output,
        clip,
        _codec(output, encode),
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
    weights = _weights(run.features, earlier, notice)
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
        dtype=pick_dtype(run.precision, device),
        weights=weights,
        flow=_motion(options) if isinstance(options, TextureOptions) else find_flow(run, device, notice),
        given=gather(options, clip, output, weights.digest) if isinstance(options, DfiOptions) else None,
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
    return at_new_home(JobStore.load(directory).settings, directory)


def _weights(choice: str, earlier: dict[str, Any], notice: Notice) -> Weights:
    """Load the weights asked for. A job that has begun keeps those that "auto" meant then."""
    run = earlier.get("run")
    asked_before = run.get("features") if isinstance(run, dict) else None
    if choice == asked_before and isinstance(earlier.get("features"), str):
        choice = earlier["features"]
    return load_weights(choice, notice)


def _is_video(output: Path) -> bool:
    from vidstyle.video.formats import output_kind

    return output_kind(output) == "video"


def _codec(output: Path, encode: EncodeOptions) -> str:
    if encode.codec != "auto":
        return encode.codec
    return "vp9" if output.suffix.lower() == ".webm" else "h264"


def _fraction(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(f"--fps must be a rate such as 25, 23.976 or 30000/1001, not {text!r}")
    return rate
