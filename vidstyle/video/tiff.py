"""The directory of a TIFF file (TIFF 6.0, and BigTIFF): what it says, and the same file with another one."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION, SAMPLES, PLANAR = 256, 257, 258, 262, 274, 277, 284
EXTRA_SAMPLES, PROFILE = 338, 34675
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK, CIELAB = 0, 1, 2, 5, 8  # photometric interpretations


@dataclass(frozen=True)
class Entry:
    """One statement: the type of its values, how many there are, and their bytes."""

    kind: int
    count: int
    body: bytes


@dataclass(frozen=True)
class Directory:
    """The first directory of a file. order: < or >; big: whether it is a BigTIFF."""

    order: str
    big: bool
    entries: Mapping[int, Entry]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The whole numbers that stand under a tag; none where there are no such."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _NUMBERS:
            return ()
        return struct.unpack(f"{self.order}{entry.count}{_NUMBERS[entry.kind]}", entry.body)

    def number(self, tag: int, default: int = 0) -> int:
        """The first of them."""
        return next(iter(self.numbers(tag)), default)

    def short(self, *values: int) -> Entry:
        """These numbers, of 16 bits, as an entry."""
        return Entry(3, len(values), struct.pack(f"{self.order}{len(values)}H", *values))

    @property
    def words(self) -> tuple[str, str, int]:
        """The types of the number of entries and of an offset, and how long an offset is."""
        return ("Q", "Q", 8) if self.big else ("H", "I", 4)

    def written(self, data: bytes) -> bytes:
        """The file `data` with this directory instead of its own, at its end."""
        count, offset, length = self.words
        start = len(data) + len(data) % 2
        head = 4 + 4 * self.big
        table = struct.pack(self.order + count, len(self.entries))
        more = start + len(table) + (4 + 2 * length) * len(self.entries) + length
        tail = b""
        for tag, entry in sorted(self.entries.items()):
            table += struct.pack(self.order + "HH" + offset, tag, entry.kind, entry.count)
            if len(entry.body) <= length:
                table += entry.body.ljust(length, b"\0")
            else:
                table += struct.pack(self.order + offset, more + len(tail))
                tail += entry.body + bytes(len(entry.body) % 2)
        where = struct.pack(self.order + offset, start)
        whole = data[:head] + where + data[head + length :] + bytes(len(data) % 2)
        return whole + table + bytes(length) + tail


def read_directory(data: bytes) -> Directory:
    """The first directory of a TIFF structure. Raises struct.error where it is cut short.

    What lies outside of the file is left out. Of two entries of one tag libtiff takes the first as well.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    entries: dict[int, Entry] = {}
    directory = Directory(order, big, entries)
    count, offset, length = directory.words
    (at,) = struct.unpack_from(order + offset, data, 4 + 4 * big)
    (total,) = struct.unpack_from(order + count, data, _placed(at))
    at += struct.calcsize(count)
    for _ in range(total):
        tag, kind, number = struct.unpack_from(order + "HH" + offset, data, _placed(at))
        size = _SIZES.get(kind, 0) * number
        where = at + 4 + length
        if size > length:
            (where,) = struct.unpack_from(order + offset, data, where)
        body = data[where : where + size] if size <= len(data) else b""
        if len(body) == size and size:
            entries.setdefault(tag, Entry(kind, number, body))
        at += 4 + 2 * length
    return directory


def _placed(offset: int) -> int:
    if offset >= 2**62:
        raise struct.error("an offset outside of the file")
    return offset


def colour_channels(directory: Directory) -> int:
    """How many channels the colours of a file have, by its photometric interpretation."""
    return {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, CMYK: 4}.get(directory.number(PHOTOMETRIC), 3)
