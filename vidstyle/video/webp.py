"""Animated WebP: ordinary WebP pictures in one file, each with its time."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

from .pictures import picture_bytes
from .spool import Spool

_ANIMATED, _TRANSPARENT = 0x02, 0x10
_NOT_BLENDED = 0x02
_HEADER = 12  # bytes before a file's first chunk
_MOST = 2**32 - 2  # bytes after its first eight


def write_webp(path: Path, frames: Spool, plays: int) -> None:
    """With the quality of stills; every frame is a whole one.

    plays: 0 is for ever. Raises OSError.
    """
    with path.open("wb") as file:
        for place, (delay, pixels, alpha) in enumerate(frames):
            size = _three(pixels.shape[2] - 1) + _three(pixels.shape[1] - 1)
            if place == 0:
                flags = _ANIMATED | (0 if alpha is None else _TRANSPARENT)
                file.write(b"RIFF\0\0\0\0WEBP" + _chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size))
                file.write(_chunk(b"ANIM", struct.pack("<IH", 0, min(plays, 65535))))
            still = picture_bytes(Path("frame.webp"), pixels, alpha)[_HEADER:]
            if still.startswith(b"VP8X"):  # says once more how large the picture is
                still = still[18:]
            lasts = _three(min(round(delay * 1000), 2**24 - 1))
            file.write(_chunk(b"ANMF", bytes(6) + size + lasts + bytes([_NOT_BLENDED]) + still))
            if file.tell() - 8 > _MOST:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        length = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", length))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")
