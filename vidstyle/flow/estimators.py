"""Optical flow estimators: where each pixel of one frame was in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from vidstyle.image.convert import reduce_to_uint8


class FlowEstimator(Protocol):
    """Estimates flow between two frames of one size; the same frames give the same flow, on any thread."""

    @property
    def name(self) -> str: ...

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Where each pixel of `target` was in `source`.

        target, source: uint8 or uint16 (3, H, W), RGB, of any size from 1x1.

        Returns float32 (2, H, W), (dx, dy) in pixels, finite: target[y, x] shows what
        source[y + dy, x + dx] shows.
        """
        ...


@dataclass(frozen=True, slots=True)
class DISFlow:
    """Dense inverse search (Kroeger et al. 2016) with variational refinement, on grey values.

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
        grey_target, grey_source = _grey_pair(target, source)
        return _to_vectors(dis.calc(grey_target, grey_source, _no_motion(grey_target)), target)


@dataclass(frozen=True, slots=True)
class Farneback:
    """Polynomial expansion (Farnebäck 2003), on grey values: smooth, and blind to sharp motion boundaries.

    window: side in pixels of the area over which motion is averaged.
    """

    name: str = "farneback"
    window: int = 15

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        grey_target, grey_source = _grey_pair(target, source)
        flow = cv2.calcOpticalFlowFarneback(
            grey_target,
            grey_source,
            _no_motion(grey_target),
            pyr_scale=0.5,
            levels=5,
            winsize=self.window,
            iterations=3,
            poly_n=7,
            poly_sigma=1.5,
            flags=0,
        )
        return _to_vectors(flow, target)


ESTIMATORS: dict[str, FlowEstimator] = {
    estimator.name: estimator
    for estimator in (
        DISFlow(),
        DISFlow("dis-fast", finest_scale=1, patch_stride=3, refinement_steps=5, smoothness=20.0),
        Farneback(),
    )
}

# Below this, OpenCV's pyramids have no level to work on.
LEAST_SIDE = 32


def _grey_pair(target: np.ndarray, source: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (h, w) each, the last row and column repeated where a side is under LEAST_SIDE pixels."""
    if target.ndim != 3 or target.shape[0] != 3 or target.shape != source.shape or 0 in target.shape:
        raise ValueError(f"target and source must both be (3, H, W), not {target.shape} and {source.shape}")
    return _grey(target), _grey(source)


def _grey(pixels: np.ndarray) -> np.ndarray:
    rgb = np.ascontiguousarray(reduce_to_uint8(pixels).transpose(1, 2, 0))
    below, beside = (max(0, LEAST_SIDE - side) for side in rgb.shape[:2])
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.copyMakeBorder(grey, 0, below, 0, beside, cv2.BORDER_REPLICATE))


def _no_motion(grey: np.ndarray) -> np.ndarray:
    return np.zeros((*grey.shape, 2), np.float32)


def _to_vectors(flow: np.ndarray, target: np.ndarray) -> np.ndarray:
    """OpenCV's (h, w, 2) as (2, H, W), without the padding."""
    _, height, width = target.shape
    return np.ascontiguousarray(flow[:height, :width].transpose(2, 0, 1), dtype=np.float32)
