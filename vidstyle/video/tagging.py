"""Notes in picture files that they are sRGB, which programs need that know other spaces as well."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

from . import tiff
from .headers import ICC, picture_format, read_header, webp_chunks
from .png import SIGNATURE
from .profiles import srgb_profile

_HEADER_END = len(SIGNATURE) + 25  # of a PNG file's first chunk
_RELATIVE = b"\1"  # colorimetric: what is painted is no photograph
_HAS_PROFILE, _HAS_ALPHA = 0x20, 0x10  # flags of WebP


def tagged_as_srgb(data: bytes) -> bytes:
    """A PNG, JPEG, TIFF or WebP file that was just encoded, with this note."""
    match picture_format(data[:18]):
        case "png":
            chunk = b"sRGB" + _RELATIVE
            whole = struct.pack(">I", 1) + chunk + struct.pack(">I", zlib.crc32(chunk))
            return data[:_HEADER_END] + whole + data[_HEADER_END:]
        case "jpeg":
            return _jpeg(data)
        case "tiff":
            found = tiff.read_directory(data)
            entry = tiff.Entry(7, len(_profile()), _profile())
            return tiff.Directory(found.order, found.big, {**found.entries, tiff.PROFILE: entry}).written(
                data
            )
        case "webp":
            return _webp(data)
    return data


def _jpeg(data: bytes) -> bytes:
    body = ICC + b"\1\1" + _profile()
    at = 4 + struct.unpack_from(">H", data, 4)[0] if data[2:4] == b"\xff\xe0" else 2  # JFIF comes first
    return data[:at] + b"\xff\xe2" + struct.pack(">H", 2 + len(body)) + body + data[at:]


def _webp(data: bytes) -> bytes:
    chunks = dict(webp_chunks(data))
    if b"VP8X" not in chunks:
        exact = chunks.get(b"VP8L")
        flags = _HAS_ALPHA if exact and exact[4] & 0x10 else 0  # its 29th bit
        header = read_header(data)
        width, height = header.width, header.height
        head = (
            bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        )
        chunks = {b"VP8X": head, **chunks}
    head = chunks.pop(b"VP8X")
    head = bytes([head[0] | _HAS_PROFILE]) + head[1:]
    whole = b"WEBP"
    for kind, body in {b"VP8X": head, b"ICCP": _profile(), **chunks}.items():
        whole += struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) % 2)
    return struct.pack("<4sI", b"RIFF", len(whole)) + whole


@lru_cache(maxsize=1)
def _profile() -> bytes:
    return srgb_profile()
