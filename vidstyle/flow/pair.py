"""The flow between two frames, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from vidstyle.flow.consistency import cautious, reliability
from vidstyle.flow.estimators import FlowEstimator
from vidstyle.flow.stored import FlowFiles
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.resize import fit, resize, resize_flow
from vidstyle.types import Flow, Frame


class FlowSource(Protocol):
    """Where flow comes from: estimated, or read from files. Safe to use from several threads."""

    def between(self, target: Frame, source: Frame) -> tuple[Flow, np.ndarray]:
        """Where each pixel of `target` was (or will be) in `source`, and how surely it is there.

        target, source: frames of one size, in either order and any number of frames apart.

        Returns the flow on the target's grid, ready to warp `source` (or its painting) into `target`, and its
        weight, float32 (1, H, W) in [0, 1]: 0 where the source does not show the surface.
        """
        ...


@dataclass(frozen=True, slots=True)
class Estimated:
    """Flow that is estimated from the frames, both ways: the reverse flow judges it.

    longest: longest side in pixels at which flow is estimated, to be scaled up; None is that of the frames.
    dilate, soften: of the weight, in pixels of the frames; see `cautious`.
    """

    estimator: FlowEstimator
    longest: int | None = None
    dilate: int = 0
    soften: int = 0

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


@dataclass(frozen=True, slots=True)
class Stored:
    """Flow that is read from `.flo` files of any size, scaled to that of the frames.

    A mask beside the flow says how far to trust it; without one, the reverse flow judges it.

    dilate, soften: of the weight, in pixels of the frames; see `cautious`.
    """

    files: FlowFiles
    dilate: int = 0
    soften: int = 0

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
    return Estimated(estimator).between(target, source)
