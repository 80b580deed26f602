"""What flows through the program: small, frozen, checked when made.

Arrays are channels-first. This module imports no torch, so that `vidstyle --help` stays fast; tensors are
checked by their shape and the name of their dtype.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


def _check(array: Any, name: str, channels: int, *dtypes: str) -> None:
    dtype = str(array.dtype).removeprefix("torch.")
    if array.ndim != 3 or array.shape[0] != channels or 0 in array.shape:
        raise ValueError(f"{name} must be ({channels}, H, W) and not empty, not {tuple(array.shape)}")
    if dtype not in dtypes:
        raise ValueError(f"{name} must be {' or '.join(dtypes)}, not {dtype}")


def _same_size(a: Any, b: Any, names: str) -> None:
    if tuple(a.shape[1:]) != tuple(b.shape[1:]):
        raise ValueError(f"{names} must have one size, not {tuple(a.shape[1:])} and {tuple(b.shape[1:])}")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Frame:
    """One decoded picture, upright, with square pixels.

    pixels: uint8 or uint16 (3, H, W), sRGB-encoded RGB, full range (0..255 or 0..65535).
    index: position in the source, counted from 0; a label only, time is `pts`.
    pts: presentation time in units of `time_base` seconds, exact.
    duration: how long the frame is shown, in units of `time_base`; None where the source does not say.
    alpha: same dtype (1, H, W), for pictures with transparency, else None.
    """

    pixels: np.ndarray
    index: int
    pts: int
    time_base: Fraction
    duration: int | None = None
    alpha: np.ndarray | None = None

    def __post_init__(self) -> None:
        _check(self.pixels, "pixels", 3, "uint8", "uint16")
        if self.alpha is not None:
            _check(self.alpha, "alpha", 1, str(self.pixels.dtype))
            _same_size(self.pixels, self.alpha, "pixels and alpha")
        if self.index < 0 or self.time_base <= 0:
            raise ValueError(f"index {self.index} and time_base {self.time_base} must not be negative")

    @property
    def height(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[2])

    @property
    def pts_seconds(self) -> Fraction:
        """Presentation time in seconds, exact."""
        return self.pts * self.time_base

    def __repr__(self) -> str:
        size = f"{self.width}x{self.height} {self.pixels.dtype}"
        return f"Frame({self.index}, {size}, {float(self.pts_seconds):.3f} s)"


@dataclass(frozen=True, slots=True)
class Shot:
    """Frames [start, stop) between two cuts: the unit of temporal reset. `stop` is None while still open."""

    index: int
    start: int
    stop: int | None = None

    def __post_init__(self) -> None:
        if self.index < 0 or self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise ValueError(f"a shot needs 0 <= start < stop, not [{self.start}, {self.stop})")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Flow:
    """Where each pixel of frame `target` was in frame `source`.

    vectors: float32 (2, H, W), (dx, dy) in pixels on the target's grid:
        target[y, x] shows what source[y + dy, x + dx] shows.
    """

    vectors: np.ndarray
    source: int
    target: int

    def __post_init__(self) -> None:
        _check(self.vectors, "vectors", 2, "float32")

    def __repr__(self) -> str:
        _, height, width = self.vectors.shape
        return f"Flow({self.source}->{self.target}, {width}x{height})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prior:
    """An earlier painted frame, warped into the frame to be painted.

    image: float32 (3, H, W) in [0, 1].
    weight: float32 (1, H, W) in [0, 1]; 0 where the earlier frame does not show this surface.
    carry: the tensors that the method left behind with that frame.
    vectors: the flow that it was warped by, float32 (2, H, W), see `Flow`; None where nothing moves. What is
        carried lies as in the earlier frame: a method that carries maps warps them itself, each in its way.
    """

    image: Tensor
    weight: Tensor
    carry: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    vectors: Tensor | None = None

    def __post_init__(self) -> None:
        _check(self.image, "image", 3, "float32")
        _check(self.weight, "weight", 1, "float32")
        _same_size(self.image, self.weight, "image and weight")
        if self.vectors is not None:
            _check(self.vectors, "vectors", 2, "float32")
            _same_size(self.image, self.vectors, "image and vectors")

    def __repr__(self) -> str:
        return f"Prior({tuple(self.image.shape)}, carry={sorted(self.carry)})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Draft:
    """The frame to be painted, as an earlier pass has left it.

    image: float32 (3, H, W) in [0, 1].
    number: of the pass that is to paint it now, from 2.
    carry: the tensors that the method left behind with it.
    """

    image: Tensor
    number: int
    carry: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _check(self.image, "image", 3, "float32")
        if self.number < 2:
            raise ValueError(f"an earlier pass has been there: number must be at least 2, not {self.number}")

    def __repr__(self) -> str:
        return f"Draft({tuple(self.image.shape)}, pass {self.number})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Painted:
    """A painted frame and whatever tensors the next frame needs.

    image: float32 (3, H, W) in [0, 1].
    carry: named tensors, stored losslessly beside the image.
    losses: the last value of each loss term, for display.
    """

    image: Tensor
    carry: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    losses: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    steps: int = 0

    def __post_init__(self) -> None:
        _check(self.image, "image", 3, "float32")

    def __repr__(self) -> str:
        return f"Painted({tuple(self.image.shape)}, carry={sorted(self.carry)}, steps={self.steps})"
