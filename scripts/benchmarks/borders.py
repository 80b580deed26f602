"""Whether pictures of one colour are covered evenly, or framed by strokes that crowd along their borders."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.balance import network_of, styles_of
from benchmarks.common import Setting, Table
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle, scaled_style

COLOURS = {
    "black": (0.0, 0.0, 0.0),
    "white": (1.0, 1.0, 1.0),
    "grey": (0.5, 0.5, 0.5),
    "blue": (0.2, 0.4, 0.8),
    "red": (0.8, 0.2, 0.15),
    "green": (0.3, 0.6, 0.2),
}
EDGES = (0, 1, 2, 4, 8, 16, 32, 48, 64)
"""Pixels from the border where bands begin and end."""
_CROPS = 12  # of each style picture


def run(setting: Setting) -> list[Table]:
    """Each colour in the first `setting.frames` styles, 6 by default, at `setting.size`, 128 by default.

    Beside what is painted: how much chance alone makes of it, in parts of the style pictures themselves.
    """
    size, count = setting.size or 128, setting.frames or 6
    styles = dict(list(styles_of(setting).items())[:count])
    network, recipe = network_of(setting)
    random = np.random.default_rng(0)
    painted, natural, rows = [], [], []
    for name, style in styles.items():
        natural += [profile(part) for part in _parts(style, size, random)]
        painter = NeuralStyle(network, recipe, [style], NeuralOptions(**setting.options))
        for colour, values in COLOURS.items():
            found = painter.paint(torch.tensor(values).view(3, 1, 1).expand(3, size, size), [], 0).image
            setting.keep(f"{name}_{colour}.png", [found])
            painted.append(profile(found))
            rows.append((name, colour, *painted[-1]))
    for title, profiles in (("painted", painted), ("parts of styles", natural)):
        rows.append((title, "mean", *np.mean(profiles, axis=0)))
        rows.append((title, "deviation", *np.std(profiles, axis=0)))
    bands = [f"{begin} to {end} px" for begin, end in _bands(size)]
    title = f"borders: gradient energy by distance from the border, 1 is the picture's; {setting.features}"
    return [Table(title, ("style", "colour", *bands), rows)]


def profile(image: Tensor) -> NDArray[np.float64]:
    """Gradient energy of a square picture (3, S, S) in each band, relative to that of the whole."""
    energy, size = _energy(image), image.shape[1]
    along = torch.arange(size).minimum(size - 1 - torch.arange(size))
    distance = torch.minimum(along[:, None], along[None])
    bands = [float(energy[(distance >= begin) & (distance < end)].mean()) for begin, end in _bands(size)]
    return np.array(bands) / float(energy.mean())


def _bands(size: int) -> list[tuple[int, int]]:
    inside = [edge for edge in EDGES if edge < size // 2]
    return list(pairwise([*inside, size // 2]))


def _energy(image: Tensor) -> Tensor:
    """(S, S): mean squared difference of each pixel from those beside, above and below it."""
    total, count = image.new_zeros(image.shape[1:]), image.new_zeros(image.shape[1:])
    for dim in (0, 1):
        squares, length = image.diff(dim=dim + 1).square().sum(dim=0), image.shape[dim + 1]
        for start in (0, 1):
            total.narrow(dim, start, length - 1).add_(squares)
            count.narrow(dim, start, length - 1).add_(1)
    return total / count


def _parts(style: Tensor, size: int, random: np.random.Generator) -> list[Tensor]:
    """Squares from anywhere in a style picture, at twice the scale of painting where that is large enough."""
    large = scaled_style(style, (2 * size, 2 * size))
    if min(large.shape[1:]) < size:
        large = style
    room = [side - size + 1 for side in large.shape[1:]]
    places = [(int(random.integers(room[0])), int(random.integers(room[1]))) for _ in range(_CROPS)]
    return [large[:, row : row + size, column : column + size] for row, column in places]
