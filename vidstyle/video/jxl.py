"""What JPEG XL files say in their headers (ISO/IEC 18181-1): size and orientation."""

from __future__ import annotations

import struct

JXL = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"  # how files begin, without boxes and with them
_RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


def jxl_size(data: bytes) -> tuple[int, int, int]:
    """(width, height, orientation as in EXIF) of a file. Raises ValueError, struct.error."""
    bits = _Bits(data if data.startswith(JXL[0]) else _codestream(data))
    small = bits.read(1)
    height = 8 * (1 + bits.read(5)) if small else bits.size()
    ratio = _RATIOS[bits.read(3)]
    if ratio is not None:
        width = height * ratio[0] // ratio[1]
    else:
        width = 8 * (1 + bits.read(5)) if small else bits.size()
    simple = bits.read(1) or not bits.read(1)
    return width, height, 1 if simple else 1 + bits.read(3)


def _codestream(data: bytes) -> bytes:
    """The beginning of it, which lies in a box."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"jxlc", b"jxlp"):
            return data[at + 8 + 4 * (kind == b"jxlp") :][:64]
        if size < 8:
            break
        at += size
    raise ValueError("the header is damaged")


class _Bits:
    """Reads numbers from the lowest bit on, behind the signature."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data[2:34], "little")

    def read(self, count: int) -> int:
        found = self._bits & ((1 << count) - 1)
        self._bits >>= count
        return found

    def size(self) -> int:
        """A side that is no small multiple of eight."""
        return 1 + self.read((9, 13, 18, 30)[self.read(2)])
