"""What the picture files of studios say in their headers: TGA, DPX, OpenEXR, Radiance and PFM."""

from __future__ import annotations

import re
import struct

TGA_SUFFIXES = frozenset({".tga", ".targa", ".vda", ".icb", ".vst"})
EXR, DPX = b"v/1\x01", (b"SDPX", b"XPDS")
RADIANCE, PFM = (b"#?RADIANCE", b"#?RGBE"), (b"PF\n", b"Pf\n")
_RESOLUTION = re.compile(rb"\n\n-Y (\d{1,9}) \+X (\d{1,9})\n")
_PFM_SIZE = re.compile(rb"P[Ff]\n(\d{1,9}) (\d{1,9})\n")
_TGA_KINDS, _TGA_DEPTHS = (1, 2, 3, 9, 10, 11), (8, 15, 16, 24, 32)
_LOGARITHMIC = (1, 3)  # DPX: printing density, logarithmic
_NO_ROWS = 0x200 | 0x800 | 0x1000  # OpenEXR: tiles, deep pixels, several parts
_ROWS = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}  # of a block, by compression
_MOST_TEXT = 2**14  # bytes, of a Radiance header
_MOST_BESIDE = 2**24  # pixels that an OpenEXR file may hold beside four times those that it shows


def film_format(head: bytes, suffix: str) -> str | None:
    """Which of these formats the first bytes belong to; None if none."""
    for name, signatures in (("exr", (EXR,)), ("dpx", DPX), ("hdr", RADIANCE), ("pfm", PFM)):
        if head.startswith(signatures):
            return name
    return "tga" if suffix in TGA_SUFFIXES and is_tga(head) else None


def is_tga(head: bytes) -> bool:
    """Whether these 18 bytes or more can be the header of a TGA file; it has no signature."""
    return len(head) > 16 and head[1] <= 1 and head[2] in _TGA_KINDS and head[16] in _TGA_DEPTHS


def tga_size(data: bytes) -> tuple[int, int]:
    """(width, height). Raises ValueError."""
    if not is_tga(data):
        raise ValueError("the header is damaged")
    width, height = struct.unpack_from("<HH", data, 12)
    return width, height


def dpx_size(data: bytes) -> tuple[int, int, bool]:
    """(width, height, whether it is logarithmic). Raises struct.error, IndexError."""
    width, height = struct.unpack_from(">II" if data[:4] == DPX[0] else "<II", data, 772)
    return width, height, data[801] in _LOGARITHMIC


def radiance_size(data: bytes) -> tuple[int, int]:
    """(width, height). Raises ValueError."""
    found = _RESOLUTION.search(data[:_MOST_TEXT])
    if found is None:
        raise ValueError("the header is damaged, or of a kind that is not read")
    return int(found[2]), int(found[1])


def pfm_size(data: bytes) -> tuple[int, int]:
    """(width, height). Raises ValueError."""
    found = _PFM_SIZE.match(data)
    if found is None:
        raise ValueError("the header is damaged")
    return int(found[1]), int(found[2])


def exr_size(data: bytes) -> tuple[int, int]:
    """(width, height) of what it shows. Raises ValueError, struct.error, IndexError.

    libavcodec takes what is missing for black, so that it is seen here whether all of it is there.
    """
    found, position = _attributes(data)
    try:
        display, window = (struct.unpack("<4i", found[name]) for name in (b"displayWindow", b"dataWindow"))
    except (KeyError, struct.error) as error:
        raise ValueError("the header is damaged") from error
    (width, height), (inner, rows) = _size(*display), _size(*window)
    if inner * rows > 4 * width * height + _MOST_BESIDE:
        raise ValueError("it holds far more than it shows")
    blocks = -(-rows // _ROWS.get(found.get(b"compression", b"\0")[0], 1))
    if not struct.unpack_from("<I", data, 4)[0] & _NO_ROWS:
        offsets = struct.unpack_from(f"<{blocks}Q", data, position)
        if not all(_holds_block(data, offset) for offset in offsets):
            raise ValueError("the file is cut short")
    return width, height


def _holds_block(data: bytes, offset: int) -> bool:
    """Whether a block of rows, which says how long it is, begins here and ends within the file."""
    if not 0 < offset <= len(data) - 8:
        return False
    (length,) = struct.unpack_from("<I", data, offset + 4)
    return bool(offset + 8 + length <= len(data))


def _attributes(data: bytes) -> tuple[dict[bytes, bytes], int]:
    """What an OpenEXR header says, by name, and where it ends."""
    found: dict[bytes, bytes] = {}
    position = 8
    while data[position]:
        name, kind, *rest = data[position : position + 600].split(b"\0", 2)
        if not rest:
            raise ValueError("the header is damaged")
        position += len(name) + len(kind) + 2
        (length,) = struct.unpack_from("<I", data, position)
        found[name] = data[position + 4 : position + 4 + length]
        position += 4 + length
    return found, position + 1


def _size(left: int, top: int, right: int, bottom: int) -> tuple[int, int]:
    return max(0, right - left + 1), max(0, bottom - top + 1)
