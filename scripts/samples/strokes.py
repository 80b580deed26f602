"""strokes.jpg: a village under a whirling evening sky, in thick brush strokes of oil that the light catches.

Lengths in the composition are in widths of the picture: x 0 to 1, y 0 (top) to 0.75.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from samples.noise import blur, cloth, colour, mix, smoothstep

SIZE = (960, 1280)  # painted at twice the size at which it is delivered
WHIRLS = ((0.40, 0.22, 0.085, 1.0), (0.60, 0.29, 0.055, -1.0), (0.17, 0.10, 0.05, -1.0))  # x, y, size, sense
LAMPS = ((0.84, 0.14, 0.062), (0.62, 0.09, 0.026), (0.29, 0.36, 0.022), (0.33, 0.07, 0.02), (0.47, 0.40, 0.018),
         (0.72, 0.22, 0.02), (0.93, 0.33, 0.022), (0.05, 0.25, 0.022))  # moon and stars: x, y, size  # fmt: skip
LAYERS = (
    (17, 11, 96, 0.0),
    (12, 8, 80, 0.0),
    (9, 6, 64, 0.2),
    (7, 3.6, 42, 0.7),
)  # spacing, half width, length, fine


@dataclass
class Plan:
    """What to paint: colour (H, W, 3) in sRGB, flow (H, W, 2) the brush's direction, fineness (H, W)."""

    colour: np.ndarray
    flow: np.ndarray
    fineness: np.ndarray

    def paint(self, where: np.ndarray, shade: np.ndarray, flow: np.ndarray, fineness: float) -> None:
        self.colour[where] = shade[where]
        self.flow[where] = flow[where]
        self.fineness[where] = fineness


def strokes() -> np.ndarray:
    """float32 (480, 640, 3), sRGB."""
    rng = np.random.default_rng(11)
    plan = _plan()
    canvas = np.full((*SIZE, 3), colour("#5a4632"), np.float32)
    paste = np.zeros(SIZE, np.float32)
    bristles = cloth((128, 256), 4, 12, 3, 0.8)
    bristles = cv2.resize(bristles, None, fx=8, fy=1)[:, :1024]
    for spacing, width, length, detail in LAYERS:
        rows, columns = np.mgrid[0 : SIZE[0] : spacing, 0 : SIZE[1] : spacing]
        places = np.stack([columns.ravel(), rows.ravel()], -1) + rng.uniform(
            -spacing, spacing, (rows.size, 2)
        )
        for place in rng.permutation(places):
            column, row = np.clip(place, 0, (SIZE[1] - 1, SIZE[0] - 1)).astype(int)
            if plan.fineness[row, column] >= detail * rng.uniform(0.7, 1.3):
                size = (width * rng.uniform(0.8, 1.25), length * rng.uniform(0.7, 1.25))
                _stroke(canvas, paste, plan, (column, row), size, bristles, rng)
    return cv2.resize(_in_light(canvas, paste), (SIZE[1] // 2, SIZE[0] // 2), interpolation=cv2.INTER_AREA)


def _stroke(
    canvas: np.ndarray,
    paste: np.ndarray,
    plan: Plan,
    place: tuple[int, int],
    size: tuple[float, float],
    bristles: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Lay one stroke of size (half width, length) through `place` (column, row), in the colour found there."""
    width, length = size
    spine = _follow(plan.flow, place, length)
    along = np.linspace(0, len(spine) - 1, int(length / 0.7))
    knot = np.minimum(along.astype(int), len(spine) - 2)
    points = spine[knot] + (along - knot)[:, None] * (spine[knot + 1] - spine[knot])
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-6
    across = np.arange(-width, width + 0.1, 0.7)
    target = points[:, None] + across[:, None] * (tangent[:, ::-1] * (-1, 1))[:, None]
    u, v = np.linspace(0, 1, len(points))[:, None], across / width
    row, start = rng.integers(0, 128), rng.integers(0, 1024 - len(points))
    hair = bristles[(row + np.arange(len(across))) % 128][:, start : start + len(points)].T
    worn = smoothstep(0.55, 1.0, u) * 1.5 + 0.4 * v**2  # the brush runs dry towards the end
    laid = (hair > worn * 1.6 - 1.5) & (v**2 < 1 - smoothstep(0.12, 0, u) * 0.7 - smoothstep(0.9, 1, u) * 0.5)
    column, line = np.rint(target[..., 0][laid]).astype(int), np.rint(target[..., 1][laid]).astype(int)
    inside = (column >= 0) & (column < SIZE[1]) & (line >= 0) & (line < SIZE[0])
    column, line, hair = column[inside], line[inside], hair[laid][inside]
    side = np.broadcast_to(v, laid.shape)[laid][inside]
    lift = np.broadcast_to(u, laid.shape)[laid][inside]
    tone = plan.colour[place[1], place[0]] * (1 + rng.normal(0, 0.07)) + rng.normal(0, 0.022, 3)
    streak = tone + hair[:, None] * (0.035, 0.03, 0.025) * rng.choice((-1, 1))
    canvas[line, column] = streak
    ridge = 0.55 + 0.35 * np.abs(side) ** 3 + 0.22 * hair + 0.5 * smoothstep(0.85, 1, lift) * (1 - side**2)
    paste[line, column] = 0.45 * paste[line, column] + ridge * (0.5 + 0.05 * width)


def _follow(flow: np.ndarray, place: tuple[int, int], length: float) -> np.ndarray:
    """The path (N, 2) of a brush led by `flow`, half before and half after `place`."""
    step, halves = 6.0, []
    for sense in (-1, 1):
        point, path = np.array(place, float), []
        for _ in range(max(int(length / 2 / step), 1)):
            column = min(max(int(point[0]), 0), SIZE[1] - 1)
            row = min(max(int(point[1]), 0), SIZE[0] - 1)
            point = point + sense * step * flow[row, column]
            path.append(point)
        halves.append(path)
    return np.array([*halves[0][::-1], place, *halves[1]])


def _in_light(canvas: np.ndarray, paste: np.ndarray) -> np.ndarray:
    """Paint of thickness `paste` lit from the upper left."""
    paste = blur(paste, 0.9)
    fall = -(np.gradient(paste, axis=0) + 0.7 * np.gradient(paste, axis=1)) * -1
    shade = 1 + 0.85 * np.tanh(fall * 1.3)
    gleam = np.clip(fall - 0.25, 0, 1) ** 1.5 * 0.35
    return np.clip(canvas * shade[..., None] ** 0.8 + gleam[..., None] * (1, 0.97, 0.9), 0, 1).astype(
        np.float32
    )


def _plan() -> Plan:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32) / SIZE[1]
    wobble = cloth(SIZE, 21, 260, 4)
    plan = _sky(x, y, wobble)
    ridges = (
        (0.455 + 0.022 * np.sin(9 * x + 1) + 0.02 * np.sin(23 * x), "#2f4f86", "#5b86b5"),
        (0.495 + 0.03 * np.sin(6 * x + 4) + 0.006 * np.sin(40 * x), "#1f4a5c", "#5f9a86"),
        (0.545 + 0.022 * np.sin(5 * x + 2.2), "#2b5a35", "#9bae4a"),
        (0.615 + 0.025 * np.sin(4 * x + 0.4), "#a0761f", "#efc24a"),
    )
    for number, (ridge, dark, bright) in enumerate(ridges):
        depth = (y - ridge) / 0.08
        slope = np.gradient(ridge[0]) * SIZE[1]
        turn = slope[None] * np.exp(-np.clip(depth, 0, 9)) + 0.35 * wobble * (number != 3)
        if number == 3:  # rows of a wheat field run together at the horizon
            turn = (y - 0.5) / (x - 0.62 + np.where(x < 0.62, -1e-3, 1e-3))
        furrow = np.sin(depth * (14, 11, 16, 1)[number] + 2 * wobble + (number == 3) * np.arctan(turn) * 60)
        shade = mix(
            colour(dark)[None, None], colour(bright), np.clip(0.5 + 0.33 * furrow + 0.2 * wobble, 0, 1)
        )
        shade = mix(shade, colour("#d8582a"), smoothstep(1.5, 2.4, wobble) * (number == 2) * 0.7)
        plan.paint(depth > 0, shade, _unit(np.ones_like(turn), turn), 0.35)
        if number == 2:
            _village(plan, x, y)
    _cypress(plan, x, y, wobble)
    return plan


def _unit(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    size = np.hypot(across, down) + 1e-9
    return np.stack([across / size, down / size], -1)


def _sky(x: np.ndarray, y: np.ndarray, wobble: np.ndarray) -> Plan:
    """Brush marks along the level lines of a stream function; the lines also carry the bands of colour."""
    stream = y + 0.012 * np.sin(14 * x + 5 * y) + 0.004 * wobble
    for centre_x, centre_y, size, sense in WHIRLS:
        away = np.hypot(x - centre_x, 1.15 * (y - centre_y)) / size
        stream = stream + sense * 1.9 * size * np.exp(-(away**1.6) / 1.6)
    light = np.zeros_like(x)
    for centre_x, centre_y, size in LAMPS:
        away = np.hypot(x - centre_x, y - centre_y) / size
        stream = stream + 4.5 * size * np.exp(-(away**2) / 2.2)
        light = np.maximum(light, np.exp(-((away / 1.35) ** 2)) * (0.92 + 0.12 * np.cos(away * 9)))
    flow = _unit(np.gradient(stream, axis=0), -np.gradient(stream, axis=1))
    band = np.sin(stream * 88 + 0.8 * wobble)
    tones = [colour(tone) for tone in ("#14245e", "#1f479c", "#3f86c4", "#8cc4cf", "#e9e2b0")]
    level = np.clip(1.75 + 1.25 * band + 0.75 * wobble + 1.2 * (y - 0.15) / 0.3, 0, 4)
    shade = np.zeros((*x.shape, 3), np.float32)
    for index, tone in enumerate(tones):
        shade += np.clip(1 - np.abs(level - index), 0, 1)[..., None] * tone
    for threshold, tone in ((0.12, "#7fb7a8"), (0.3, "#e3c04a"), (0.5, "#f6a21f"), (0.72, "#fdf0a8")):
        shade = mix(shade, colour(tone), smoothstep(threshold, threshold + 0.12, light))
    fineness = 0.17 + 0.83 * smoothstep(0.15, 0.4, light)
    return Plan(shade, flow, fineness)


def _village(plan: Plan, x: np.ndarray, y: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    level, upright = _unit(np.ones_like(x), 0 * x), _unit(0 * x, np.ones_like(x))
    for left in np.sort(rng.uniform(0.36, 0.93, 17))[::-1]:
        wide, tall, base = rng.uniform(0.035, 0.055), rng.uniform(0.022, 0.036), rng.uniform(0.555, 0.612)
        wall = colour(str(rng.choice(["#3d5f96", "#d9c79a", "#7f95b0", "#c98f5b", "#efe0b5"])))
        roof = colour(str(rng.choice(["#a83a22", "#7c2f2a", "#c4552b", "#33406e"])))
        within = (x > left) & (x < left + wide)
        eaves = base - tall
        slant = 0.7 * np.minimum(x - left, left + wide - x) + 0.004
        plan.paint(within & (y > eaves) & (y < base), wall * np.ones((*x.shape, 1), np.float32), upright, 1.0)
        plan.paint((x > left - 0.004) & (x < left + wide + 0.004) & (y > eaves - slant) & (y <= eaves),
                   roof * np.ones((*x.shape, 1), np.float32), level, 1.0)  # fmt: skip
        pane = (np.abs(x - left - wide * 0.5) < 0.006) & (np.abs(y - base + tall * 0.5) < 0.007)
        plan.paint(pane, colour("#ffd24a") * np.ones((*x.shape, 1), np.float32), upright, 1.0)
    tower = (np.abs(x - 0.655) < 0.012) & (y > 0.49) & (y < 0.59)
    spire = (np.abs(x - 0.655) < 0.014 * (y - 0.39) / 0.1) & (y > 0.39) & (y <= 0.49)
    plan.paint(tower, colour("#b9c3c9") * np.ones((*x.shape, 1), np.float32), upright, 1.0)
    plan.paint(spire, colour("#26345f") * np.ones((*x.shape, 1), np.float32), upright, 1.0)


def _cypress(plan: Plan, x: np.ndarray, y: np.ndarray, wobble: np.ndarray) -> None:
    for centre, top, wide in ((0.135, 0.055, 0.062), (0.215, 0.27, 0.036)):
        up = (0.75 - y) / (0.75 - top)
        lean = centre + 0.012 * np.sin(11 * y) + 0.006 * wobble
        reach = wide * np.clip(1 - up, 0, 1) ** 0.75 * (1 + 0.22 * np.sin(34 * y + 1.5 * wobble))
        where = (np.abs(x - lean) < reach) & (up < 1)
        flame = np.sin((x - lean) / (reach + 1e-4) * 5 + 22 * y + wobble)
        shade = mix(colour("#131f1c")[None, None], colour("#3f6b33"), np.clip(0.35 + 0.4 * flame, 0, 1))
        shade = mix(shade, colour("#8a5a24"), smoothstep(0.9, 2.0, wobble) * 0.8)
        plan.paint(where, shade, _unit(0.32 * np.sin(26 * y + 6 * (x - lean) / wide), -np.ones_like(x)), 0.75)
