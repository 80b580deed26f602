"""PNG files chunk by chunk: whether one is whole, and what of it its pixels need.

libpng decodes, but prints complaints, of its own accord and where nobody can catch them; and memory is taken
for the size that a file claims before it looks for the pixels. So a file is looked through beforehand.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 1000  # that are gone through to learn whether a file is animated
_LONGEST_SIDE = 1_000_000  # of libpng
_PIECE = 2**20  # bytes that are unpacked at a time
_LARGEST_PROFILE = 2**22
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTE, GREYS = 3, (0, 4)
# Adam7: the first column and row of a pass, and the steps from one to the next.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(type, whole chunk) in turn; raises ValueError where a checksum is wrong or the end is missing."""
    view, position = memoryview(data), len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        if position + 12 > len(data):
            raise ValueError("the file is cut short")
        length, kind = struct.unpack_from(">I4s", view, position)
        end = position + 8 + length
        if end + 4 > len(data):
            raise ValueError("the file is cut short")
        if zlib.crc32(view[position + 4 : end]) != struct.unpack_from(">I", view, end)[0]:
            raise ValueError("a checksum is wrong, the file is damaged")
        yield kind, view[position : end + 4]
        position = end + 4


def frame_count(file: BinaryIO) -> int:
    """How many frames a PNG file announces, as an animation does before its pixels; 0 for a still.

    file: behind its signature. What is damaged counts as a still: its reader will tell.
    """
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IDAT":
            break
        if head[4:] == b"acTL":
            return int.from_bytes(file.read(4), "big")
        file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)
    return 0


def profile(body: bytes) -> bytes:
    """The colour profile that an iCCP chunk holds, as far as it can be unpacked."""
    _, _, packed = body.partition(b"\0")
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(packed[1:], _LARGEST_PROFILE)
    return b""


def plain_png(data: bytes) -> bytes:
    """A PNG file's contents without the chunks that its pixels do not need, each of which may be a trap.

    Raises ValueError where libpng would complain: chunks out of order, pixels that are too few or too many.
    """
    needed: list[memoryview] = []
    reader: _Reader | None = None
    dropped = False
    for kind, chunk in chunks(data):
        body = chunk[8:-4]
        if reader is None:
            if kind != b"IHDR":
                raise ValueError("its header is missing")
            reader = _Reader(_Layout.read(body))
        elif not reader.takes(kind, body):
            dropped = True
            continue
        needed.append(chunk)
    return SIGNATURE + b"".join(needed) if dropped else data


@dataclass(frozen=True)
class _Layout:
    """How the pixels are stored."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    @classmethod
    def read(cls, body: memoryview) -> _Layout:
        if len(body) != 13:
            raise ValueError("the header is damaged")
        width, height, depth, colour, packing, filtering, interlaced = struct.unpack(">IIBBBBB", body)
        fits = depth in _DEPTHS.get(colour, ()) and packing == filtering == 0 and interlaced <= 1
        if not fits or not (0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE):
            raise ValueError("the header is damaged")
        return cls(width, height, depth, colour, bool(interlaced))

    def parts(self) -> Iterator[tuple[int, int]]:
        """(rows, bytes in a row with the filter before it) of each pass."""
        for column, row, across, down in _PASSES if self.interlaced else ((0, 0, 1, 1),):
            width, height = -(-(self.width - column) // across), -(-(self.height - row) // down)
            if width > 0 and height > 0:
                yield height, 1 + (width * self.depth * _CHANNELS[self.colour] + 7) // 8


class _Reader:
    """Follows the chunks of one file."""

    def __init__(self, layout: _Layout) -> None:
        self._layout = layout
        self._colours = 0
        self._begun = self._transparent = False
        self._rows = _Rows(layout)

    def takes(self, kind: bytes, body: memoryview) -> bool:
        """Whether the pixels need this chunk. Raises ValueError where it should not be there."""
        match kind:
            case b"PLTE":
                self._palette(body)
            case b"IDAT":
                if self._layout.colour == _PALETTE and not self._colours:
                    raise ValueError("its palette is missing")
                self._begun = True
                self._rows.feed(body)
            case b"IEND":
                self._rows.finish()
                if body:
                    raise ValueError("its end is damaged")
            case b"tRNS":
                return self._transparency(body)
            case _:
                if kind[:1].isupper():
                    raise ValueError("it has parts that are unknown")
                return False
        return True

    def _palette(self, body: memoryview) -> None:
        count, rest = divmod(len(body), 3)
        most = 2**self._layout.depth if self._layout.colour == _PALETTE else 256
        if self._colours or self._begun or rest or not 0 < count <= most or self._layout.colour in GREYS:
            raise ValueError("its palette is damaged")
        self._colours = count

    def _transparency(self, body: memoryview) -> bool:
        """Whether it is one that can be meant; the others are no reason to refuse a picture."""
        colour = self._layout.colour
        length = {0: (2,), 2: (6,), _PALETTE: range(1, self._colours + 1)}.get(colour, ())
        good = len(body) in length and not (self._begun or self._transparent)
        self._transparent = self._transparent or good
        return good


class _Rows:
    """Unpacks the pixels, without keeping them."""

    def __init__(self, layout: _Layout) -> None:
        self._parts = list(layout.parts())
        self._at = 0  # bytes into the first of the parts
        self._stream = zlib.decompressobj()

    def feed(self, packed: memoryview | bytes) -> None:
        rest = bytes(packed)
        try:
            while rest or not packed:
                piece = self._stream.decompress(rest, _PIECE)
                rest = self._stream.unconsumed_tail
                self._check(piece)
                if not rest and len(piece) < _PIECE:
                    break
        except zlib.error as error:
            raise ValueError("its pixels are damaged") from error
        if self._stream.unused_data:
            raise ValueError("its pixels are damaged")

    def finish(self) -> None:
        if self._parts or not self._stream.eof:
            raise ValueError("some of its pixels are missing, the file is damaged")

    def _check(self, piece: bytes) -> None:
        """That every row begins with the number of a filter, and there are no more rows than expected."""
        values = np.frombuffer(piece, np.uint8)
        while len(values):
            if not self._parts:
                raise ValueError("it has more pixels than it should")
            rows, length = self._parts[0]
            some = values[: rows * length - self._at]
            if (some[-self._at % length :: length] > 4).any():
                raise ValueError("its pixels are damaged")
            values, self._at = values[len(some) :], self._at + len(some)
            if self._at == rows * length:
                del self._parts[0]
                self._at = 0
