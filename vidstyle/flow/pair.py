"""The flow between two frames, and how far it can be trusted."""

from __future__ import annotations

import numpy as np

from vidstyle.flow.consistency import reliability
from vidstyle.flow.estimators import FlowEstimator
from vidstyle.types import Flow, Frame


def flow_between(target: Frame, source: Frame, estimator: FlowEstimator) -> tuple[Flow, np.ndarray]:
    """Where each pixel of `target` was in `source`, and how surely it was there.

    target, source: frames of one size.

    Returns the flow on the target's grid, ready to warp `source` (or its painting) into `target`, and its
    weight, float32 (1, H, W) in [0, 1]: 0 where the source does not show the surface. The reverse flow, which
    is estimated as well, judges it.
    """
    vectors = estimator(target.pixels, source.pixels)
    reverse = estimator(source.pixels, target.pixels)
    return Flow(vectors, source=source.index, target=target.index), reliability(vectors, reverse)
