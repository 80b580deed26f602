"""Sparse matches, made dense along the picture's edges (after EpicFlow, Revaud et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import ClassVar

import cv2
import numpy as np
import torch

from vidstyle.flow.classic import Classic, DISFlow
from vidstyle.flow.grey import colour_pair, contrib, grey_pair, to_vectors
from vidstyle.image.warp import in_frame, warp

_MOST_MATCHES = 32_000  # OpenCV counts them with 16 bits
_LEAST_MATCHES = 16
_STILL = 1e-3  # pixels


@dataclass(frozen=True)
class EpicFlow(Classic):
    """Matches that agree forward and backward, interpolated by affine motion, never across an edge.

    Three departures from the paper: the matches are those of dense inverse search, not of deep matching;
    edges are the colour's gradients, not learned ones; RANSAC chooses what each affine motion is fitted to.

    stride: pixels between the matches; in large pictures as many more as keep them below OpenCV's limit.
    disagreement: pixels by which a match may miss its starting point on the way back.
    neighbours: how many matches, by their distance along the picture, an affine motion is fitted to.
    smoothness: α of the variational refinement at the end.
    """

    contrib: ClassVar[str | None] = "ximgproc"
    name: str = "epic"
    stride: int = 4
    disagreement: float = 0.5
    neighbours: int = 64
    smoothness: float = 60.0
    matcher: DISFlow = field(default_factory=DISFlow)

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        colour_target, colour_source = colour_pair(target, source)
        planes = colour_target.transpose(2, 0, 1), colour_source.transpose(2, 0, 1)
        forward, backward = self.matcher(*planes), self.matcher(*planes[::-1])
        points = self._agreeing(forward, backward)
        if len(points) < _LEAST_MATCHES:
            return to_vectors(forward.transpose(1, 2, 0), target)
        columns, rows = points.T
        ends = points + forward[:, rows, columns].T
        interpolator = contrib("ximgproc").createEdgeAwareInterpolator()
        interpolator.setK(min(self.neighbours, len(points)))
        # Its own smoothing gives other last bits with another number of threads; the refinement smooths, too.
        interpolator.setUsePostProcessing(False)
        flow = interpolator.interpolate(
            colour_target, points.astype(np.float32), colour_source, ends.astype(np.float32)
        )
        # Where neighbours agree to the last bit it takes none of them for an inlier, and says: no motion.
        nothing = (np.abs(flow) < _STILL).all(axis=2)
        flow[nothing] = forward.transpose(1, 2, 0)[nothing]
        refinement = cv2.VariationalRefinement.create()
        refinement.setAlpha(self.smoothness)
        return to_vectors(refinement.calc(*grey_pair(target, source), flow), target)

    def _agreeing(self, forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
        """The (x, y) of the matches that lead back to where they began, int (N, 2)."""
        height, width = forward.shape[1:]
        stride = max(self.stride, ceil(sqrt(height * width / _MOST_MATCHES)))
        vectors = torch.from_numpy(forward)
        back = warp(torch.from_numpy(backward), vectors).numpy()
        agree = np.square(forward + back).sum(0) < self.disagreement**2
        agree &= in_frame(vectors, (height, width))[0].numpy()
        rows, columns = np.nonzero(agree[stride // 2 :: stride, stride // 2 :: stride])
        return np.stack([columns, rows], axis=1) * stride + stride // 2
