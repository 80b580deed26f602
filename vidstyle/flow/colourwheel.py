"""Flow as a picture: the colour wheel of the Middlebury benchmark (Baker et al. 2007)."""

from __future__ import annotations

import numpy as np

# From each hue to the next, and in how many steps: more where the eye tells hues apart better.
_ARCS = (
    ((255, 0, 0), (255, 255, 0), 15),
    ((255, 255, 0), (0, 255, 0), 6),
    ((0, 255, 0), (0, 255, 255), 4),
    ((0, 255, 255), (0, 0, 255), 11),
    ((0, 0, 255), (255, 0, 255), 13),
    ((255, 0, 255), (255, 0, 0), 6),
)
_UNKNOWN = 1e9  # Middlebury's mark of a vector that is not known
_BEYOND = 0.75  # vectors longer than the wheel's radius are this dark
_LEAST_RADIUS = 1.0  # pixels; below it a still picture would show nothing but the estimator's trembling


def colours(vectors: np.ndarray, radius: float) -> np.ndarray:
    """A flow in colours: hue for direction, saturation for length; no motion is white.

    vectors: float32 (2, H, W), (dx, dy) in pixels.
    radius: length in pixels of what is fully saturated; what is longer is darker.

    Returns uint8 (3, H, W), RGB: red to the right, yellow down, cyan to the left, violet up. Vectors
    that are not known (not a number, or beyond 1e9) are black.
    """
    if vectors.ndim != 3 or vectors.shape[0] != 2:
        raise ValueError(f"vectors must be (2, H, W), not {vectors.shape}")
    if not radius > 0:
        raise ValueError(f"radius must be above 0, not {radius}")
    known = _known(vectors)
    x, y = np.where(known, vectors, 0).astype(np.float64) / radius
    length = np.hypot(x, y)[..., None]
    wheel = _wheel()
    # Zeros are made positive: the angle of -0.0 is that of the other end of the wheel.
    place = (np.arctan2(-(y + 0.0), -(x + 0.0)) / np.pi + 1) / 2 * (len(wheel) - 1)
    before = np.floor(place).astype(int)
    hue = _mix(wheel[before], wheel[(before + 1) % len(wheel)], (place - before)[..., None])
    colour = np.where(length <= 1, _mix(np.ones(3), hue, np.minimum(length, 1)), _BEYOND * hue)
    return np.ascontiguousarray(np.floor(255 * colour * known[..., None]).astype(np.uint8).transpose(2, 0, 1))


def radius_for(vectors: np.ndarray) -> float:
    """A radius in pixels that suits a flow, float32 (2, H, W): one vector in two hundred is longer.

    Middlebury's own program takes the longest, so that one wild vector makes all others pale.
    """
    lengths = np.hypot(*vectors[:, _known(vectors)].astype(np.float64))
    return max(_LEAST_RADIUS, float(np.percentile(lengths, 99.5)) if lengths.size else 0.0)


def _known(vectors: np.ndarray) -> np.ndarray:
    return np.asarray((np.abs(vectors) < _UNKNOWN).all(0))  # false for "not a number"


def _wheel() -> np.ndarray:
    """The 55 hues, float64 (55, 3), RGB in [0, 1]; whole 8-bit levels, as in Middlebury's program."""
    arcs = []
    for start, end, steps in _ARCS:
        share = np.arange(steps)[:, None] / steps
        rising = np.array(end) >= np.array(start)
        moved = np.floor(255 * share)
        arcs.append(np.where(np.array(start) == end, start, np.where(rising, moved, 255 - moved)))
    return np.concatenate(arcs) / 255


def _mix(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.asarray((1 - share) * start + share * end)
