"""The flow between two frames, and how far it can be trusted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from vidstyle.errors import UsageError
from vidstyle.events import Notice
from vidstyle.flow.consistency import cautious, reliability
from vidstyle.flow.estimators import FlowEstimator, make_estimator
from vidstyle.flow.stored import FlowFiles
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.resize import fit, resize, resize_flow
from vidstyle.job import file_entry
from vidstyle.options import RunOptions
from vidstyle.types import Flow, Frame


class FlowSource(ABC):
    """Where flow comes from: estimated, read from files, made up. Safe to use from several threads.

    wraps: whether opposite borders of what is painted meet. estimates: whether any two frames will do.
    """

    wraps: bool = False
    estimates: ClassVar[bool] = False

    @abstractmethod
    def between(self, target: Frame, source: Frame) -> tuple[Flow, np.ndarray]:
        """Where each pixel of `target` was (or will be) in `source`, and how surely it is there.

        target, source: frames of one size, in either order and any number of frames apart.

        Returns the flow on the target's grid, ready to warp `source` (or its painting) into `target`, and its
        weight, float32 (1, H, W) in [0, 1]: 0 where the source does not show the surface.
        """

    @abstractmethod
    def backs(self, index: int) -> Sequence[int]:
        """How many frames back lie those that frame `index` keeps to, nearest first."""

    @property
    @abstractmethod
    def reach(self) -> int:
        """The most that `backs` gives."""

    def check(self, frames: range) -> None:  # noqa: B027  most have nothing to check
        """Raises InputError where what the flow of these frames is read from is not there at all."""

    def contents(self, frames: range) -> dict[str, Any]:
        """What the files of flow hold that the options of a run name, by these options; see `file_entry`.

        frames: those that want flow from earlier ones.
        """
        return {}


@dataclass(frozen=True, kw_only=True)
class FilmedFlow(FlowSource):
    """Flow of a clip, the same for all frames.

    dilate, soften: of the weight, in pixels of the frames; see `cautious`.
    history: how many frames back a frame keeps to, ascending.
    """

    dilate: int = 0
    soften: int = 0
    history: tuple[int, ...] = (1,)

    def backs(self, index: int) -> Sequence[int]:
        return self.history

    @property
    def reach(self) -> int:
        return self.history[-1]


@dataclass(frozen=True)
class EstimatedFlow(FilmedFlow):
    """Flow that is estimated from the frames, both ways: the reverse flow judges it.

    longest: longest side in pixels at which flow is estimated, to be scaled up; None is that of the frames.
    """

    estimator: FlowEstimator
    longest: int | None = None
    estimates: ClassVar[bool] = True

    def contents(self, frames: range) -> dict[str, Any]:
        weights = self.estimator.weights
        return {} if weights is None else {"flow_weights": file_entry(weights)}

    def between(self, target: Frame, source: Frame) -> tuple[Flow, np.ndarray]:
        vectors, reverse = self.vectors(target, source), self.vectors(source, target)
        weight = cautious(reliability(vectors, reverse), self.dilate, self.soften)
        return Flow(vectors, source=source.index, target=target.index), weight

    def vectors(self, target: Frame, source: Frame) -> np.ndarray:
        """The flow one way, not yet judged: float32 (2, H, W), (dx, dy) in pixels of the frames."""
        height, width = target.pixels.shape[1:]
        if self.longest is None or self.longest >= max(height, width):
            return self.estimator(target.pixels, source.pixels)
        columns, rows = fit(width, height, self.longest)
        small = [to_uint8(resize(to_float(frame.pixels), (rows, columns))) for frame in (target, source)]
        flow = torch.from_numpy(self.estimator(small[0], small[1]))
        return resize_flow(flow, (height, width)).numpy()


@dataclass(frozen=True)
class StoredFlow(FilmedFlow):
    """Flow that is read from `.flo` files of any size, scaled to that of the frames.

    A mask beside the flow says how far to trust it; without one, the reverse flow judges it.
    """

    files: FlowFiles

    def check(self, frames: range) -> None:
        if frames and self._first(frames) is None:
            self.files.check(frames[0], frames[0] - self.history[0])

    def contents(self, frames: range) -> dict[str, Any]:
        """The content of the first file that is there.

        Reading all of them would take as long as painting some frames, and a file that was missing and has
        been supplied must not make it another job; but flow of another estimator or another clip differs in
        every file.
        """
        first = self._first(frames)
        return {"flow_dir": file_entry(Path(self.files.place), [] if first is None else [first])}

    def _first(self, frames: range) -> Path | None:
        # Where there is a cut between two frames there need be no flow.
        return self.files.first((index, index - self.history[0]) for index in frames)

    def between(self, target: Frame, source: Frame) -> tuple[Flow, np.ndarray]:
        size = target.height, target.width
        vectors = self.files.vectors(target.index, source.index, size)
        weight = self.files.weight(target.index, source.index, size)
        if weight is None:
            weight = reliability(vectors, self.files.vectors(source.index, target.index, size))
        flow = Flow(vectors, source=source.index, target=target.index)
        return flow, cautious(weight, self.dilate, self.soften)


def flow_between(target: Frame, source: Frame, estimator: FlowEstimator) -> tuple[Flow, np.ndarray]:
    """Where each pixel of `target` was in `source`, and how surely: see `FlowSource.between`."""
    return EstimatedFlow(estimator).between(target, source)


def find_flow(run: RunOptions, device: torch.device, notice: Notice) -> FlowSource:
    """The source of flow that the options ask for. Raises UsageError, WeightsError or InputError."""
    how: dict[str, Any] = {"dilate": run.trust_dilate, "soften": run.trust_soften, "history": run.history}
    if run.flow_dir is None:
        estimator = make_estimator(run.flow, run.flow_weights, str(device), notice)
        return EstimatedFlow(estimator, run.flow_size, **how)
    if run.flow_weights or run.flow_size:
        name = "--flow-weights" if run.flow_weights else "--flow-size"
        raise UsageError(f"{name} is for estimating flow, and --flow-dir reads it; give one of the two")
    return StoredFlow(FlowFiles(run.flow_dir), **how)
