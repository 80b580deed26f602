"""Pictures that OpenCV does not read and libavcodec does: TGA, DPX and OpenEXR."""

from __future__ import annotations

import av
import numpy as np

from .limits import max_pixels
from .profiles import srgb_curve

CODECS = {"tga": "targa", "dpx": "dpx", "exr": "exr"}


def decode_coded(data: bytes, format: str) -> tuple[np.ndarray, np.ndarray | None]:
    """(pixels uint8 or uint16 (3, H, W) sRGB, alpha of the same dtype (1, H, W) or None).

    OpenEXR's light is brought to sRGB (IEC 61966-2-1) with 16 bits; what is above 1 becomes white.
    Raises ValueError where it cannot be decoded.
    """
    context = av.CodecContext.create(CODECS[format], "r")
    context.options = {"max_pixels": str(2 * max_pixels() + 2**16)}
    context.thread_count = 1
    try:
        frames = [*context.decode(av.Packet(data)), *context.decode(None)]  # type: ignore[attr-defined]
    except (av.FFmpegError, MemoryError) as error:
        raise ValueError("the file is damaged, or of a kind that is not read") from error
    if not frames or frames[0].is_corrupt:
        raise ValueError("the file is damaged")
    frame = frames[0]
    if format == "exr":
        return _from_light(_floats(frame))
    return _from_codes(frame, has_alpha=format != "tga" or bool(data[17] & 15))


def _from_codes(frame: av.VideoFrame, has_alpha: bool) -> tuple[np.ndarray, np.ndarray | None]:
    components, name = frame.format.components, frame.format.name
    bits = max(component.bits for component in components)
    coloured = frame.format.is_rgb or name == "pal8"
    if not coloured and not name.startswith(("gray", "ya")):
        raise ValueError(f"its layout ({name}) is not read")
    # Not through swscale where there are more bits: it does not keep them all.
    array = frame.to_ndarray(format="rgba") if coloured and bits <= 8 else frame.to_ndarray()
    planes = np.atleast_3d(array).transpose(2, 0, 1)
    if bits > 8:
        planes = _codes(planes.astype(np.float64) / ((1 << bits) - 1))
    colours = planes[:3] if coloured else planes[:1]
    shown = np.ascontiguousarray(np.broadcast_to(colours, (3, *planes.shape[1:])))
    alpha = has_alpha and any(component.is_alpha for component in components)
    return shown, np.ascontiguousarray(planes[-1:]) if alpha else None


def _floats(frame: av.VideoFrame) -> np.ndarray:
    """float32 (1, 3 or 4, H, W): grey, RGB or RGBA. PyAV makes no array of halves, nor of grey with alpha."""
    name = frame.format.name
    kind = np.dtype("<f2" if "f16" in name else "<f4")
    planes = [
        np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, : frame.width]
        for plane in frame.planes
    ]
    if name.startswith("gray"):
        order = [0]
    elif name.startswith("gbr"):
        order = [2, 0, 1, 3][: len(planes)]
    else:
        raise ValueError(f"its channels ({name}) are not read")
    return np.stack([planes[i] for i in order]).astype(np.float32)


def _from_light(light: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """From scene-linear values, premultiplied by alpha where there is one."""
    light = np.nan_to_num(light, nan=0.0, posinf=1e6, neginf=0.0)
    alpha = light[3:].clip(0, 1) if len(light) == 4 else None
    colour = np.broadcast_to(light[:3], (3, *light.shape[1:]))
    if alpha is not None:
        colour = np.divide(colour, alpha, out=np.array(colour), where=alpha > 0)
    return _codes(srgb_curve(colour.clip(0, 1))), None if alpha is None else _codes(alpha)


def _codes(values: np.ndarray) -> np.ndarray:
    return np.rint(values * 65535).astype(np.uint16)
