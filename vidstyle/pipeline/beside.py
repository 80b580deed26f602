"""Pictures that a run writes beside its result."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vidstyle.pipeline.plan import Plan
from vidstyle.video.pictures import to_depth, write_picture


def write_beside(plan: Plan, path: Path, pixels: np.ndarray, alpha: np.ndarray | None) -> None:
    """Write uint16 (3, H, W) pixels, alpha (1, H, W), at the depth of the result, whole or not at all."""
    depth = plan.encode.bit_depth or 8
    write_picture(path, to_depth(pixels, depth), None if alpha is None else to_depth(alpha, depth))
