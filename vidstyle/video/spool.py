"""Frames kept on the disk for a format that needs to know all of them before it is written."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np

from .pictures import decode_png, encode_png
from .transparency import is_transparent


class Spool:
    """Frames on the disk, losslessly, to be read as often as a format needs: memory holds one of them.

    Iterates over (delay in seconds, pixels (3, H, W), alpha (1, H, W)). alpha is None for all where no frame
    is transparent. last: the delay of the last one; size: their (width, height).
    """

    _LENGTHS = struct.Struct("<qqI")

    def __init__(self, path: Path) -> None:
        self._path, self._count, self._transparent = path, 0, False
        self._file = path.open("x+b")

    def append(self, delay: Fraction, pixels: np.ndarray, alpha: np.ndarray | None) -> None:
        """Raises OSError."""
        self._count += 1
        self.last, self.size = delay, (pixels.shape[2], pixels.shape[1])
        self._transparent |= is_transparent(alpha)
        data = encode_png(pixels, alpha)
        self._file.write(self._LENGTHS.pack(delay.numerator, delay.denominator, len(data)) + data)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[Fraction, np.ndarray, np.ndarray | None]]:
        self._file.seek(0)
        for _ in range(self._count):
            above, below, length = self._LENGTHS.unpack(self._file.read(self._LENGTHS.size))
            pixels, alpha = decode_png(self._file.read(length))
            if not self._transparent:
                alpha = None
            elif alpha is None:
                alpha = np.full_like(pixels[:1], np.iinfo(pixels.dtype).max)
            yield Fraction(above, below), pixels, alpha

    def remove(self) -> None:
        """Give the disk back."""
        with suppress(OSError):  # a full disk has been told of already
            self._file.close()
        self._path.unlink(missing_ok=True)
