"""Made-up motion: stills shifted, zoomed and hidden by others, whose flow and what it holds for are known.

Shifts and zooms of stills do nearly as well as clips to teach a network to keep still (Ruder et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle.device import to_device
from vidstyle.image.warp import in_frame, warp

_FASTEST = 12  # pixels a frame
_ZOOM = 0.03  # a frame
_OFF = 0.4  # pixels, deviation of the error of a flow, smooth over a frame
_ZOOMED, _HIDDEN, _FORGOTTEN, _WORN, _STILL = 0.25, 0.4, 0.3, 0.4, 0.3  # shares of the sequences
_MOST_WARPS = 8


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame of made-up motion, all float32 (C, H, W).

    layers: as they look now, moved together: content, noise, and the painting where there is one. vectors: to
    the moment before, a little off, as estimated flow is. holds: (1, H, W), where they lead to what is seen.
    worn: of a first moment, the painting as many frames may have left it, if it is to go on from that.
    """

    layers: list[Tensor]
    vectors: Tensor
    holds: Tensor
    worn: Tensor | None = None

    @property
    def content(self) -> Tensor:
        """What is to be painted."""
        return self.layers[0]

    @property
    def noise(self) -> Tensor:
        """What lies on it."""
        return self.layers[1]

    @property
    def painted(self) -> Tensor | None:
        """What it looks like, where somebody has painted it."""
        return self.layers[2] if len(self.layers) > 2 else None

    def on(self, device: torch.device) -> Moment:
        """The same there."""
        worn = None if self.worn is None else to_device(self.worn, device)
        layers = [to_device(layer, device) for layer in self.layers]
        return Moment(layers, to_device(self.vectors, device), to_device(self.holds, device), worn)


class _Path:
    """A window of `side` pixels that moves over a picture and zooms: pixel x of frame k lies at a·x + b."""

    def __init__(self, size: Sequence[int], side: int, random: torch.Generator, zooms: bool) -> None:
        self.side = side
        self.zoom = _ZOOM * (2 * _draw(random) - 1) if zooms else 0.0
        room = [max(0, length - side) for length in reversed(size)]  # x, y
        self.start = torch.tensor([float(int(_draw(random) * (free + 1))) for free in room])
        fastest = 0 if _draw(random) < _STILL else int(_FASTEST * _draw(random)) + 1
        self.speed = torch.randint(-fastest, fastest + 1, (2,), generator=random).float()

    def at(self, k: int) -> tuple[float, Tensor]:
        """a, and b (2,) of frame k."""
        a = 1 + self.zoom * k
        return a, self.start + self.speed * k + (1 - a) * (self.side - 1) / 2

    def places(self, k: int) -> Tensor:
        """Where the pixels of frame k lie in the picture, (2, side, side)."""
        a, b = self.at(k)
        return a * _grid(self.side) + b[:, None, None]

    def back(self, k: int) -> Tensor:
        """Vectors (2, side, side) from frame k to frame k − 1."""
        (a, b), own = self.at(k - 1), _grid(self.side)
        return (self.places(k) - b[:, None, None]) / a - own


def sequence(
    layers: Sequence[Tensor], hiding: Sequence[Tensor], side: int, length: int, random: torch.Generator
) -> list[Moment]:
    """`length` frames of `side` pixels that move over pictures (C, H, W), maybe behind a part of others.

    layers: alike in size. hiding: as many, that pass in front.
    """
    path = _Path(layers[0].shape[1:], side, random, _draw(random) < _ZOOMED)
    front = _Path(hiding[0].shape[1:], side, random, zooms=False)
    radius = side * (0.1 + 0.25 * _draw(random)) if _draw(random) < _HIDDEN else 0.0
    centre = torch.rand(2, generator=random) * side
    forgets, off = _draw(random) < _FORGOTTEN, _OFF * max(0.0, 2 * _draw(random) - 1)
    moments: list[Moment] = []
    hidden = torch.zeros(1, side, side)
    for k in range(length):
        before, middle = hidden, centre - k * front.speed
        hidden = ((_grid(side) - middle[:, None, None]).square().sum(0, keepdim=True) < radius**2).float()
        seen = [
            torch.where(hidden > 0, _seen(over, front.places(k)), _seen(under, path.places(k)))
            for under, over in zip(layers, hiding, strict=True)
        ]
        holds, vectors, worn = torch.zeros(1, side, side), torch.zeros(2, side, side), None
        if k == 0 and len(seen) == 3 and _draw(random) < _WORN:
            worn, holds = _worn_off(seen[2], random), (_smooth(side, 1, random) < 0.5).float()
        if k:
            vectors = torch.where(hidden > 0, front.back(k), path.back(k))
            alike = (warp(before, vectors) - hidden).abs() < 0.5
            holds = alike.float() * in_frame(vectors, (side, side))
            vectors = vectors + off * _smooth(side, 2, random)
            if forgets:
                holds = holds * (_smooth(side, 1, random) < 0.5)
        moments.append(Moment(seen, vectors, holds, worn))
    return moments


def _seen(picture: Tensor, places: Tensor) -> Tensor:
    """A picture at these places, mirrored beyond its borders; whole pixels are copied, not blurred."""
    height, width = picture.shape[1:]
    if torch.equal(places, places.round()):
        x, y = (_folded(each.long(), length) for each, length in zip(places, (width, height), strict=True))
        return picture[:, y, x]
    return warp(picture, places - _grid(places.shape[1]), "bicubic")


def _worn_off(painted: Tensor, random: torch.Generator) -> Tensor:
    """A painting warped again and again by flow that is a little off, its contrast and its light changed."""
    side = painted.shape[1]
    for _ in range(int(_draw(random) * _MOST_WARPS) + 1):
        painted = warp(painted, _OFF * _smooth(side, 2, random), "spline")
    contrast, light = (torch.randn(2, 3, 1, 1, generator=random) * 0.05).unbind()
    return (0.5 + light + (1 + 2 * contrast) * (painted - 0.5)).clamp(0, 1)


def _folded(places: Tensor, length: int) -> Tensor:
    within = places % (2 * length)
    return within.minimum(2 * length - 1 - within)


def _grid(side: int) -> Tensor:
    """x and y of every pixel, (2, side, side)."""
    x = torch.arange(side, dtype=torch.float32)
    return torch.stack([x.expand(side, side), x[:, None].expand(side, side)])


def _smooth(side: int, channels: int, random: torch.Generator) -> Tensor:
    """Smooth noise of deviation about 1, (channels, side, side)."""
    cells = torch.randn(1, channels, 5, 5, generator=random)
    return torch.nn.functional.interpolate(cells, (side, side), mode="bicubic", align_corners=True)[0]


def _draw(random: torch.Generator) -> float:
    """From 0 to 1."""
    return float(torch.rand(1, generator=random))
