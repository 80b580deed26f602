"""Generated pictures: dead leaves, textures, brush strokes and ink, in natural and saturated palettes.

`generate` is the only thing to call. Picture `i` of a seed is always the same, however many are asked for.
Everything is drawn at twice the size and averaged down, so that edges are as soft as in a photograph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Picture = NDArray[np.float32]  # (H, W, 3) RGB in [0, 1]
Field = NDArray[np.float32]  # (H, W)
Rng = np.random.Generator
Palette = Callable[[int], NDArray[np.float32]]  # number of colours -> (number, 3)


def generate(n: int, size: int, seed: int) -> Tensor:
    """(n, 3, size, size) float32 RGB pictures in [0, 1] of 8 bits."""
    cv2.setNumThreads(1)
    pictures = np.stack([_picture(np.random.default_rng([seed, i]), size) for i in range(n)])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255).contiguous()


def photographs(folder: Path, sides: Sequence[int]) -> list[Tensor]:
    """Every JPEG in a folder at several sizes, uint8 (3, H, W) RGB; sides: the shorter ones, in pixels."""
    found = []
    for path in sorted(folder.glob("*.jpg")):
        if (pixels := cv2.imread(str(path))) is None:
            raise SystemExit(f"{path} is no picture that OpenCV can read")
        for side in sides:
            factor = side / min(pixels.shape[:2])
            size = [round(factor * length) for length in pixels.shape[1::-1]]
            small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)[..., ::-1]
            found.append(torch.from_numpy(small.copy()).permute(2, 0, 1).contiguous())
    return found


def _picture(rng: Rng, size: int) -> NDArray[np.uint8]:
    """(size, size, 3) uint8."""
    palette = _palette(rng)
    scenes = (_leaves, _strokes, _ink, _texture, _mixture)
    scene = scenes[rng.choice(len(scenes), p=(0.36, 0.22, 0.12, 0.15, 0.15))]
    large = np.ascontiguousarray(scene(rng, 2 * size, palette), np.float32)
    small = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
    return np.rint(255 * np.clip(_expose(rng, small), 0, 1)).astype(np.uint8)


# ── colour ────────────────────────────────────────────────────────────────────────────────────────


def _palette(rng: Rng) -> Palette:
    """Colours around a few anchors: natural, saturated, tinted grey, or anything."""
    kind = rng.choice(4, p=(0.4, 0.3, 0.15, 0.15))
    count = int(rng.integers(2, 6))
    hue = (rng.uniform(0, 360) + rng.normal(0, (35, 90, 8, 120)[kind], count)) % 360
    low, high = ((0.05, 0.55), (0.55, 1.0), (0.0, 0.2), (0.0, 1.0))[kind]
    saturation = rng.uniform(low, high, count)
    value = rng.uniform(0, 1, count) ** rng.uniform(0.5, 1.4)
    if count > 2:
        value[0], value[1] = value.min() * 0.5, 1 - 0.5 * (1 - value.max())
    anchors = cv2.cvtColor(np.stack((hue, saturation, value), 1)[None].astype(np.float32), cv2.COLOR_HSV2RGB)[
        0
    ]
    share = rng.dirichlet(np.full(count, 1.5))
    spread = rng.uniform(0.01, 0.12)

    def colours(number: int) -> NDArray[np.float32]:
        chosen = anchors[rng.choice(count, number, p=share)]
        shade = rng.normal(0, spread, (number, 1)) + rng.normal(0, spread / 3, (number, 3))
        return np.clip(chosen + shade, 0, 1).astype(np.float32)

    return colours


def _ramp(rng: Rng, field: Field, palette: Palette) -> Picture:
    """Colours a field of [0, 1] along a palette, smoothly or in steps."""
    colours = palette(int(rng.integers(2, 6)))
    place = np.clip(field, 0, 1) * (len(colours) - 1)
    low = np.minimum(place.astype(np.int32), len(colours) - 2)
    part = place - low
    if rng.random() < 0.4:
        hardness = rng.uniform(3, 30)
        part = np.clip((part - 0.5) * hardness + 0.5, 0, 1)
    part = part[..., None].astype(np.float32)
    return colours[low] * (1 - part) + colours[low + 1] * part


def _expose(rng: Rng, picture: Picture) -> Picture:
    """What a camera or a printer does: blur, light falling off, contrast, grain."""
    size = picture.shape[0]
    if rng.random() < 0.6:
        low, high = np.percentile(picture, (1, 99))
        picture = (picture - low) / max(high - low, 0.1)
    if rng.random() < 0.45:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.0) ** 2 * 2.2)
    if rng.random() < 0.4:
        picture = picture * (1 + rng.uniform(0.1, 0.5) * (2 * _gradient(rng, size) - 1))[..., None]
    if rng.random() < 0.3:
        picture = np.clip(picture, 0, 1) ** rng.uniform(0.6, 1.7)
    if rng.random() < 0.35:
        centre = picture.mean((0, 1), keepdims=True)
        picture = centre + (picture - centre) * rng.uniform(0.3, 1.5)
    if rng.random() < 0.3:
        channels = 3 if rng.random() < 0.5 else 1
        picture = picture + rng.normal(0, rng.uniform(0.005, 0.06), (size, size, channels))
    return picture.astype(np.float32)


# ── fields of [0, 1], each (size, size) ───────────────────────────────────────────────────────────


def _grid(size: int) -> tuple[Field, Field]:
    row, column = np.mgrid[0:size, 0:size].astype(np.float32) / size
    return column, row


def _spread(field: Field) -> Field:
    low, high = float(field.min()), float(field.max())
    return ((field - low) / max(high - low, 1e-6)).astype(np.float32)


def _gradient(rng: Rng, size: int) -> Field:
    x, y = _grid(size)
    angle = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.3:
        return _spread(np.hypot(x - rng.uniform(-0.2, 1.2), y - rng.uniform(-0.2, 1.2)))
    return _spread(np.cos(angle) * x + np.sin(angle) * y)


def _noise(rng: Rng, size: int) -> Field:
    """Noise of spectrum 1/f^p, p from 0.6 (rough) to 2.2 (clouds), sometimes drawn out in one direction."""
    fx = np.fft.rfftfreq(size) * size
    fy = np.fft.fftfreq(size) * size
    angle, stretch = rng.uniform(0, np.pi), 4 ** rng.uniform(0, 1)
    along = np.cos(angle) * fx[None] + np.sin(angle) * fy[:, None]
    across = np.cos(angle) * fy[:, None] - np.sin(angle) * fx[None]
    frequency = np.hypot(along * stretch, across)
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * np.maximum(frequency, 1) ** -rng.uniform(
        0.6, 2.2
    )
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, (size, size))
    return np.clip(0.5 + field / (4 * field.std() + 1e-9), 0, 1).astype(np.float32)


def _stripes(rng: Rng, size: int) -> Field:
    x, y = _grid(size)
    angle, period = rng.uniform(0, np.pi), 0.5 / 24 ** rng.uniform(0, 1)
    phase = (np.cos(angle) * x + np.sin(angle) * y) / period
    if rng.random() < 0.6:
        phase = phase + rng.uniform(0, 2.5) * _noise(rng, size)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * phase)
    return np.clip((wave - 0.5) * 10 ** rng.uniform(0, 1) + 0.5, 0, 1).astype(np.float32)


def _checks(rng: Rng, size: int) -> Field:
    x, y = _grid(size)
    angle, cells = rng.uniform(0, np.pi), 3 * 8 ** rng.uniform(0, 1)
    u = np.floor((np.cos(angle) * x + np.sin(angle) * y) * cells)
    v = np.floor((np.cos(angle) * y - np.sin(angle) * x) * cells * rng.uniform(0.4, 1.6))
    return ((u + v) % 2).astype(np.float32)


def _cells(rng: Rng, size: int) -> Field:
    """Voronoi cells of random level, or the distance to their centres."""
    centres = np.full((size, size), 255, np.uint8)
    number = int(8 * 30 ** rng.uniform(0, 1))
    centres[rng.integers(0, size, number), rng.integers(0, size, number)] = 0
    distance, label = cv2.distanceTransformWithLabels(centres, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    if rng.random() < 0.3:
        return _spread(distance)
    return rng.random(int(label.max()) + 1).astype(np.float32)[label]


def _dots(rng: Rng, size: int) -> Field:
    x, y = _grid(size)
    angle, cells = rng.uniform(0, np.pi), 5 * 6 ** rng.uniform(0, 1)
    u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    bumps = np.cos(2 * np.pi * cells * u) * np.cos(2 * np.pi * cells * v)
    return np.clip((bumps - rng.uniform(-0.3, 0.7)) * 4 + 0.5, 0, 1).astype(np.float32)


FIELDS = (_gradient, _noise, _noise, _stripes, _checks, _cells, _dots)


def _field(rng: Rng, size: int) -> Field:
    return FIELDS[rng.integers(len(FIELDS))](rng, size)


# ── scenes, each (size, size, 3) ──────────────────────────────────────────────────────────────────


def _texture(rng: Rng, size: int, palette: Palette) -> Picture:
    """One texture, or coloured noise."""
    if rng.random() < 0.25:
        planes = np.stack([_noise(rng, size) for _ in range(3)], -1) - 0.5
        mix = np.eye(3) * rng.uniform(0.1, 1) + rng.uniform(0, 1)
        colour: Picture = palette(1)[0] + planes @ mix.astype(np.float32) * np.float32(rng.uniform(0.3, 1))
        return colour
    return _ramp(rng, _field(rng, size), palette)


def _shape(rng: Rng, centre: NDArray[np.float64], radius: float) -> NDArray[np.int32]:
    """A closed outline in 1/16 pixels, (points, 1, 2): ellipse, polygon, rectangle or blob."""
    kind = rng.integers(4)
    corners = (24, int(rng.integers(3, 8)), 4, 24)[kind]
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = np.ones(corners)
    if kind == 1:
        angle, reach = np.sort(rng.uniform(0, 2 * np.pi, corners)), rng.uniform(0.5, 1, corners)
    elif kind == 3:
        order = np.arange(1, 5)[:, None]
        wave = np.cos(order * angle + rng.uniform(0, 2 * np.pi, (4, 1))) * rng.normal(0, 0.3, (4, 1)) / order
        reach = np.maximum(1 + wave.sum(0), 0.15)
    outline = np.stack((np.cos(angle), np.sin(angle) * rng.uniform(0.25, 1)), 1) * reach[:, None]
    turn = rng.uniform(0, np.pi)
    rotation = np.array(((np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))))
    return np.rint(16 * (centre + radius * outline @ rotation)).astype(np.int32)[:, None]


def _radii(rng: Rng, count: int, smallest: float, largest: float) -> NDArray[np.float64]:
    """Power law of exponent -3 between two sizes: what makes dead leaves look alike at every scale."""
    low, high = smallest**-2, largest**-2
    return (low - rng.random(count) * (low - high)) ** -0.5


def _leaves(rng: Rng, size: int, palette: Palette) -> Picture:
    """Opaque shapes dropped over each other; flat or textured, some with an outline, some out of focus."""
    canvas = _texture(rng, size, palette)
    count = int(rng.integers(30, 260))
    radii = _radii(rng, count, rng.uniform(0.02, 0.12) * size, 0.7 * size)
    if rng.random() < 0.5:
        radii = np.sort(radii)[::-1]
    sheets = [_texture(rng, size, palette) for _ in range(int(rng.integers(1, 4)))]
    textured, outlined = rng.uniform(0, 0.6), rng.uniform(0, 1) * (rng.random() < 0.3)
    focus = int(rng.integers(0, count)) if rng.random() < 0.4 else -1
    colours, edges = palette(count), palette(count)
    for i, radius in enumerate(radii):
        if i == focus:
            canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(1, 6))
        outline = _shape(rng, rng.uniform(-0.1, 1.1, 2) * size, radius)
        if rng.random() < textured:
            _stencil(canvas, outline, sheets[rng.integers(len(sheets))], colours[i])
        else:
            cv2.fillPoly(canvas, [outline], colours[i].tolist(), cv2.LINE_8, 4)
        if rng.random() < outlined:
            cv2.polylines(canvas, [outline], True, edges[i].tolist(), int(rng.integers(1, 5)), cv2.LINE_8, 4)
    return canvas


def _stencil(canvas: Picture, outline: NDArray[np.int32], sheet: Picture, tint: NDArray[np.float32]) -> None:
    """Fills the outline with the sheet, half tinted."""
    x, y, width, height = cv2.boundingRect(outline // 16)
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width + 1, canvas.shape[1]), min(y + height + 1, canvas.shape[0])
    if right <= left or bottom <= top:
        return
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [outline - np.array((16 * left, 16 * top), np.int32)], 1, cv2.LINE_8, 4)
    inside = mask > 0
    canvas[top:bottom, left:right][inside] = 0.6 * sheet[top:bottom, left:right][inside] + 0.4 * tint


def _strokes(rng: Rng, size: int, palette: Palette) -> Picture:
    """Curved brush strokes along a field of directions, coloured by a scene below, coarse layers first."""
    below = _leaves(rng, size, palette) if rng.random() < 0.6 else _texture(rng, size, palette)
    canvas = cv2.GaussianBlur(below, (0, 0), 8)
    swirl = cv2.GaussianBlur(_noise(rng, size), (0, 0), size / 16)
    direction = 2 * np.pi * (rng.uniform(0, 1) + rng.uniform(1, 8) * (swirl - swirl.mean()))
    jitter, bristle = rng.uniform(0.01, 0.12), rng.uniform(0.01, 0.1)
    width = rng.uniform(0.03, 0.09) * size
    for _ in range(int(rng.integers(1, 4))):
        for start in rng.uniform(0, size, (int(min(220, 1.2 * size * size / (6 * width * width))), 2)):
            path = _follow(direction, start, width * rng.uniform(2, 6))
            x, y = np.clip(start, 0, size - 1).astype(int)
            colour = below[y, x] + rng.normal(0, jitter) + rng.normal(0, jitter / 2, 3)
            _stroke(rng, canvas, path, width, colour, bristle)
        width *= 0.5
    return canvas


def _follow(direction: Field, start: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """(6, 2) points along the field of directions."""
    size = direction.shape[0]
    points = [start]
    for _ in range(5):
        x, y = np.clip(points[-1], 0, size - 1).astype(int)
        angle = direction[y, x]
        points.append(points[-1] + length / 5 * np.array((np.cos(angle), np.sin(angle))))
    return np.stack(points)


def _stroke(
    rng: Rng,
    canvas: Picture,
    path: NDArray[np.float64],
    width: float,
    colour: NDArray[np.float64],
    bristle: float,
) -> None:
    """One stroke and the lighter and darker lines that its bristles leave."""
    line = np.rint(16 * path).astype(np.int32)[:, None]
    cv2.polylines(canvas, [line], False, colour.tolist(), max(1, int(width)), cv2.LINE_8, 4)
    along = path[-1] - path[0]
    across = np.array((-along[1], along[0])) / (np.hypot(*along) + 1e-6)
    for offset in rng.uniform(-0.45, 0.45, 3) * width:
        hair = np.rint(16 * (path + offset * across)).astype(np.int32)[:, None]
        shade = (colour + rng.normal(0, bristle)).tolist()
        cv2.polylines(canvas, [hair], False, shade, max(1, int(width / 7)), cv2.LINE_8, 4)


def _ink(rng: Rng, size: int, palette: Palette) -> Picture:
    """Lines on paper: curves along a field, contour lines of another, over washes of colour."""
    paper, ink = palette(2)
    canvas = np.broadcast_to(0.5 * paper + 0.45, (size, size, 3)).astype(np.float32).copy()
    canvas += 0.05 * (_noise(rng, size) - 0.5)[..., None]
    if rng.random() < 0.6:
        wash = _ramp(rng, _field(rng, size), palette)
        part = (_noise(rng, size) > rng.uniform(0.3, 0.7))[..., None]
        canvas = np.where(part, wash, canvas)
    if rng.random() < 0.5:
        level = _noise(rng, size) * rng.uniform(2, 9)
        near = np.abs(level - np.rint(level)) < rng.uniform(0.03, 0.2)
        canvas[near] = 0.3 * ink
    swirl = cv2.GaussianBlur(_noise(rng, size), (0, 0), size / 24)
    direction = 2 * np.pi * (rng.uniform(0, 1) + rng.uniform(0, 6) * (swirl - swirl.mean()))
    thickness, length = int(rng.integers(1, 7)), rng.uniform(0.05, 0.5) * size
    for start in rng.uniform(0, size, (int(rng.integers(20, 260)), 2)):
        line = np.rint(16 * _follow(direction, start, length)).astype(np.int32)[:, None]
        cv2.polylines(canvas, [line], False, (0.35 * ink).tolist(), thickness, cv2.LINE_8, 4)
    return canvas


def _mixture(rng: Rng, size: int, palette: Palette) -> Picture:
    """Two scenes, joined along a contour or seen through each other."""
    scenes = (_leaves, _strokes, _texture)
    first = scenes[rng.integers(3)](rng, size, palette)
    second = scenes[rng.integers(3)](rng, size, _palette(rng))
    if rng.random() < 0.4:
        share = np.float32(rng.uniform(0.2, 0.8))
        return share * first + (1 - share) * second
    edge = np.clip((_noise(rng, size) - rng.uniform(0.4, 0.6)) * 10 ** rng.uniform(0.3, 2) + 0.5, 0, 1)
    return first * edge[..., None] + second * (1 - edge[..., None])
