"""What HEIC and AVIF files say of the picture that they show (ISO/IEC 23008-12), in boxes within boxes."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_STILLS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif"})
_FILMS = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"msf1", b"avis"})
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_MIRRORS = {None: (1, 8, 3, 6), 0: (4, 5, 2, 7), 1: (2, 7, 4, 5)}  # EXIF orientations by quarter turns


@dataclass(frozen=True, slots=True)
class HeifPicture:
    """kind: of its coding, "hvc1", "av01" or, in tiles, "grid"; number: of the item; size: as stored.

    orientation: see `PictureHeader`. transparent: whether another item holds its transparency.
    """

    kind: str
    number: int
    size: tuple[int, int]
    orientation: int = 1
    transparent: bool = False
    profile: bytes | None = field(default=None, repr=False)

    @property
    def in_tiles(self) -> bool:
        """Whether it has to be put together from others."""
        return self.kind in ("grid", "iovl", "iden", "tmap")


def is_heif(head: bytes) -> bool:
    """Whether a file that begins so is a HEIC or AVIF file, of a picture or of several."""
    return head[4:8] == b"ftyp" and head[8:12] in _STILLS | _FILMS


def is_avif(data: bytes) -> bool:
    """Whether the pictures in a file are coded as AV1, and not as HEVC."""
    return b"avif" in data[8 : max(16, min(256, int.from_bytes(data[:4], "big")))]


def is_film(head: bytes) -> bool:
    """Whether a HEIC or AVIF file that begins so shows several pictures."""
    return head[4:8] == b"ftyp" and head[8:12] in _FILMS


def heif_picture(data: bytes) -> HeifPicture:
    """The one that a file shows. Raises ValueError, struct.error, IndexError."""
    meta = dict(_boxes(_only(dict(_boxes(data)), b"meta")[4:]))
    number, properties = _number(_only(meta, b"pitm")), _only(meta, b"iprp")
    own = list(_properties(properties, number))
    found = dict(reversed(own))  # the first of each
    mirror = found[b"imir"][0] & 1 if b"imir" in found else None
    turns = found[b"irot"][0] & 3 if b"irot" in found else 0
    colours = (body[4:] for name, body in own if name == b"colr" and body[:4] in (b"prof", b"rICC"))
    helpers = [helper for helper, helped in _auxiliary(meta.get(b"iref", bytes(4))) if helped == number]
    return HeifPicture(
        dict(_kinds(_only(meta, b"iinf"))).get(number, b"").decode("latin-1"),
        number,
        struct.unpack_from(">II", _only(found, b"ispe"), 4),
        _MIRRORS[mirror][turns],
        any(_is_alpha(properties, helper) for helper in helpers),
        next(colours, None),
    )


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, contents) one after the other."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        begin = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, begin)
            begin += 8
        end = at + size if size else len(data)
        if end < begin:
            raise ValueError("the header is damaged")
        yield kind, data[begin:end]
        at = end


def _only(boxes: Mapping[bytes, bytes], kind: bytes) -> bytes:
    if kind not in boxes:
        raise ValueError("it shows no picture" if kind in (b"meta", b"pitm") else "the header is damaged")
    return boxes[kind]


def _number(body: bytes) -> int:
    """Of an item, behind the version of its box, by which it is long."""
    (number,) = struct.unpack_from(">I" if body[0] else ">H", body, 4)
    return int(number)


def _kinds(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, type) of every item."""
    for name, entry in _boxes(body[8 if body[0] else 6 :]):
        if name == b"infe" and entry[0] >= 2:
            long = entry[0] == 3
            (number,) = struct.unpack_from(">I" if long else ">H", entry, 4)
            at = 10 if long else 8
            yield number, entry[at : at + 4]


def _properties(body: bytes, number: int) -> Iterator[tuple[bytes, bytes]]:
    """(type, contents) of those that belong to an item, in their order."""
    parts = list(_boxes(body))
    held = list(_boxes(_only(dict(parts), b"ipco")))
    for name, entries in parts:
        if name == b"ipma":
            for item, indices in _associations(entries):
                if item == number:
                    yield from (held[index - 1] for index in indices if 0 < index <= len(held))


def _associations(body: bytes) -> Iterator[tuple[int, list[int]]]:
    version, flags = body[0], body[3]
    (count,) = struct.unpack_from(">I", body, 4)
    at, size = 8, 2 if flags & 1 else 1
    for _ in range(count):
        (number,) = struct.unpack_from(">I" if version else ">H", body, at)
        at += 4 if version else 2
        each = [
            int.from_bytes(body[i : i + size], "big") for i in range(at + 1, at + 1 + size * body[at], size)
        ]
        yield number, [index & (0x7FFF if size == 2 else 0x7F) for index in each]
        at += 1 + size * body[at]


def _is_alpha(properties: bytes, number: int) -> bool:
    """Whether an auxiliary item is transparency, and not depth or what only some screens show."""
    return any(
        name == b"auxC" and body[4:].startswith(_ALPHA) for name, body in _properties(properties, number)
    )


def _auxiliary(body: bytes) -> Iterator[tuple[int, int]]:
    """(item, another that it belongs to)."""
    size = 4 if body[0] else 2
    for name, entry in _boxes(body[4:]):
        if name == b"auxl":
            for at in range(size + 2, len(entry) - size + 1, size):
                yield int.from_bytes(entry[:size], "big"), int.from_bytes(entry[at : at + size], "big")
