"""Scene-linear light, as OpenEXR holds it: to sRGB (IEC 61966-2-1) with 16 bits, and back."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from .depth import to_depth

_MOST = 65504.0  # that half floats hold


def srgb_of_light(light: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(pixels uint16 (3, H, W), alpha uint16 (1, H, W) or None); what is above 1 becomes white.

    light: float32 (1, 3 or 4, H, W), premultiplied by alpha where there is one.
    """
    colour, alpha = _unmultiplied(light)
    return _codes(srgb_curve(colour.clip(0, 1))), None if alpha is None else _codes(alpha)


def excess_of_light(light: np.ndarray) -> np.ndarray | None:
    """By what white must be multiplied to be as bright again: float32 (3, H, W), at least 1; None for 1."""
    excess = np.maximum(_unmultiplied(light)[0], 1)
    return excess if (excess > 1).any() else None


def encode_exr(pixels: np.ndarray, alpha: np.ndarray | None, excess: np.ndarray | None) -> bytes:
    """A picture as the contents of an OpenEXR file: half floats, premultiplied by alpha.

    pixels: uint8 or uint16 (3, H, W) sRGB; alpha: (1, H, W); excess: see `excess_of_light`.
    """
    light = _decoded(to_depth(pixels, 16) / 65535)
    if excess is not None:
        light = light * excess
    planes = light[[1, 2, 0]]
    if alpha is not None:
        opacity = to_depth(alpha, 16) / 65535
        planes = np.concatenate([planes * opacity, opacity])
    # Rounded here, as FFmpeg only cuts off.
    return _file(planes.clip(0, _MOST).astype(np.float16).astype("<f4"))


def _file(planes: np.ndarray) -> bytes:
    """planes: green, blue, red and perhaps alpha."""
    context = av.CodecContext.create("exr", "w")
    context.height, context.width = planes.shape[1:]
    context.pix_fmt = "gbrapf32le" if len(planes) == 4 else "gbrpf32le"
    context.time_base, context.thread_count = Fraction(1, 25), 1
    context.options = {"format": "half", "compression": "zip16"}
    frame = av.VideoFrame(context.width, context.height, context.pix_fmt)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), "<f4").reshape(plane.height, -1)
        rows[:, : frame.width] = values
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def _unmultiplied(light: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Colour (3, H, W) and alpha (1, H, W) in [0, 1], if any; without what is no number."""
    light = np.nan_to_num(light, nan=0.0, posinf=_MOST, neginf=0.0)
    alpha = light[3:].clip(0, 1) if len(light) == 4 else None
    colour = np.broadcast_to(light[:3], (3, *light.shape[1:]))
    if alpha is not None:
        with np.errstate(over="ignore"):
            colour = np.divide(colour, alpha, out=np.array(colour), where=alpha > 0)
    return colour.clip(-_MOST, _MOST), alpha


def srgb_curve(light: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] as sRGB encodes it (IEC 61966-2-1)."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _decoded(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _codes(values: np.ndarray) -> np.ndarray:
    return np.rint(values * 65535).astype(np.uint16)
