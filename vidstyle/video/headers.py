"""The few facts that picture files say in their headers: size and orientation, without decoding."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import png
from .film_headers import dpx_size, exr_size, film_format, pfm_size, radiance_size, tga_size

_ORIENTATION_TAG = 0x0112
_LIGHT = "is scene-linear; it is painted as sRGB, with what is brighter than 1 as white"


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """Size as stored, the EXIF orientation (1..8) that makes it upright, and whether it is one of several.

    remark: what of it is not painted as it was meant.
    """

    format: str
    width: int
    height: int
    orientation: int = 1
    animated: bool = False
    remark: str | None = None

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) after the orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def picture_format(head: bytes, suffix: str = "") -> str | None:
    """Which picture format these first bytes (18 or more) belong to; None if none that is known.

    suffix: in lower case; TGA is known by nothing else.
    """
    if head.startswith(png.SIGNATURE):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] == b"BM":
        return "bmp"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "pnm"
    return film_format(head, suffix)


def plays(path: Path) -> bool:
    """Whether this is a PNG or WebP file that shows more than one picture, by its beginning."""
    if png_frames(path) > 1:
        return True
    with suppress(OSError), path.open("rb") as file:
        head = file.read(32)
        return (
            picture_format(head) == "webp"
            and head[12:16] == b"VP8X"
            and len(head) > 20
            and bool(head[20] & 2)
        )
    return False


def png_frames(path: Path) -> int:
    """How many frames an animated PNG announces; 0 for any other file."""
    with suppress(OSError), path.open("rb") as file:
        if file.read(len(png.SIGNATURE)) == png.SIGNATURE:
            return png.frame_count(file)
    return 0


def read_header(data: bytes, suffix: str = "") -> PictureHeader:
    """The header of a whole picture file; suffix: of its name, see `picture_format`.

    Raises ValueError with a few words on what is wrong: an unknown format, a damaged or cut file.
    """
    readers = {"png": _png, "jpeg": _jpeg, "tiff": _tiff, "webp": _webp, "bmp": _bmp, "pnm": _pnm}
    readers |= {"tga": _tga, "dpx": _dpx, "exr": _exr, "hdr": _radiance, "pfm": _pfm}
    kind = picture_format(data[:18], suffix)
    if kind is None:
        raise ValueError("not a picture in a known format")
    try:
        header = readers[kind](data)
    except (struct.error, IndexError) as error:
        raise ValueError("the header is damaged") from error
    if header.width <= 0 or header.height <= 0:
        raise ValueError("the header gives no size")
    return header


def _png(data: bytes) -> PictureHeader:
    width = height = 0
    orientation, animated, begun = 1, False, False
    for kind, chunk in png.chunks(data):
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", chunk, 8)
        elif kind == b"eXIf":
            orientation = _exif_orientation(bytes(chunk[8:-4]))
        begun = begun or kind == b"IDAT"
        if kind == b"acTL" and not begun:
            animated = struct.unpack_from(">I", chunk, 8)[0] > 1
    return PictureHeader("png", width, height, orientation, animated)


def _jpeg(data: bytes) -> PictureHeader:
    position, orientation, size = 2, 1, (0, 0)
    while True:
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        (length,) = struct.unpack_from(">H", data, position + 1)
        body = data[position + 3 : position + 1 + length]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _exif_orientation(body[6:])
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", body, 1)
            size = (width, height)
        elif marker == 0xDA:
            if data.rfind(b"\xff\xd9") < position:
                raise ValueError("the file is cut short")
            return PictureHeader("jpeg", *size, orientation)
        position += 1 + length


def _tiff(data: bytes) -> PictureHeader:
    entries = _tiff_entries(data)
    width, height = entries.get(256, 0), entries.get(257, 0)
    return PictureHeader("tiff", width, height, _valid(entries.get(_ORIENTATION_TAG, 1)))


def _webp(data: bytes) -> PictureHeader:
    width = height = 0
    orientation, animated = 1, False
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data) + 1:
        raise ValueError("the file is cut short")
    for kind, body in _webp_chunks(data):
        if kind == b"VP8X":
            animated = bool(body[0] & 2)
            width = 1 + int.from_bytes(body[4:7], "little")
            height = 1 + int.from_bytes(body[7:10], "little")
        elif kind == b"VP8 " and not width:
            width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", body, 6))
        elif kind == b"VP8L" and not width:
            bits = int.from_bytes(body[1:5], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        elif kind == b"EXIF":
            orientation = _exif_orientation(body.removeprefix(b"Exif\0\0"))
    return PictureHeader("webp", width, height, orientation, animated)


def webp_durations(data: bytes) -> list[int]:
    """Of the frames of an animated WebP, in milliseconds."""
    return [int.from_bytes(body[12:15], "little") for kind, body in _webp_chunks(data) if kind == b"ANMF"]


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 12
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        yield kind, data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _bmp(data: bytes) -> PictureHeader:
    if struct.unpack_from("<I", data, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return PictureHeader("bmp", width, abs(height))


def _pnm(data: bytes) -> PictureHeader:
    lines = [line.split(b"#")[0] for line in data[:4096].split(b"\n")]
    words = b" ".join(lines).split()
    try:
        return PictureHeader("pnm", int(words[1]), int(words[2]))
    except ValueError as error:
        raise ValueError("the header is damaged") from error


def _tga(data: bytes) -> PictureHeader:
    return PictureHeader("tga", *tga_size(data))


def _dpx(data: bytes) -> PictureHeader:
    width, height, logarithmic = dpx_size(data)
    remark = "is logarithmic; it is painted as it is encoded" if logarithmic else None
    return PictureHeader("dpx", width, height, remark=remark)


def _exr(data: bytes) -> PictureHeader:
    return PictureHeader("exr", *exr_size(data), remark=_LIGHT)


def _radiance(data: bytes) -> PictureHeader:
    return PictureHeader("hdr", *radiance_size(data), remark=_LIGHT)


def _pfm(data: bytes) -> PictureHeader:
    return PictureHeader("pfm", *pfm_size(data), remark=_LIGHT)


def _exif_orientation(tiff: bytes) -> int:
    try:
        return _valid(_tiff_entries(tiff).get(_ORIENTATION_TAG, 1))
    except struct.error:
        return 1  # Broken EXIF is common and says nothing about the picture.


def _valid(orientation: int) -> int:
    return orientation if 1 <= orientation <= 8 else 1


def _tiff_entries(data: bytes) -> dict[int, int]:
    """The single-number SHORT and LONG entries of the first directory of a TIFF structure."""
    order = "<" if data[:2] == b"II" else ">"
    (offset,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, offset)
    entries: dict[int, int] = {}
    for index in range(count):
        at = offset + 2 + 12 * index
        tag, kind, number = struct.unpack_from(order + "HHI", data, at)
        if number == 1 and kind in (3, 4):
            (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, at + 8)
            entries.setdefault(tag, value)  # libtiff takes the first as well
    return entries
