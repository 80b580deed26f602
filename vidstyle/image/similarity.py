"""Similarity transforms: found from landmarks, and applied to a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vidstyle.image.resize import resize
from vidstyle.image.warp import warp


@dataclass(frozen=True)
class Similarity:
    """p -> scale·R(angle)·p + (x, y), in pixels from the centre of the first pixel, y downwards.

    angle: radians, from x towards y.
    """

    scale: float
    angle: float
    x: float
    y: float

    @property
    def matrix(self) -> np.ndarray:
        """float64 (2, 3): [scale·R | t]."""
        cos, sin = self.scale * math.cos(self.angle), self.scale * math.sin(self.angle)
        return np.array([[cos, -sin, self.x], [sin, cos, self.y]])

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Points float (N, 2), (x, y), to where they come to lie."""
        result: np.ndarray = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return result


def estimate_similarity(source: np.ndarray, target: np.ndarray) -> Similarity:
    """The similarity that brings landmarks nearest to others in least squares (Umeyama 1991), never a mirror.

    source, target: (N, 2), (x, y) in pixels, N >= 2, in the same order.

    R = U S Vᵀ of the covariance Σ = U D Vᵀ, scale = tr(D S) / σ², t = μ_t − scale·R·μ_s. Raises ValueError
    for points that are too few or all in one place.
    """
    source, target = np.asarray(source, float), np.asarray(target, float)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2 or len(source) < 2:
        raise ValueError(f"landmarks must be two (N, 2), N >= 2, not {source.shape} and {target.shape}")
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    spread = float(((source - source_mean) ** 2).sum(axis=1).mean())
    if spread < 1e-12:
        raise ValueError("landmarks must not all lie in one place")
    covariance = (target - target_mean).T @ (source - source_mean) / len(source)
    left, values, right = np.linalg.svd(covariance)
    signs = np.array([1.0, math.copysign(1.0, np.linalg.det(left) * np.linalg.det(right))])
    rotation = left * signs @ right
    scale = float(values @ signs) / spread
    x, y = target_mean - scale * rotation @ source_mean
    return Similarity(scale, math.atan2(rotation[1, 0], rotation[0, 0]), float(x), float(y))


def apply_similarity(image: Tensor, transform: Similarity, size: tuple[int, int]) -> Tensor:
    """`image` float32 (C, H, W) as `transform` lays it on a picture of `size`, (height, width).

    Where it does not reach (see `covered`) it is continued by its border. Shrunk without aliasing.
    """
    small = min(1.0, transform.scale)
    height, width = (max(1, round(side * small)) for side in image.shape[1:])
    x, y = _places(transform, size)
    # Pixel centres: the picture's corner, not its first pixel's centre, keeps its place when it shrinks.
    x = (x + 0.5) * (width / image.shape[2]) - 0.5 - torch.arange(size[1])
    y = (y + 0.5) * (height / image.shape[1]) - 0.5 - torch.arange(size[0])[:, None]
    flow = torch.stack([x, y]).float().to(image.device)
    return warp(resize(image, (height, width)), flow, "bicubic")


def covered(picture: tuple[int, int], transform: Similarity, size: tuple[int, int]) -> Tensor:
    """bool (1, *size): where a picture (height, width) comes to lie, once `transform` is applied."""
    x, y = _places(transform, size)
    inside = (x >= -0.5) & (x <= picture[1] - 0.5) & (y >= -0.5) & (y <= picture[0] - 0.5)
    return inside[None]


def _places(transform: Similarity, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Where each pixel of a picture of `size` comes from: x and y, float64 (height, width)."""
    inverse = np.linalg.inv(np.vstack([transform.matrix, [0, 0, 1]]))
    columns = torch.arange(size[1], dtype=torch.float64)
    rows = torch.arange(size[0], dtype=torch.float64)[:, None]
    x, y = (float(a) * columns + float(b) * rows + float(c) for a, b, c in inverse[:2])
    return x, y
