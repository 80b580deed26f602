"""Makes what the tests of reading pictures need: colour profiles, and kinds that no library writes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

# Columns are what red, green and blue are in XYZ relative to D50.
ADOBE_RGB = [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
DISPLAY_P3 = [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
PROPHOTO = [[0.79767, 0.13519, 0.03134], [0.28804, 0.71187, 0.00009], [0.0, 0.0, 0.82491]]
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
SRGB = [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
_D50 = (0.9642, 1.0, 0.8249)


def rgb_profile(name: str, columns: list[list[float]], gamma: float | tuple[float, ...]) -> bytes:
    """A display profile. gamma: one number, or the five of a parametric curve."""
    curve = _gamma(gamma) if isinstance(gamma, float) else b"para\0\0\0\0\0\x03\0\0" + _fixed(*gamma)
    red, green, blue = (_xyz(*column) for column in np.array(columns).T)
    colours = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}
    return _profile(
        name, b"mntr", b"RGB ", b"XYZ ", {**colours, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    )


def grey_profile(name: str, gamma: float) -> bytes:
    return _profile(name, b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _gamma(gamma)})


def cmyk_profile(name: str) -> bytes:
    """A table of two points for each ink: cyan, magenta and yellow each take one of the RGB away, black all.

    In between L* is not linear, which a picture without a profile is taken for.
    """
    points = b""
    for number in range(16):
        ink = np.array([number >> 3 & 1, number >> 2 & 1, number >> 1 & 1])
        points += bytes(_lab_code((1 - ink) * (1 - (number & 1))))
    steps = bytes(range(256))
    head = struct.pack(">4sIBBBB", b"mft1", 0, 4, 3, 2, 0) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table = head + steps * 4 + points + steps * 3
    return _profile(name, b"prtr", b"CMYK", b"Lab ", {b"A2B0": table, b"A2B1": table})


def _lab_code(rgb: np.ndarray) -> list[int]:
    """Of linear sRGB, in 8 bits."""
    xyz = np.array(SRGB) @ rgb
    ratio = xyz / _D50
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    lab = (2.55 * (116 * y - 16), 500 * (x - y) + 128, 200 * (y - z) + 128)
    return [int(np.clip(round(value), 0, 255)) for value in lab]


def _profile(name: str, kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = name.encode() + b"\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    tags = {b"desc": desc, b"cprt": b"text\0\0\0\0none\0", b"wtpt": _xyz(*_D50), **tags}
    body, table, start = b"", struct.pack(">I", len(tags)), 132 + 12 * len(tags)
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"test", 0x02400000, kind, space, connection)
    header += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(*_D50) + bytes(48)
    return header + table + body


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(gamma * 256), 0)


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def tiff(
    pixels: np.ndarray,
    photometric: int,
    *,
    planar: bool = False,
    big: bool = False,
    order: str = "<",
    packed: bool = False,
    more: Mapping[int, tuple[int, Sequence[int]]] | None = None,
) -> bytes:
    """A TIFF of uint8 or uint16 (H, W, C). more: other entries, (type, values) by their tags.

    big: as BigTIFF. order: < or >. packed: by Deflate, in strips of four rows.
    """
    height, width, channels = pixels.shape
    planes = [pixels[:, :, i : i + 1] for i in range(channels)] if planar else [pixels]
    rows = 4 if packed else height
    strips = [
        plane[row : row + rows].astype(pixels.dtype.newbyteorder(order)).tobytes()
        for plane in planes
        for row in range(0, height, rows)
    ]
    if packed:
        strips = [zlib.compress(strip) for strip in strips]
    start = 16 if big else 8
    offsets = [start + sum(map(len, strips[:i])) for i in range(len(strips))]
    entries: dict[int, tuple[int, Sequence[int]]] = {
        256: (3, [width]),
        257: (3, [height]),
        258: (3, [8 * pixels.itemsize] * channels),
        259: (3, [8 if packed else 1]),
        262: (3, [photometric]),
        273: (4, offsets),
        277: (3, [channels]),
        278: (3, [rows]),
        279: (4, [len(strip) for strip in strips]),
        284: (3, [2 if planar else 1]),
        **(more or {}),
    }
    data = b"".join(strips)
    data += bytes(len(data) % 2)
    word, count, size = ("Q", "Q", 8) if big else ("I", "H", 4)
    place = start + len(data)
    table, tail = struct.pack(order + count, len(entries)), b""
    after = place + len(table) + (4 + 2 * size) * len(entries) + size
    for tag, (kind, values) in sorted(entries.items()):
        body = struct.pack(f"{order}{len(values)}{ {1: 'B', 3: 'H', 4: 'I', 7: 'B'}[kind] }", *values)
        table += struct.pack(order + "HH" + word, tag, kind, len(values))
        if len(body) > size:
            table += struct.pack(order + word, after + len(tail))
            tail += body + bytes(len(body) % 2)
        else:
            table += body.ljust(size, b"\0")
    sign = b"II" if order == "<" else b"MM"
    head = struct.pack(order + "HHHQ", 43, 8, 0, place) if big else struct.pack(order + "HI", 42, place)
    return sign + head + data + table + bytes(size) + tail
