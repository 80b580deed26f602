"""JPEG files that break off before their end mark: how much of the picture is there."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

END = b"\xff\xd9"
_LEAST = 3 / 4  # of the rows; of less nobody would take it for the picture
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # not what stands within a scan
_OTHER = bytes(range(1, 251)) * 2  # no picture goes on so
_COEFFICIENTS = 64


def decode_cut(data: bytes) -> np.ndarray | None:
    """uint8 (H, W, 3), BGR, of a file that was completed; None where that fails.

    By Pillow: OpenCV would write to stderr that it is cut.
    """
    try:
        return np.asarray(JpegImageFile(BytesIO(data)).convert("RGB"))[:, :, ::-1]
    except (OSError, SyntaxError, ValueError, IndexError, TypeError):
        return None


def completed(data: bytes) -> bytes:
    """The file with an end, where nearly all of it is there. Raises ValueError where it is not.

    What comes after the break is flat grey, or in a progressive file less sharp.
    """
    whole = data[: _whole_length(data)]
    try:
        progressive, missing = _missing(whole)
    except (IndexError, ValueError) as error:
        raise ValueError("the header is damaged") from error
    if missing or not (progressive or _rows(whole) >= _LEAST):
        raise ValueError("the file is cut short")
    return whole + END


def _missing(data: bytes) -> tuple[bool, bool]:
    """(whether it is progressive, whether more is missing than the rest of a scan and last bits)."""
    progressive, wanted, held = False, set[tuple[int, int]](), set[tuple[int, int]]()
    for marker, at, end in _segments(data):
        body = data[at:end]
        if marker in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
            progressive = marker in (0xC2, 0xCA)
            components = body[6 : 6 + 3 * body[5] : 3]
            wanted = {(component, k) for component in components for k in range(_COEFFICIENTS)}
        elif marker == 0xDA:
            components, (first, last, bits) = body[1 : 1 + 2 * body[0] : 2], body[1 + 2 * body[0] :][:3]
            wanted -= held  # as another scan follows
            held = {(each, k) for each in components for k in range(first, last + 1)}
            if not progressive or bits & 15 == 0:
                wanted -= held
            elif bits & 15 > 1:
                held = set()
    return progressive, bool(wanted)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, where its contents begin and end), without what is coded in scans."""
    at = 2
    while (found := _MARKER.search(data, at)) and found.end() + 2 <= len(data):
        begin = found.end() + 2
        at = found.end() + max(2, struct.unpack_from(">H", data, found.end())[0])
        yield data[found.end() - 1], begin, at


def _whole_length(data: bytes) -> int:
    """Without a last part that is none: what a scan needs is read before the scan."""
    last = max((end for _, _, end in _segments(data)), default=2)
    if last > len(data):
        return max(found.start() for found in _MARKER.finditer(data))
    tail = _MARKER.search(data, last)
    return tail.start() if tail else len(data.rstrip(b"\xff"))


def _rows(data: bytes) -> float:
    """Which share of the rows does not depend on how the file goes on."""
    ended, otherwise = decode_cut(data + END), decode_cut(data + _OTHER + END)
    if ended is None or otherwise is None:
        return 0.0
    different = np.flatnonzero((ended != otherwise).reshape(len(ended), -1).any(axis=1))
    return float(different[0] / len(ended)) if len(different) else 1.0
