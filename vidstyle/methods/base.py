"""The contract that every painting method keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from vidstyle.attributes.given import Given
from vidstyle.errors import UsageError
from vidstyle.features.vgg import VGG
from vidstyle.optimize import Observer
from vidstyle.types import Draft, Notice, Painted, Prior


class Method(Protocol):
    """Paints one frame at a time. Made once per job from its features, exemplars and options.

    A method keeps nothing between calls that changes a result: what the next frame needs goes through
    `Painted.carry`, which is stored, so that a resumed run equals an uninterrupted one.
    """

    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """Paint `content`, float32 (3, H, W) in [0, 1].

        priors: earlier painted frames, warped into this one, nearest first; none at a shot's start. Where
            several see a pixel their weights add up to at most 1.
        draft: this frame as the pass before left it; None in the first pass.
        seed: of everything random in this call. Same arguments, same result; the arguments are not changed.
        """
        ...

    def foretell(self, height: int, width: int, device: torch.device) -> tuple[float, float]:
        """Seconds that a shot's first frame and a later frame will take at this size, by timing a little."""
        ...


@runtime_checkable
class Guided(Method, Protocol):
    """A method that paints regions of a frame by regions of its exemplars."""

    def guided(self, where: Tensor) -> Method:
        """The same painter, for a frame whose regions are `where`.

        where: float32 (R, H, W), how much of each pixel belongs to each region.
        """
        ...

    def small(self, where: Tensor) -> Mapping[int, str]:
        """The regions that are too small to be guided at some layers, and the first of these."""
        ...


@dataclass(frozen=True)
class Materials:
    """What methods are made from, on the device.

    network: makes the feature network with "max" or "average" pooling. weights: their kind, as in
    `features.weights.Source`; digest: theirs.
    exemplars: the pictures to learn from, float32 (3, H, W) in [0, 1], at their own sizes.
    init: the picture that the options name as a start, likewise. given: what an edit is made from; None for
    other methods. notice: takes lines for the user. observer: is shown every step of every search.
    regions: of each exemplar, float32 (R, h, w) of any size, how much of each pixel belongs to each region;
    none where there are none.
    """

    network: Callable[[str], VGG]
    weights: str
    digest: str
    exemplars: Sequence[Tensor]
    init: Tensor | None
    notice: Notice
    given: Given | None = None
    observer: Observer | None = None
    regions: Sequence[Tensor] = ()


@dataclass(frozen=True)
class Kind:
    """A method: the dataclass of its options, and how it is made from materials and such options.

    least, most: how many pictures it learns from; None is any number.
    """

    options: type[Any]
    prepare: Callable[[Materials, Any], Method]
    least: int = 1
    most: int | None = None

    def check_exemplars(self, name: str, count: int) -> None:
        """Raise UsageError where this is not a number of pictures that the method, so called, learns from."""
        if count < self.least:
            raise UsageError("give at least one style picture")
        if self.most is not None and count > self.most:
            raise UsageError(f"{name} takes {'one' if self.most else 'no'} exemplar, not {count}")
