"""What a run will do, decided and checked before anything is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidstyle.events import Notice, Observer
from vidstyle.features.weights import Weights, load_weights
from vidstyle.flow.pair import FlowSource
from vidstyle.job import default_job_directory
from vidstyle.methods.base import Engine, Inputs, Method, Painter
from vidstyle.options import EncodeOptions, MethodOptions, RunOptions
from vidstyle.pipeline.canvas import Canvas
from vidstyle.pipeline.frames import frame_total
from vidstyle.pipeline.known import Known
from vidstyle.video.clip import Clip


@dataclass(frozen=True)
class Request:
    """What is asked for. source: None for what is made from no clip. load: gives weights by their name."""

    source: Path | None
    pictures: Sequence[Path]
    output: Path
    options: MethodOptions
    run: RunOptions
    encode: EncodeOptions
    notice: Notice
    load: Callable[[str, bool, Notice], Weights] = load_weights

    @property
    def directory(self) -> Path:
        """Where the state of the job is kept."""
        return Path(self.run.job) if self.run.job else default_job_directory(self.output)


@dataclass(frozen=True)
class Plan:
    """Everything a run needs.

    directory: of the job. options, run: with all that was left open. start, stop: frames of the clip.
    flow: how it moves. inputs: what the method has read. mask: where the result is laid over the clip;
    carries: whether a single map is to do for the clip.
    fingerprint: what makes this job this job. settings: all that is needed to run the same command again.
    made_with: what the result depends on beside the painted frames.
    known: what an earlier look through the clip has found; it is looked through on the way otherwise.
    """

    directory: Path
    clip: Clip
    output: Path
    method: Method
    options: MethodOptions
    run: RunOptions
    encode: EncodeOptions
    start: int
    stop: int | None
    canvas: Canvas
    engine: Engine
    flow: FlowSource
    inputs: Inputs
    mask: Clip | None
    carries: bool
    fingerprint: dict[str, Any]
    settings: dict[str, Any]
    made_with: dict[str, Any]
    known: Known | None = None

    @property
    def total(self) -> int | None:
        """How many frames there are to paint; an estimate for most videos."""
        return frame_total(self.clip, self.start, self.stop)

    @property
    def stored_depth(self) -> int:
        """Bits with which painted frames are kept: 16, but 8 where a frame is stored sooner than painted."""
        deep = max(self.clip.bit_depth, self.encode.bit_depth or 8) > 8
        return 16 if deep or not self.method.quick else 8

    @property
    def work(self) -> int | None:
        """How often a frame is painted, in all passes; None or an estimate, as `total`."""
        return None if self.total is None else self.total * self.run.passes

    def painter(self, observer: Observer | None = None) -> Painter:
        """What paints the frames. observer: is shown every step of every search."""
        return self.method.painter(self.inputs, replace(self.engine, observer=observer))

    def bytes_needed(self, painted: int) -> int:
        """A generous guess of the disk that the frames still to be painted will take (PNG)."""
        # A pass that is done is given up once the one after it is; so two at most are kept.
        frames = (self.total or 1) * min(2, self.run.passes)
        return max(0, frames - painted) * self.canvas.width * self.canvas.height * 3 * self.stored_depth // 8
