"""Animated PNG: the chunks of ordinary PNGs, one after the other, each frame with its time."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from itertools import count
from pathlib import Path

from .pictures import encode_png
from .png import SIGNATURE, chunks
from .spool import Spool

_LONGEST = 65535  # of both parts of a delay
_NEITHER = bytes(2)  # each frame is a whole one: nothing of it is blended or disposed of


def write_apng(path: Path, frames: Spool, plays: int) -> None:
    """Losslessly, at the depth of the pixels.

    plays: 0 is for ever. Raises OSError.
    """
    numbers = count()  # of all chunks that are not of an ordinary PNG
    with path.open("wb") as file:
        file.write(SIGNATURE)
        for place, (delay, pixels, alpha) in enumerate(frames):
            control = struct.pack(">IIII", next(numbers), pixels.shape[2], pixels.shape[1], 0) + bytes(4)
            control = _chunk(b"fcTL", control + struct.pack(">HH", *_parts(delay)) + _NEITHER)
            begun = False
            for kind, chunk in chunks(encode_png(pixels, alpha)):
                if kind == b"IHDR" and place == 0:
                    file.write(chunk)
                    file.write(_chunk(b"acTL", struct.pack(">II", len(frames), plays)))
                elif kind == b"IDAT":
                    file.write(b"" if begun else control)
                    begun = True
                    data = bytes(chunk[8:-4])
                    number = b"" if place == 0 else struct.pack(">I", next(numbers))
                    file.write(_chunk(b"IDAT" if place == 0 else b"fdAT", number + data))
        file.write(_chunk(b"IEND", b""))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _parts(delay: Fraction) -> tuple[int, int]:
    """Numerator and denominator, exact where they fit."""
    if delay >= 1:  # the numerator is the greater one
        near = 1 / (1 / delay).limit_denominator(_LONGEST) if delay < _LONGEST else Fraction(_LONGEST)
    else:
        near = delay.limit_denominator(_LONGEST)
    return near.numerator, near.denominator
