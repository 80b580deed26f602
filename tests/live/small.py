"""What the tests of live painting share: looks that nobody has taught, clips that move, and a window."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from tests.methods.student.small import TINY
from vidstyle.image.convert import to_uint8
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import look_of, write_look
from vidstyle.looks.network import Student


def untaught(seed: int) -> Brush:
    torch.manual_seed(seed)
    look = look_of(Student(TINY), [torch.rand(3, 32, 32)], {})
    return Brush(look, torch.device("cpu"), torch.float32)


def write_untaught(path: Path, seed: int = 1) -> Path:
    torch.manual_seed(seed)
    write_look(path, look_of(Student(TINY), [torch.rand(3, 32, 32)], {}))
    return path


def pan(count: int, height: int = 96, width: int = 128, speed: int = 3, seed: int = 0) -> list[np.ndarray]:
    """Frames uint8 (H, W, 3) of a window that moves to the right over smooth colours, by whole pixels."""
    random = torch.Generator().manual_seed(seed)
    size = height, width + speed * count
    cells = torch.rand(1, 3, -(-size[0] // 8), -(-size[1] // 8), generator=random)
    wide = torch.nn.functional.interpolate(cells, size, mode="bicubic")[0].clamp(0, 1)
    pixels = to_uint8(wide).transpose(1, 2, 0)
    return [np.ascontiguousarray(pixels[:, speed * k : speed * k + width]) for k in range(count)]


class FakeClock:
    """Time that passes by being waited for."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class FakeWindow:
    """A window in which keys are pressed, by how many pictures it has shown; each takes `seconds`."""

    def __init__(
        self, keys: Mapping[int, str] | None = None, clock: FakeClock | None = None, seconds: float = 0.0
    ) -> None:
        self.keys, self.clock, self.seconds = keys or {}, clock, seconds
        self.shown: list[np.ndarray] = []
        self.closed = False

    def show(self, picture: np.ndarray) -> str | None:
        self.shown.append(picture)
        if self.clock is not None:
            self.clock.time += self.seconds
        return self.keys.get(len(self.shown))

    def close(self) -> None:
        self.closed = True
