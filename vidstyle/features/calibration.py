"""Pictures on which features are normalised: generated, so that nothing has to be fetched."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def pictures(count: int = 8, size: int = 192, seed: int = 19) -> list[Tensor]:
    """Dead-leaves pictures: discs of power-law sizes in random colours, over each other, with shading.

    They share the edge and scale statistics of photographs (Lee, Mumford & Huang 2001). Returns `count`
    tensors float32 (1, 3, size, size) in [0, 1], the same for the same seed.
    """
    rng = np.random.default_rng(seed)
    return [torch.from_numpy(_dead_leaves(rng, size))[None] for _ in range(count)]


def _dead_leaves(rng: np.random.Generator, size: int) -> np.ndarray:
    y, x = np.mgrid[:size, :size].astype(np.float32)
    picture = np.empty((3, size, size), np.float32)
    open_pixels = np.ones((size, size), bool)
    # Front to back: a pixel belongs to the first leaf that covers it.
    for _ in range(4000):
        radius = 4.0 * rng.uniform(0.0005, 1.0) ** -0.5
        centre_x, centre_y = rng.uniform(-radius, size + radius, 2)
        leaf = open_pixels & ((x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2)
        if not leaf.any():
            continue
        angle = rng.uniform(0, 2 * np.pi)
        ramp = ((x - centre_x) * np.cos(angle) + (y - centre_y) * np.sin(angle)) / radius
        shade = 1 + rng.uniform(0, 0.4) * ramp + rng.normal(0, rng.uniform(0, 0.15), ramp.shape)
        colour = rng.beta(1.2, 1.2, 3)[:, None]
        picture[:, leaf] = colour * shade[leaf][None]
        open_pixels &= ~leaf
        if not open_pixels.any():
            break
    picture[:, open_pixels] = 0.5
    return np.clip(picture, 0, 1).astype(np.float32)
