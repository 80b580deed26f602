"""The size and the device that a job is painted at and on, and what frames look like there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vidstyle.device import to_device
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.image.masks import laid_over
from vidstyle.image.resize import resize
from vidstyle.pipeline.frames import resized
from vidstyle.types import Frame


@dataclass(frozen=True)
class Canvas:
    """height, width: in pixels."""

    height: int
    width: int
    device: torch.device

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)"""
        return self.height, self.width

    def move(self, tensor: Tensor) -> Tensor:
        """The same on the device."""
        return to_device(tensor, self.device)

    def tensor(self, array: np.ndarray) -> Tensor:
        """An array as a tensor on the device."""
        return self.move(torch.from_numpy(array))

    def content(self, frame: Frame) -> Tensor:
        """The frame as painters see it: float32 (3, H, W) in [0, 1]."""
        return self.move(to_float(frame.pixels))

    def scaled(self, frame: Frame) -> Frame:
        """The frame at the size of the result, at no less than its own depth."""
        return resized(frame, self.size)

    def result(self, source: Frame, pixels: np.ndarray, mask: Tensor | None = None) -> Frame:
        """The painted `pixels`, uint16 (3, H, W), with the time and the transparency of `source`.

        mask: float32 (1, H, W) in [0, 1], where they are laid over it; None is everywhere.
        """
        if mask is not None:
            pixels = laid_over(self.scaled(source).pixels, pixels, mask)
        alpha = source.alpha
        if alpha is not None:
            alpha = to_uint16(resize(to_float(alpha), self.size))
        return replace(source, pixels=pixels, alpha=alpha)
