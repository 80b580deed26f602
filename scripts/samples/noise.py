"""Seeded noise of every kind that the pictures need."""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F

TABLE = 1024  # texels on a side of the tileable table
PERIODS = 64  # noise features along a side of the table


class Noise:
    """Band-limited, isotropic, tileable noise, looked up at any point of a plane.

    A table of white noise, filtered to a ring of frequencies, has no grid direction that shows, unlike
    value or gradient noise on a lattice.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        frequency = np.fft.fftfreq(TABLE) * TABLE
        radius = np.hypot(frequency[:, None], frequency[None, :])
        ring = np.exp(-(((radius - PERIODS) / (0.3 * PERIODS)) ** 2))
        table = np.fft.ifft2(np.fft.fft2(rng.standard_normal((TABLE, TABLE))) * ring).real
        table = np.pad(table / table.std(), 2, mode="wrap").astype(np.float32)
        self.table = torch.from_numpy(table)[None, None]

    def __call__(self, x: np.ndarray, y: np.ndarray, smooth: bool = False) -> np.ndarray:
        """Noise of deviation 1 at points (x, y), whose features are about one unit apart.

        smooth: bicubic, so that slopes are continuous where a feature spans many samples.
        """
        grid = np.empty((x.size, 2), np.float32)
        for axis, place in enumerate((x, y)):
            turns = (place * np.float32(1 / PERIODS)).ravel()
            np.subtract(turns, np.floor(turns), out=turns)
            grid[:, axis] = turns * (2 * TABLE / (TABLE + 4)) + (5 / (TABLE + 4) - 1)
        mode = "bicubic" if smooth else "bilinear"
        values = F.grid_sample(
            self.table, torch.from_numpy(grid)[None, None], mode, "border", align_corners=False
        )
        return values.reshape(x.shape).numpy()

    def fbm(
        self,
        x: np.ndarray,
        y: np.ndarray,
        octaves: int,
        gain: float = 0.5,
        smooth: int = 0,
        ridged: bool = False,
    ) -> np.ndarray:
        """Octaves of noise added up; each is turned and shifted so that none lines up with another.

        smooth: how many of the coarse octaves are bicubic. ridged: sharp crests, as on mountains.
        """
        total = np.zeros(x.shape, np.float32)
        amplitude, weight = 1.0, np.ones(x.shape, np.float32)
        for octave in range(octaves):
            value = self(x, y, smooth=octave < smooth)
            if ridged:
                value = 1 - np.sqrt(value**2 + 0.004)
                total += amplitude * value * weight
                weight = np.clip(0.6 + 0.4 * value, 0, 1)
            else:
                total += amplitude * value
            amplitude *= gain
            x, y = 1.6 * x - 1.2 * y + 17.3, 1.2 * x + 1.6 * y - 9.1
        return total


def cloth(shape: tuple[int, int], seed: int, size: float, octaves: int = 5, gain: float = 0.5) -> np.ndarray:
    """fBm over a picture of `shape` (H, W); `size` is the coarsest feature in pixels."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return Noise(seed).fbm(x / size, y / size, octaves, gain, smooth=octaves)


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between; `low` may be the larger."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours (..., 3) blended with a weight (...)."""
    return a + (b - a) * np.asarray(weight)[..., None]


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)


def colour(code: str) -> np.ndarray:
    """sRGB (3,) in [0, 1] of a colour written #rrggbb."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255


def linear(code: str) -> np.ndarray:
    """Linear light of a colour written #rrggbb."""
    value = colour(code)
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def srgb(light: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] of linear light."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)
