"""Flow estimators that OpenCV brings, on grey values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import cv2
import numpy as np

from vidstyle.errors import UsageError
from vidstyle.events import Notice
from vidstyle.flow.grey import contrib, grey_pair, no_motion, to_vectors


class Classic:
    """What is the same for all estimators that are not learnt. contrib: OpenCV's module that one needs."""

    contrib: ClassVar[str | None] = None
    weights: ClassVar[Path | None] = None
    name: str

    def prepared(self, weights: Path | None, device: str, notice: Notice) -> Self:
        """Raises UsageError for weights, and where OpenCV lacks the module."""
        if weights is not None:
            raise UsageError(
                f"--flow-weights is for estimators that are learnt, such as raft, not {self.name}"
            )
        if self.contrib is not None:
            contrib(self.contrib)
        return self


@dataclass(frozen=True)
class DISFlow(Classic):
    """Dense inverse search (Kroeger et al. 2016) with variational refinement.

    finest_scale: patches are matched down to the picture's size / 2**finest_scale, then the flow is enlarged.
    patch_stride: pixels between the centres of the 8x8 patches, at each scale.
    descent_steps: of the search for each patch.
    refinement_steps: of the variational refinement, at each scale.
    smoothness: of that refinement (its α). At the picture's own scale OpenCV's 20 follows grain and
        compression noise; 60 makes the error on such footage an eighth smaller.
    """

    name: str = "dis"
    finest_scale: int = 0
    patch_stride: int = 4
    descent_steps: int = 16
    refinement_steps: int = 10
    smoothness: float = 60.0

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        # One object a call: it keeps buffers between calls, so threads must not share it.
        dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        dis.setFinestScale(self.finest_scale)
        dis.setPatchStride(self.patch_stride)
        dis.setGradientDescentIterations(self.descent_steps)
        dis.setVariationalRefinementIterations(self.refinement_steps)
        dis.setVariationalRefinementAlpha(self.smoothness)
        grey_target, grey_source = grey_pair(target, source)
        return to_vectors(dis.calc(grey_target, grey_source, no_motion(grey_target)), target)


@dataclass(frozen=True)
class Farneback(Classic):
    """Polynomial expansion (Farnebäck 2003): smooth, and blind to sharp motion boundaries.

    window: side in pixels of the area over which motion is averaged.
    """

    name: str = "farneback"
    window: int = 15

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        grey_target, grey_source = grey_pair(target, source)
        flow = cv2.calcOpticalFlowFarneback(
            grey_target,
            grey_source,
            no_motion(grey_target),
            pyr_scale=0.5,
            levels=5,
            winsize=self.window,
            iterations=3,
            poly_n=7,
            poly_sigma=1.5,
            flags=0,
        )
        return to_vectors(flow, target)


@dataclass(frozen=True)
class DeepFlow(Classic):
    """The variational part of DeepFlow (Weinzaepfel et al. 2013), without its deep matching."""

    contrib: ClassVar[str | None] = "optflow"
    name: str = "deepflow"

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        estimator = contrib("optflow").createOptFlow_DeepFlow()
        grey_target, grey_source = grey_pair(target, source)
        return to_vectors(estimator.calc(grey_target, grey_source, no_motion(grey_target)), target)


@dataclass(frozen=True)
class TVL1(Classic):
    """Total variation with an L1 data term (Zach, Pock & Bischof 2007): sharp at motion boundaries, slow.

    smoothness: λ, the weight of the data term; smaller is smoother.
    """

    contrib: ClassVar[str | None] = "optflow"
    name: str = "tvl1"
    smoothness: float = 0.15

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        estimator = contrib("optflow").DualTVL1OpticalFlow.create(lambda_=self.smoothness)
        grey_target, grey_source = grey_pair(target, source)
        return to_vectors(estimator.calc(grey_target, grey_source, no_motion(grey_target)), target)


@dataclass(frozen=True)
class NoFlow(Classic):
    """Nothing moves: what each part of the temporal machinery adds is measured against it."""

    name: str = "none"

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        return np.zeros((2, *target.shape[1:]), np.float32)
