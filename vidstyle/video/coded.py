"""Pictures that OpenCV does not read and libavcodec does: TGA, DPX, and light in floating point."""

from __future__ import annotations

import av
import numpy as np

from .light import excess_of_light, srgb_of_light
from .limits import max_pixels

CODECS = {"tga": "targa", "dpx": "dpx", "exr": "exr", "hdr": "hdr", "pfm": "pfm"}
OF_LIGHT = frozenset({"exr", "hdr", "pfm"})


def decode_coded(data: bytes, format: str) -> tuple[np.ndarray, np.ndarray | None]:
    """(pixels uint8 or uint16 (3, H, W) sRGB, alpha of the same dtype (1, H, W) or None).

    Of light what is above 1 becomes white. Raises ValueError where it cannot be decoded.
    """
    frame = _decode(data, format)
    if format in OF_LIGHT:
        return srgb_of_light(_floats(frame))
    return _from_codes(frame, has_alpha=format != "tga" or bool(data[17] & 15))


def coded_excess(data: bytes, format: str) -> np.ndarray | None:
    """By how much light is brighter than 1, see `excess_of_light`. Raises ValueError."""
    return excess_of_light(_floats(_decode(data, format)))


def _decode(data: bytes, format: str) -> av.VideoFrame:
    context = av.CodecContext.create(CODECS[format], "r")
    context.options = {"max_pixels": str(2 * max_pixels() + 2**16)}
    context.thread_count = 1
    try:
        frames = [*context.decode(av.Packet(data)), *context.decode(None)]  # type: ignore[attr-defined]
    except (av.FFmpegError, MemoryError) as error:
        raise ValueError("the file is damaged, or of a kind that is not read") from error
    if not frames or frames[0].is_corrupt:
        raise ValueError("the file is damaged")
    return frames[0]


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
        planes = np.rint(planes.astype(np.float64) * 65535 / ((1 << bits) - 1)).astype(np.uint16)
    colours = planes[:3] if coloured else planes[:1]
    shown = np.ascontiguousarray(np.broadcast_to(colours, (3, *planes.shape[1:])))
    alpha = has_alpha and any(component.is_alpha for component in components)
    return shown, np.ascontiguousarray(planes[-1:]) if alpha else None


def _floats(frame: av.VideoFrame) -> np.ndarray:
    """float32 (1, 3 or 4, H, W): grey, RGB or RGBA. PyAV makes no array of halves, nor of grey with alpha."""
    name = frame.format.name
    kind = np.dtype("f2" if "f16" in name else "f4").newbyteorder(">" if name.endswith("be") else "<")
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
