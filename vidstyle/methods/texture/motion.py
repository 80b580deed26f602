"""A made-up motion for what is filmed nowhere: a slow swirl that ends as it began."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vidstyle.flow.pair import FlowSource
from vidstyle.types import Flow, Frame

# Waves of the stream function: periods (half periods between walls) across and down, and a phase in turns.
_WAVES = ((1, 1, 0.0), (1, -2, 0.31), (2, 1, 0.62), (2, -1, 0.17), (1, 2, 0.83))
_BETWEEN_WALLS = ((1, 1, 0.0), (2, 1, 0.31), (1, 2, 0.62), (2, 3, 0.17), (3, 2, 0.83))


@dataclass(frozen=True)
class Motion(FlowSource):
    """Flow along v = (∂ψ/∂y, −∂ψ/∂x), which moves everything and compresses nothing.

    width, height: of the frames, in pixels. count: of the frames; then all moves as at first again.
    speed: root mean square of |v|, in pixels per frame, at the start.
    wraps: whether the motion goes on at the opposite border; else nothing crosses a border.
    """

    width: int
    height: int
    count: int
    speed: float
    wraps: bool

    def between(self, target: Frame, source: Frame) -> tuple[Flow, np.ndarray]:
        """See `FlowSource.between`. The first frame also comes after the last one: as such it is faded in.

        The nearest frame's weight is what that leaves; `long_term` gives the first frame the rest.
        """
        nearest = target.index - source.index == 1
        when = source.index if nearest else self.count
        vectors = self.vectors(target.index, when)
        weight = np.full((1, self.height, self.width), self._kept(target.index) if nearest else 1, np.float32)
        return Flow(vectors, source=source.index, target=target.index), weight

    def backs(self, index: int) -> list[int]:
        """How many frames back lie those that frame `index` keeps to: the one before, maybe the first."""
        return [1] if self._kept(index) == 1 or index < 2 else [1, index]

    @property
    def reach(self) -> int:
        return self.count

    def _kept(self, index: int) -> float:
        """Share of the frame before in frame `index`.

        Over the second half the first frame comes back, by as much in every frame: it is all there again
        after the last one, if the share of what was before falls from 1 to 0 evenly.
        """
        left = self.count - index
        return 1.0 if left >= self.count // 2 else left / (left + 1)

    def vectors(self, start: float, end: float) -> np.ndarray:
        """Where what is at each pixel at time `start` lies at time `end`: float32 (2, H, W), in pixels."""
        x, y = np.meshgrid(np.arange(self.width, dtype=np.float32), np.arange(self.height, dtype=np.float32))
        place: np.ndarray = np.stack([x, y])
        steps = max(1, math.ceil(abs(end - start)))
        step = (end - start) / steps
        for number in range(steps):  # the midpoint rule
            now = start + number * step
            middle = place + step / 2 * self.velocity(place, now)
            place = place + step * self.velocity(middle, now + step / 2)
        if not self.wraps:  # what the rule's error carries over the border
            limit = np.array([self.width - 1, self.height - 1], np.float32)[:, None, None]
            place = place.clip(0, limit)
        return (place - np.stack([x, y])).astype(np.float32)

    def velocity(self, place: np.ndarray, time: float) -> np.ndarray:
        """v at places (2, ...), (x, y) in pixels: as `place`, in pixels per frame."""
        total = np.zeros_like(place)
        for k, m, phase in self._waves:
            turn = 2 * math.pi * (time / self.count + phase)
            if self.wraps:
                # ψ = cos(kx + my + turn)
                slope = -np.sin(k * place[0] + m * place[1] + turn)
                total += np.stack([m * slope, -k * slope])
            else:
                # ψ = cos(turn) sin(kx) sin(my), which is 0 along the borders
                x, y, size = k * place[0], m * place[1], math.cos(turn)
                total += size * np.stack([m * np.sin(x) * np.cos(y), -k * np.cos(x) * np.sin(y)])
        return total * np.float32(self._scale)

    @property
    def _waves(self) -> list[tuple[float, float, float]]:
        """Radians per pixel across and down, and the phase, of every wave."""
        if self.wraps:
            across, down, waves = 2 * math.pi / self.width, 2 * math.pi / self.height, _WAVES
        else:
            across, down, waves = math.pi / (self.width - 1), math.pi / (self.height - 1), _BETWEEN_WALLS
        return [(k * across, m * down, phase) for k, m, phase in waves]

    @property
    def _scale(self) -> float:
        """Of ψ, so that `speed` is reached; from the sum of the squares, as the waves are orthogonal."""
        share = (lambda phase: 1 / 2) if self.wraps else lambda phase: math.cos(2 * math.pi * phase) ** 2 / 4
        return self.speed / math.sqrt(sum(share(phase) * (k * k + m * m) for k, m, phase in self._waves))
