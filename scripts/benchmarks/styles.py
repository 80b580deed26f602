"""Style pictures at the edges of what people bring: flat, dotted, pencilled, very dark, very bright."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Picture = NDArray[np.float32]  # (H, W, 3) RGB in [0, 1]
SIDE = 512


def _smooth(rng: np.random.Generator, sigma: float) -> NDArray[np.float32]:
    """A field of mean 0 and deviation 1, smooth over `sigma` pixels, (SIDE, SIDE)."""
    field = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)).astype(np.float32), (0, 0), sigma)
    return ((field - field.mean()) / field.std()).astype(np.float32)


def flat(rng: np.random.Generator) -> Picture:
    """A poster: overlapping shapes in six plain colours."""
    colours = np.array(
        [[232, 74, 59], [250, 200, 70], [29, 53, 87], [240, 236, 220], [42, 157, 143], [90, 40, 90]]
    )
    canvas = np.full((SIDE, SIDE, 3), colours[3] / 255, np.float32)
    for _ in range(60):
        colour = (colours[rng.integers(6)] / 255).tolist()
        centre = rng.integers(0, SIDE, 2)
        if rng.random() < 0.5:
            cv2.circle(canvas, centre.tolist(), int(rng.integers(20, 90)), colour, -1, cv2.LINE_AA)
        else:
            corners = centre + rng.integers(-90, 90, (3, 2))
            cv2.fillPoly(canvas, [corners.astype(np.int32)], colour, cv2.LINE_AA)
    return canvas


def dots(rng: np.random.Generator) -> Picture:
    """A pointillist meadow: small round touches of colours that differ from touch to touch."""
    canvas = np.full((SIDE, SIDE, 3), (0.93, 0.9, 0.8), np.float32)
    warm = _smooth(rng, 40)
    for x, y in rng.integers(0, SIDE, (14000, 2)):
        base = np.array((0.85, 0.62, 0.25)) if warm[y, x] > 0 else np.array((0.2, 0.42, 0.68))
        colour = np.clip(base + rng.normal(0, 0.16, 3), 0, 1).tolist()
        cv2.circle(canvas, (int(x), int(y)), int(rng.integers(3, 6)), colour, -1, cv2.LINE_AA)
    return canvas


def pencil(rng: np.random.Generator) -> Picture:
    """Pencil hatching on white paper: most of it bare."""
    canvas = np.full((SIDE, SIDE, 3), 0.97, np.float32)
    shade, turn = _smooth(rng, 30), _smooth(rng, 60)
    for x, y in rng.integers(0, SIDE, (5200, 2)):
        if shade[y, x] < 0.35:
            continue
        angle, length = 0.8 + 0.6 * turn[y, x], rng.uniform(12, 34)
        step = length * np.array((np.cos(angle), np.sin(angle)))
        grey = float(rng.uniform(0.25, 0.7))
        end = (int(x + step[0]), int(y + step[1]))
        cv2.line(canvas, (int(x), int(y)), end, (grey, grey, grey), 1, cv2.LINE_AA)
    return canvas


def _strokes(rng: np.random.Generator, low: float, high: float, tints: NDArray[np.float64]) -> Picture:
    """Broad strokes along a flowing field, their brightness between `low` and `high`."""
    canvas = np.full((SIDE, SIDE, 3), (low + high) / 2, np.float32)
    turn, light = _smooth(rng, 50), _smooth(rng, 35)
    for x, y in rng.integers(0, SIDE, (5000, 2)):
        angle = 2.2 * turn[y, x]
        step = rng.uniform(14, 36) * np.array((np.cos(angle), np.sin(angle)))
        level = low + (high - low) / (1 + np.exp(-1.6 * light[y, x] - rng.normal(0, 0.5)))
        colour = np.clip(level * tints[rng.integers(len(tints))], 0, 1).tolist()
        end = (int(x + step[0]), int(y + step[1]))
        cv2.line(canvas, (int(x), int(y)), end, colour, int(rng.integers(3, 8)), cv2.LINE_AA)
    return canvas


def dark(rng: np.random.Generator) -> Picture:
    """Night: strokes that hardly leave black."""
    return _strokes(rng, 0.01, 0.2, np.array([[0.7, 0.8, 1.3], [1.2, 0.9, 0.6], [0.8, 1.0, 0.9]]))


def bright(rng: np.random.Generator) -> Picture:
    """Snow: strokes that hardly leave white."""
    return _strokes(rng, 0.78, 1.0, np.array([[1.0, 0.97, 0.92], [0.93, 0.97, 1.02], [1.0, 0.94, 0.95]]))


DRAWN: dict[str, Callable[[np.random.Generator], Picture]] = {
    "flat": flat,
    "dots": dots,
    "pencil": pencil,
    "dark": dark,
    "bright": bright,
}


def drawn(name: str) -> Tensor:
    """The style picture of that name, float32 (3, 512, 512) in [0, 1]; always the same."""
    picture = DRAWN[name](np.random.default_rng(sum(name.encode())))
    return torch.from_numpy(np.clip(picture, 0, 1)).permute(2, 0, 1).contiguous()
