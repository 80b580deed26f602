"""Single pictures out of files that hold pictures as films do: GIF, and HEIC and AVIF in one piece."""

from __future__ import annotations

from io import BytesIO

import av
import numpy as np

from .colour import ToRGB, bit_depth, frame_color
from .limits import max_pixels
from .transparency import has_alpha

_FORMATS = {"gif": "gif", "heif": "mov"}


def decode_contained(data: bytes, kind: str, item: int | None = None) -> np.ndarray:
    """The first picture, or that of an item: uint8 or uint16 (3, H, W) RGB, or (4, H, W) RGBA, as stored.

    Raises ValueError where it cannot be decoded.
    """
    limits = {"max_pixels": str(2 * max_pixels() + 2**16)}
    try:
        with av.open(BytesIO(data), "r", format=_FORMATS[kind], options=limits) as container:
            streams = container.streams.video
            stream = next((each for each in streams if each.id == item), streams[0] if streams else None)
            if stream is None or stream.codec_context is None:
                raise ValueError("there is no decoder for its picture")
            stream.codec_context.options = limits
            stream.thread_type = "NONE"
            frame = next(container.decode(stream), None)
            if frame is None or frame.is_corrupt:
                raise ValueError("the file is damaged")
            if frame.width * frame.height > max_pixels():
                raise ValueError("it is larger than it says")
            convert = ToRGB(frame.width, frame.height, deep=bit_depth(frame) > 8, alpha=has_alpha(frame))
            return convert(frame, frame_color(frame, stream.codec_context))
    except (av.FFmpegError, MemoryError, UnicodeError) as error:
        raise ValueError("the file is damaged, or of a kind that is not read") from error
