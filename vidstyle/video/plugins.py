"""Pictures that need a decoder of their own: AVIF in tiles or transparent, HEIC in tiles, JPEG XL."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO

import numpy as np

EXTRA = 'pip install "vidstyle[pictures]"'
_JXL_MODES = {
    "L": ("u1", ()),
    "LA": ("u1", (2,)),
    "RGB": ("u1", (3,)),
    "RGBA": ("u1", (4,)),
    "I;16": ("<u2", ()),
}
_MODULES = {"avif": "PIL._avif", "heic": "pillow_heif", "jxl": "pillow_jxl"}


def can_decode(kind: str) -> bool:
    """Whether the decoder for "avif", "heic" or "jxl" is installed."""
    return find_spec(_MODULES[kind]) is not None


def decode_jxl(data: bytes) -> tuple[np.ndarray | bytes, bytes | None]:
    """A JPEG XL file: uint8 or uint16 (H, W, C), grey, RGB or RGBA, upright, and what its colours mean (ICC).

    One that was made from a JPEG file gives this file. Raises ValueError where it cannot be decoded.
    """
    import pillow_jxl

    try:
        is_jpeg, info, pixels, profile, _ = pillow_jxl.Decoder(num_threads=1)(data)
    except Exception as error:
        raise ValueError("the file is damaged") from error
    if is_jpeg:
        return bytes(pixels), None
    if info.mode not in _JXL_MODES:
        raise ValueError(f"its layout ({info.mode}) is not read")
    kind, channels = _JXL_MODES[info.mode]
    return np.frombuffer(pixels, kind).reshape(info.height, info.width, *channels), profile or None


def decode_plugged(data: bytes, kind: str) -> np.ndarray:
    """An AVIF or HEIC file: uint8 or uint16 (H, W, C), grey, RGB or RGBA, upright.

    kind: "avif" or "heic". Raises ValueError where it cannot be decoded.
    """
    try:
        return _OPEN[kind](data)
    except Exception as error:  # of foreign decoders, which fail in ways of their own
        raise ValueError("the file is damaged, or of a kind that is not read") from error


def _avif(data: bytes) -> np.ndarray:
    from PIL.AvifImagePlugin import AvifImageFile

    return np.asarray(AvifImageFile(BytesIO(data)))


def _heic(data: bytes) -> np.ndarray:
    import pillow_heif

    return np.asarray(pillow_heif.open_heif(data, convert_hdr_to_8bit=False))


_OPEN = {"avif": _avif, "heic": _heic}
