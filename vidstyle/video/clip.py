"""What every clip offers, whether it comes from a video file or from pictures."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from ..plain import plain_size
from ..types import Frame
from .colour import ColorInfo

SEEK_DISTANCE = 50  # frames from one seek point to the next
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """A stream of the source other than the picture; kind is "audio", "subtitle", "data", "video"..."""

    index: int
    kind: str
    codec: str
    language: str | None = None
    title: str | None = None

    def __str__(self) -> str:
        words = [self.kind, f"track {self.index}", f"({self.codec})"]
        return " ".join(words + [f"[{self.language}]"] * bool(self.language))


@dataclass(eq=False)
class Clip(ABC):
    """A source of frames that can be read again and again, by several readers at once.

    width, height: as displayed: upright, with square pixels.
    bit_depth: bits per channel of the source (8, 10, 12, 16); frames come as uint8 or, above 8, uint16.
    frame_rate: frames per second, the average where it varies; None for a still.
    time_base: seconds, the unit of the frames' pts and duration.
    frame_count: None where the source does not say; an estimate unless `frame_count_exact`.
    notices: one line for each thing that a reader of frames had to make do with.
    numbers: of its frames, ascending, where they have others than their places from 0.
    filmed: whether it shows anything, and does not only say how large and how long what is made will be.
    seek_points: pts of some frames by their indices, noted where they are read, by which `frames` finds
        others without decoding all that lies before. Those of an earlier process may be added.
    """

    path: Path
    kind: Literal["video", "still", "sequence"]
    width: int
    height: int
    bit_depth: int
    frame_rate: Fraction | None
    time_base: Fraction
    frame_count: int | None
    frame_count_exact: bool
    duration_seconds: Fraction | None
    has_alpha: bool
    color: ColorInfo
    streams: tuple[StreamInfo, ...] = ()
    notices: list[str] = field(default_factory=list)
    seek_points: dict[int, int] = field(default_factory=dict)
    filmed: bool = True
    numbers: Sequence[int] = ()

    @abstractmethod
    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames [start, stop) in presentation order, streaming: memory does not grow with the clip.

        pts strictly increases; pts and duration are those of the source, exactly.
        Raises MediaError where a picture cannot be read; a stream that breaks off ends there, with a notice.
        """

    @abstractmethod
    def digest(self) -> str:
        """A fast fingerprint (hex): equal for equal sources, wherever they lie."""

    def excess(self, index: int) -> np.ndarray | None:
        """By how much the light of this frame is brighter than 1, as `read_excess` has it; mostly None."""
        return None

    def number(self, index: int) -> int:
        """Of the frame at this place."""
        return self.numbers[index] if self.numbers else index

    def position(self, number: int) -> int:
        """The place of the frame of this number, or else of the next one."""
        return bisect_left(self.numbers, number) if self.numbers else number

    def notice(self, line: str) -> None:
        """Record a notice, once."""
        if line not in self.notices:
            self.notices.append(line)


def file_digest(path: Path) -> bytes:
    """sha256 over the size and the head, the tail and evenly spaced blocks of a file."""
    size = plain_size(path)
    digest = hashlib.sha256(str(size).encode())
    blocks = 16
    step = max(_BLOCK, (size - _BLOCK) // (blocks - 1))
    with path.open("rb") as file:
        for offset in sorted({*range(0, max(size, 1), step), max(0, size - _BLOCK)}):
            file.seek(offset)
            digest.update(file.read(_BLOCK))
    return digest.digest()
