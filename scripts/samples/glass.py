"""glass.jpg: a stained-glass window, the sun over a river among hills, with a tree.

Lengths in the composition are in widths of the picture: x 0 to 1, y 0 (top) to 0.75.
"""

from __future__ import annotations

import cv2
import numpy as np

from samples.noise import Noise, blur, cloth, colour, mix, smoothstep

SIZE = (960, 1280)  # made at twice the size at which it is delivered
SUN = (0.56, 0.30)
FRAME = 0.035  # width of the border


def glass() -> np.ndarray:
    """float32 (480, 640, 3), sRGB."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32) / SIZE[1]
    pieces, tones = _design(x, y)
    light = _panes(pieces, tones, x, y)
    picture = _leaded(light, pieces)
    return cv2.resize(picture, (SIZE[1] // 2, SIZE[0] // 2), interpolation=cv2.INTER_AREA)


class _Window:
    """Pieces cut so far: `number` (H, W) says which piece each point belongs to, `tones` its colour."""

    def __init__(self) -> None:
        self.number = np.zeros(SIZE, np.int64)
        self.tones = np.zeros((*SIZE, 3), np.float32)
        self.used = 1
        self.rng = np.random.default_rng(21)

    def cut(
        self, where: np.ndarray, cells: np.ndarray, palette: tuple[str, ...], level: np.ndarray | None
    ) -> None:
        """Fill `where` with pieces, one for each value of `cells`; `level` 0 to 1 picks along the palette."""
        names, index = np.unique(cells[where], return_inverse=True)
        steps = np.stack([colour(tone) for tone in palette])
        if level is None:
            place = self.rng.uniform(0, len(palette) - 1, len(names))
        else:
            share = np.bincount(index, level[where]) / np.bincount(index)
            place = np.clip(share + self.rng.normal(0, 0.07, len(names)), 0, 1) * (len(palette) - 1)
        low = np.minimum(place.astype(int), len(palette) - 2)
        tones = mix(steps[low], steps[low + 1], place - low)
        tones = np.clip(tones * self.rng.normal(1, 0.08, (len(names), 1)), 0, 1)
        self.number[where] = self.used + index
        self.tones[where] = tones[index]
        self.used += len(names)


def _shards(x: np.ndarray, y: np.ndarray, count: int, seed: int, stretch: float = 1.0) -> np.ndarray:
    """Voronoi cells of evenly spread points; stretch > 1 makes them wide."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.05, 1.05, (count, 2)) * (1, 0.8)
    for _ in range(4):  # Lloyd's relaxation, on a coarse grid
        grid = np.stack([x[::12, ::12].ravel(), y[::12, ::12].ravel()], -1)
        nearest = np.argmin(((grid[:, None] - points) ** 2 * (1, stretch**2)).sum(-1), 1)
        members = np.maximum(np.bincount(nearest, minlength=count), 1)[:, None]
        centre = np.stack([np.bincount(nearest, grid[:, axis], count) for axis in (0, 1)], -1) / members
        points = np.where(centre.any(1, keepdims=True), 0.4 * points + 0.6 * centre, points)
    best, cells = np.full(SIZE, np.inf, np.float32), np.zeros(SIZE, np.int64)
    for index, (px, py) in enumerate(points):
        away = (x - px) ** 2 + ((y - py) * stretch) ** 2
        nearer = away < best
        best[nearer], cells[nearer] = away[nearer], index
    return cells


def _design(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    window, noise = _Window(), Noise(3)
    away, turn = np.hypot(x - SUN[0], y - SUN[1]), np.arctan2(y - SUN[1], x - SUN[0])
    bend = turn + 0.9 * np.sqrt(away)  # rays that curl
    ring = np.digitize(away, (0.062, 0.105, 0.165, 0.235, 0.315, 0.41, 0.52, 0.64))
    sectors = np.array([1, 12, 12, 24, 24, 36, 36, 48, 48])[ring]
    sector = np.floor((bend / (2 * np.pi) + 0.5 * (ring % 2) / sectors) * sectors % sectors)
    everywhere = np.ones(SIZE, bool)
    sky = ("#ffd65a", "#ff9d2e", "#f0583a", "#c43a6b", "#6b3fa0", "#2c4fb5", "#1c3a8c", "#142a66")
    window.cut(everywhere, ring * 100 + sector, sky, np.clip((away - 0.05) / 0.55, 0, 1))
    petal = away < 0.105 + 0.03 * np.abs(np.cos(6 * turn)) ** 0.7
    window.cut(petal, np.floor(turn / (2 * np.pi) * 12 + 0.25) + 50 * (away > 0.062), ("#ffef9e", "#ffc832", "#ff8f1f"),
               np.clip(away / 0.13, 0, 1))  # fmt: skip
    window.cut(away < 0.062, np.floor(turn / (2 * np.pi) * 6), ("#fff6c9", "#ffe680"), None)
    ridges = (
        (
            0.405 + 0.035 * np.sin(8 * x + 0.6) + 0.012 * np.sin(21 * x),
            ("#5a4a9c", "#7a62b8", "#3a5aa8"),
            0.085,
        ),
        (0.455 + 0.04 * np.sin(5.5 * x + 2.4), ("#1f7a7a", "#2f9c8a", "#1c5f86"), 0.1),
        (0.525 + 0.035 * np.sin(4.6 * x + 4.2), ("#2f8a3c", "#7ab53a", "#1f6a46"), 0.11),
    )
    for number, (ridge, palette, wide) in enumerate(ridges):
        depth = y - ridge
        furrow = np.clip(depth + 0.012 * np.sin(13 * x + 2 * number), 0, 1)
        row = np.floor((furrow / 0.034) ** 0.85)
        column = np.floor((x + wide * np.sin(2.4 * row + number) + (1.6, -1.4, 2.2)[number] * depth) / wide)
        window.cut(depth > 0, number * 10000 + row * 100 + column, palette, None)
    bend = 0.60 + 0.13 * np.sin(9.5 * y - 4.9) * smoothstep(0.47, 0.62, y)
    half = 0.006 + 0.5 * np.clip(y - 0.47, 0, 1) ** 1.15
    across = (x - bend) / half
    flow = np.floor((y + 0.012 * np.sin(across * 3)) / 0.03) * 10 + np.floor(
        across * 1.2 + 0.5 * np.sin(40 * y)
    )
    water = ("#0f3f8f", "#1f7fc4", "#5fc4dc", "#d8f2e6")
    window.cut(
        (np.abs(across) < 1) & (y > 0.47), flow, water, 0.55 - 0.5 * np.abs(across) + 0.3 * np.sin(90 * y)
    )
    _tree(window, x, y, noise)
    border = (x < FRAME) | (x > 1 - FRAME) | (y < FRAME) | (y > 0.75 - FRAME)
    brick = np.where(
        (x < FRAME) | (x > 1 - FRAME),
        1000 + np.floor(y / 0.0625) + 100 * (x > 0.5),
        np.floor(x / 0.0667) + 500 * (y > 0.4),
    )
    window.cut(border, brick, ("#8c1c2c", "#1c4f8c", "#c4872a", "#1f6b4a"), None)
    corner = (np.minimum(x, 1 - x) < FRAME) & (np.minimum(y, 0.75 - y) < FRAME)
    window.cut(corner, (x > 0.5) + 2.0 * (y > 0.4), ("#ffd65a", "#ffb52e"), None)
    return window.number, window.tones


def _tree(window: _Window, x: np.ndarray, y: np.ndarray, noise: Noise) -> None:
    trunk = 0.185 + 0.02 * np.sin(9 * y)
    half = 0.014 + 0.06 * np.clip(y - 0.6, 0, 1) ** 1.3 + 0.004 * np.sin(30 * y)
    bark = (np.abs(x - trunk) < half) & (y > 0.33)
    for rise, lean in ((0.36, 0.55), (0.42, -0.6), (0.33, -0.2)):
        branch = trunk + (rise + 0.09 - y) * lean
        bark |= (np.abs(x - branch) < 0.008) & (y < rise + 0.09) & (y > 0.2)
    crown = np.hypot((x - 0.195) / 0.165, (y - 0.225) / 0.165) + 0.09 * noise(x * 11, y * 11)
    leaves = (crown < 1) & ~(bark & (crown > 0.55) & (y > 0.24))
    window.cut(bark, np.floor(y / 0.055), ("#5a2f1f", "#8c5230", "#3f2330"), None)
    autumn = ("#f7c531", "#f0882a", "#d9452a", "#a8243a", "#7a1f4f")
    window.cut(leaves, _shards(x, y, 420, 8), autumn, np.clip(0.5 + 1.6 * (y - 0.2) - 1.2 * (x - 0.2), 0, 1))
    flowers = _shards(x, y, 520, 9, 1.4)
    meadow = (y > 0.665 + 0.02 * np.sin(12 * x)) & (np.abs(x - 0.62) > 0.2) & (np.abs(x - trunk) > half)
    window.cut(meadow, flowers, ("#1f6a3a", "#e0426a", "#f7d04a", "#3f9c4a", "#f2efe0", "#2f7a5a"), None)


def _panes(pieces: np.ndarray, tones: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Light through each piece: uneven melt, streaks in a direction of its own, bubbles, brighter amid."""
    rng = np.random.default_rng(2)
    count = pieces.max() + 1
    angle, shift = rng.uniform(0, np.pi, count)[pieces], rng.uniform(0, 50, count)[pieces]
    noise = Noise(14)
    along = np.cos(angle) * x + np.sin(angle) * y
    across = np.cos(angle) * y - np.sin(angle) * x
    streaks = noise.fbm(along * 9 + shift, across * 55 + shift, 4, 0.6)
    melt = cloth(SIZE, 31, 110, 4)
    area = np.bincount(pieces.ravel(), minlength=count)
    centre = np.stack(
        [np.bincount(pieces.ravel(), axis.ravel(), count) / np.maximum(area, 1) for axis in (along, x, y)]
    )
    tilt = (along - centre[0][pieces]) / (np.sqrt(area / SIZE[1] ** 2)[pieces] + 1e-6)
    strength = 1 + 0.085 * streaks + 0.08 * melt + 0.28 * np.clip(tilt, -1, 1)
    bubbles = smoothstep(2.1, 2.6, noise(x * 190 + shift, y * 190)) - smoothstep(
        2.3, 2.8, noise(x * 190 + shift, y * 190 - 0.2)
    )
    strength += 0.35 * bubbles
    hue = tones * np.exp(0.09 * melt[..., None] * np.array((1.0, -0.2, -1.0), np.float32))
    return (np.clip(hue, 0, 1) ** 1.1 * np.clip(1.12 * strength, 0.3, 1.7)[..., None]).astype(np.float32)


def _leaded(light: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    """Lead strips over the joints, shaded round and gleaming, and the glow that spills over them."""
    joint = np.zeros(SIZE, bool)
    joint[:, 1:] |= pieces[:, 1:] != pieces[:, :-1]
    joint[1:] |= pieces[1:] != pieces[:-1]
    away = cv2.distanceTransform((~joint).astype(np.uint8), cv2.DIST_L2, 5)
    width = 4.3 + 0.6 * cloth(SIZE, 41, 60, 3)
    lead = smoothstep(width + 0.8, width - 0.8, away)
    light = light * (0.62 + 0.38 * smoothstep(4, 22, away))[..., None]
    round_ = blur(np.sqrt(np.clip(1 - (away / 6) ** 2, 0, 1)), 1.2)
    gleam = np.clip(-np.gradient(round_, axis=0) - np.gradient(round_, axis=1), -1, 1)
    strip = 0.085 + 0.16 * np.clip(gleam * 3, -0.4, 1) + 0.02 * cloth(SIZE, 42, 5, 2)
    picture = mix(light, strip[..., None] * np.array((0.95, 1.0, 1.08), np.float32), lead)
    glow = blur(light * (1 - lead)[..., None], 7) * 0.14 + blur(light * (1 - lead)[..., None], 40) * 0.2
    return np.clip(1 - (1 - np.clip(picture, 0, 1)) * (1 - glow), 0, 1).astype(np.float32)
