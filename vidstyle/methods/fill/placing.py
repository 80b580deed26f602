"""Where a picture of a library fits around a hole (Hays & Efros 2007).

Sizes and ways are told in longest sides of the picture that is completed: so they hold at any size of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle.image.colour import luminance
from vidstyle.image.lab import to_lab
from vidstyle.image.masks import away_from
from vidstyle.image.poisson import gradients
from vidstyle.image.resize import fit, resize
from vidstyle.image.smooth import median

_SCALES = (1.0, 0.9, 0.81)  # at which a scene is tried: its longest side, of that of the picture
_CONTEXT = 80 / 1024  # around the hole
_TEXTURE = 100.0  # what gradients weigh beside colours: L* per unit of brightness
_FAR = 0.5  # by how much more the error of a place as far off as the picture is long counts
_REFINED = 3  # pixels about a place that are looked at again at a larger size
# Below these it is the same picture, and what is to be taken out is still there: root mean squared distance
# in L*a*b*, and how far it is off.
_SAME, _SAME_PLACE = 4.0, 0.01


@dataclass(frozen=True)
class Box:
    """A part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: Tensor) -> Tensor:
        """That part of a picture (C, H, W), as a view."""
        return picture[:, self.top : self.top + self.height, self.left : self.left + self.width]

    def enlarged(self, factor: float, size: tuple[int, int]) -> Box:
        """The smallest that holds the same part of the picture at another size, (height, width)."""
        top, left = math.floor(self.top * factor), math.floor(self.left * factor)
        bottom = min(size[0], math.ceil((self.top + self.height) * factor))
        right = min(size[1], math.ceil((self.left + self.width) * factor))
        return Box(top, left, bottom - top, right - left)


class Surroundings:
    """What is around a hole, and has to fit.

    picture: float32 (3, H, W) in [0, 1]; hole: bool (1, H, W), true somewhere. All that it has is of the
    window `box`: the picture and the hole; away, pixels from the hole; context, where it is looked at; looks,
    see `looks`.
    """

    def __init__(self, picture: Tensor, hole: Tensor) -> None:
        height, width = self.size = picture.shape[1], picture.shape[2]
        away = away_from(hole)
        context = (away <= max(2.0, _CONTEXT * self.longest)) & ~hole
        reached = (context | hole)[0]
        rows, columns = reached.any(1).nonzero()[:, 0], reached.any(0).nonzero()[:, 0]
        # One pixel more, which stays as it is.
        top, left = max(0, int(rows[0]) - 1), max(0, int(columns[0]) - 1)
        bottom, right = min(height, int(rows[-1]) + 2), min(width, int(columns[-1]) + 2)
        self.box = Box(top, left, bottom - top, right - left)
        self.picture, self.hole, self.context, self.away = (
            self.box.of(each) for each in (picture, hole, context, away)
        )
        self.looks = looks(self.picture)

    @property
    def longest(self) -> int:
        """Longest side of the whole picture, in pixels."""
        return max(self.size)


@dataclass(frozen=True)
class Place:
    """Where a scene lies behind a picture.

    scale: the scene's longest side; down, right: where the picture's first pixel lies in the scene; all in
    longest sides of the picture. colour, texture: mean squared distance to what is around the hole. same:
    whether it is the picture itself, with what is to be taken out.
    """

    scale: float
    down: float
    right: float
    colour: float
    texture: float
    same: bool


def looks(picture: Tensor) -> Tensor:
    """L*, a*, b*, and how much brightness changes, by a median of 5 × 5; float32 (4, H, W)."""
    down, right = gradients(luminance(picture)[:1])
    change = (down.square() + right.square()).sqrt()
    return torch.cat([to_lab(picture), _TEXTURE * median(change)])


def placed(scene: Tensor, about: Surroundings) -> Place:
    """The best place of a scene, float32 (3, h, w) in [0, 1], over all translations and scales.

    Least is Σ M |A − B|² of what is around the hole, by Fourier transforms: Σ M A² − 2 (M A) ⋆ B + M ⋆ B².
    """
    found = []
    for scale in _scales(scene, about):
        error = _errors(looks(sized(scene, scale, about)), about)
        error = error * (1 + _FAR * _way(error, about) / about.longest)
        least = int(error.argmin())
        found.append((float(error.flatten()[least]), scale, divmod(least, error.shape[1])))
    _, scale, corner = min(found)
    return _measured(looks(sized(scene, scale, about)), scale, corner, about)


def refined(scene: Tensor, place: Place, about: Surroundings) -> Place:
    """The best place at the same scale, no more than some pixels off, at the size of these surroundings."""
    theirs, box = looks(sized(scene, place.scale, about)), about.box
    tried = []
    for way, corner, most in (
        (place.down, box.top, theirs.shape[1] - box.height),
        (place.right, box.left, theirs.shape[2] - box.width),
    ):
        begin = min(max(0, corner + round(way * about.longest)), most)
        tried.append(range(max(0, begin - _REFINED), min(most, begin + _REFINED) + 1))
    found = [_measured(theirs, place.scale, (top, left), about) for top in tried[0] for left in tried[1]]
    return min(found, key=lambda each: each.colour + each.texture)


def window(scene: Tensor, place: Place, box: Box, longest: int) -> Tensor:
    """What a scene at its own size shows in a part of the picture, (3, box.height, box.width).

    longest: side of the picture in pixels. No more of the scene is resized than is shown.
    """
    size = scene.shape[1], scene.shape[2]
    scale = place.scale * longest / max(size)
    parts, corners, sizes = [], [], []
    for begin, length, side in (
        (box.top + place.down * longest, box.height, size[0]),
        (box.left + place.right * longest, box.width, size[1]),
    ):
        first = min(max(0, math.floor(begin / scale)), side - 1)
        last = min(side, max(first + 1, math.ceil((begin + length) / scale)))
        shown = max(length, round((last - first) * scale))
        parts.append(slice(first, last))
        sizes.append(shown)
        corners.append(min(max(0, round(begin - first * scale)), shown - length))
    seen = resize(scene[:, parts[0], parts[1]], (sizes[0], sizes[1]))
    return Box(corners[0], corners[1], box.height, box.width).of(seen)


def sized(scene: Tensor, scale: float, about: Surroundings) -> Tensor:
    """A scene at a scale; never smaller than the window that it has to fill."""
    columns, rows = fit(scene.shape[2], scene.shape[1], max(1, round(scale * about.longest)))
    return resize(scene, (max(rows, about.box.height), max(columns, about.box.width)))


def _scales(scene: Tensor, about: Surroundings) -> Iterator[float]:
    """Those at which the window finds room; else that at which it just does."""
    sides = [side / max(scene.shape[1:]) * about.longest for side in scene.shape[1:]]
    room = max(about.box.height / sides[0], about.box.width / sides[1])
    yield from [scale for scale in _SCALES if scale >= room] or [room]


def _errors(theirs: Tensor, about: Surroundings) -> Tensor:
    """Mean squared distance around the hole with the window at every place of a scene."""
    size = theirs.shape[1], theirs.shape[2]
    height, width = size[0] - about.box.height + 1, size[1] - about.box.width + 1
    weight = about.context.float()
    ours = torch.fft.rfft2(torch.cat([weight * about.looks, weight]), s=size)
    other = torch.fft.rfft2(torch.cat([-2 * theirs, theirs.square().sum(0, keepdim=True)]))
    crossed = torch.fft.irfft2((ours.conj() * other).sum(0), s=size)[:height, :width]
    return ((weight * about.looks.square()).sum() + crossed).clamp_min(0) / weight.sum().clamp_min(1)


def _way(error: Tensor, about: Surroundings) -> Tensor:
    """How far off a scene lies with the window at each place, in pixels."""
    rows = torch.arange(error.shape[0], device=error.device) - about.box.top
    columns = torch.arange(error.shape[1], device=error.device) - about.box.left
    return (rows[:, None].square() + columns[None].square()).float().sqrt()


def _measured(theirs: Tensor, scale: float, corner: tuple[int, int], about: Surroundings) -> Place:
    """The place with the window at a corner of a scene that looks so."""
    there = Box(*corner, about.box.height, about.box.width).of(theirs)
    apart = (there - about.looks).square()
    total = about.context.sum().clamp_min(1)
    colour, texture = (float((each * about.context).sum() / total) for each in (apart[:3], apart[3:]))
    down, right = (
        (at - own) / about.longest for at, own in zip(corner, (about.box.top, about.box.left), strict=True)
    )
    inside = float(apart[:3].sum(0)[about.hole[0]].mean())
    unmoved = max(abs(down), abs(right), abs(scale - 1)) < _SAME_PLACE
    same = unmoved and max(inside, colour) < _SAME**2
    return Place(scale, down, right, colour, texture, same)
