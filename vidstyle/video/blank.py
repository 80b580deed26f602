"""A clip that shows nothing: for what is made from no clip at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..types import Frame
from .clip import Clip
from .colour import SRGB_PICTURE
from .sequences import DEFAULT_RATE


class BlankClip(Clip):
    """Frames of one grey, `width` x `height` pixels; a still if there is but one."""

    def __init__(self, width: int, height: int, count: int, fps: Fraction | None = None) -> None:
        rate, still = fps or DEFAULT_RATE, count == 1
        super().__init__(
            path=Path("<blank>"),
            kind="still" if still else "sequence",
            width=width,
            height=height,
            bit_depth=8,
            frame_rate=None if still else rate,
            time_base=1 / rate,
            frame_count=count,
            frame_count_exact=True,
            duration_seconds=None if still else count / rate,
            has_alpha=False,
            color=SRGB_PICTURE,
            filmed=False,
        )
        self._pixels = np.full((3, height, width), 128, np.uint8)
        self._count = count

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for index in range(self._count)[start:stop]:
            yield Frame(self._pixels, index, index, self.time_base, 1)

    def digest(self) -> str:
        return hashlib.sha256(f"blank {self.width}x{self.height} {self._count}".encode()).hexdigest()
