"""The few facts that picture files say in their headers: size and orientation, without decoding."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from . import png, tiff
from .cut_jpeg import END
from .film_headers import dpx_size, exr_size, film_format, pfm_size, radiance_size, tga_size
from .heif import heif_picture, is_avif, is_film, is_heif
from .jxl import JXL, jxl_size
from .plugins import EXTRA, can_decode

ICC = b"ICC_PROFILE\0"
_SIGNATURES: dict[str, bytes | tuple[bytes, ...]] = {
    "png": png.SIGNATURE,
    "jpeg": b"\xff\xd8\xff",
    "tiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "bmp": b"BM",
    "gif": (b"GIF87a", b"GIF89a"),
    "jxl": JXL,
}
_GIF_FRAME = b"\x21\xf9\x04"  # what is said of each
_FIRST = "is animated; its first picture is taken"
_LIGHT = "is scene-linear; it is painted as sRGB, with what is brighter than 1 as white"


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """Size as stored, the EXIF orientation (1..8) that makes it upright, and whether it is one of several.

    remark: what of it is not painted as it was meant. deep: whether it has more than 8 bits. channels: of the
    colours, without transparency; 0 where that does not matter. profile: what they mean (ICC).
    cut: whether its end is missing.
    """

    format: str
    width: int
    height: int
    orientation: int = 1
    animated: bool = False
    remark: str | None = None
    deep: bool = False
    channels: int = 0
    profile: bytes | None = field(default=None, repr=False)
    cut: bool = False

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) after the orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def picture_format(head: bytes, suffix: str = "") -> str | None:
    """Which picture format these first bytes (18 or more) belong to; None if none that is known.

    suffix: in lower case; TGA is known by nothing else.
    """
    for name, signs in _SIGNATURES.items():
        if head.startswith(signs):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "pnm"
    if is_heif(head):
        return "heif"
    return film_format(head, suffix)


def plays(path: Path) -> bool:
    """Whether this is a PNG, WebP, HEIC or AVIF file that shows more than one picture, by its beginning."""
    if png_frames(path) > 1:
        return True
    with suppress(OSError), path.open("rb") as file:
        head = file.read(32)
        return is_film(head) or (
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
    readers |= {"gif": _gif, "heif": _heif, "jxl": _jxl}
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
    width = height = depth = colour = 0
    orientation, animated, begun, profile = 1, False, False, None
    for kind, chunk in png.chunks(data):
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", chunk, 8)
        elif kind == b"iCCP":
            profile = png.profile(bytes(chunk[8:-4]))
        elif kind == b"eXIf":
            orientation = _exif_orientation(bytes(chunk[8:-4]))
        begun = begun or kind == b"IDAT"
        if kind == b"acTL" and not begun:
            animated = struct.unpack_from(">I", chunk, 8)[0] > 1
    channels = 1 if colour in png.GREYS else 3
    return PictureHeader(
        "png", width, height, orientation, animated, deep=depth > 8, channels=channels, profile=profile
    )


def _jpeg(data: bytes) -> PictureHeader:
    position, orientation, size, channels = 2, 1, (0, 0), 0
    profile: dict[int, bytes] = {}
    while True:
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        (length,) = struct.unpack_from(">H", data, position + 1)
        body = data[position + 3 : position + 1 + length]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _exif_orientation(body[6:])
        elif marker == 0xE2 and body.startswith(ICC):
            profile.setdefault(body[12], body[14:])
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, channels = struct.unpack_from(">HHB", body, 1)
            size = (width, height)
        elif marker == 0xDA:
            cut = data.rfind(END) < position
            whole = b"".join(profile[part] for part in sorted(profile)) or None
            return PictureHeader("jpeg", *size, orientation, channels=channels, profile=whole, cut=cut)
        position += 1 + length


def _tiff(data: bytes) -> PictureHeader:
    found = tiff.read_directory(data)
    profile = found.entries.get(tiff.PROFILE)
    return PictureHeader(
        "tiff",
        found.number(tiff.WIDTH),
        found.number(tiff.HEIGHT),
        _valid(found.number(tiff.ORIENTATION, 1)),
        deep=found.number(tiff.BITS, 1) > 8,
        channels=tiff.colour_channels(found),
        profile=profile.body if profile else None,
    )


def _webp(data: bytes) -> PictureHeader:
    width = height = 0
    orientation, animated, profile = 1, False, None
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data) + 1:
        raise ValueError("the file is cut short")
    for kind, body in webp_chunks(data):
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
        elif kind == b"ICCP":
            profile = body
    return PictureHeader("webp", width, height, orientation, animated, channels=3, profile=profile)


def webp_durations(data: bytes) -> list[int]:
    """Of the frames of an animated WebP, in milliseconds."""
    return [int.from_bytes(body[12:15], "little") for kind, body in webp_chunks(data) if kind == b"ANMF"]


def webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, contents) of the parts of a WebP file."""
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


def _gif(data: bytes) -> PictureHeader:
    animated = data.count(_GIF_FRAME) > 1
    remark = _FIRST if animated else None
    width, height = struct.unpack_from("<HH", data, 6)
    return PictureHeader("gif", width, height, animated=animated, remark=remark)


def _heif(data: bytes) -> PictureHeader:
    found = heif_picture(data)
    lacking = found.transparent and not can_decode("avif" if is_avif(data) else "heic")
    animated = is_film(data[:12])
    remark = (
        _FIRST
        if animated
        else f"is transparent in places, but to see that takes {EXTRA}"
        if lacking
        else None
    )
    return PictureHeader(
        "heif", *found.size, found.orientation, animated, remark, channels=3, profile=found.profile
    )


def _jxl(data: bytes) -> PictureHeader:
    return PictureHeader("jxl", *jxl_size(data))


def _exif_orientation(exif: bytes) -> int:
    try:
        return _valid(tiff.read_directory(exif).number(tiff.ORIENTATION, 1))
    except struct.error:
        return 1  # Broken EXIF is common and says nothing about the picture.


def _valid(orientation: int) -> int:
    return orientation if 1 <= orientation <= 8 else 1
