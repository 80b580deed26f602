"""Transparency: whether there is any, who can see it, and that what it hides shows nowhere."""

from __future__ import annotations

from typing import cast

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

_HIDDEN = 32  # what has less than one of so many parts of the full alpha is not seen
# VP8 and VP9 have their transparency beside the picture, where FFmpeg's own decoders do not look for it.
_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


def seeing_alpha(stream: VideoStream) -> VideoCodecContext | None:
    """A decoder for transparency that lies beside the picture; None where the stream's own will do."""
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    name = _DECODERS.get(stream.codec_context.codec.canonical_name, "")
    if tags.get("alpha_mode") != "1" or name not in av.codecs_available:
        return None
    return cast(VideoCodecContext, av.CodecContext.create(name, "r"))


def has_alpha(frame: av.VideoFrame) -> bool:
    """Whether a decoded frame has an alpha channel, or a palette, which may have one."""
    return frame.format.name == "pal8" or any(part.is_alpha for part in frame.format.components)


def tells_alpha(first: av.VideoFrame, context: VideoCodecContext) -> bool:
    """Whether a clip is to be taken for transparent in places.

    Decoded GIFs and palettes always have an alpha channel: of these the first frame decides.
    """
    if first.format.name == "pal8" or context.codec.canonical_name == "gif":
        return bool(first.to_ndarray(format="rgba")[..., 3].min() < 255)
    return has_alpha(first)


def is_transparent(alpha: np.ndarray | None) -> bool:
    """Whether an alpha channel leaves anything transparent."""
    return alpha is not None and bool((alpha < np.iinfo(alpha.dtype).max).any())


def covered(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The pixels, where they are hidden in the colours of what is seen around: softly, from coarse to fine.

    What lies hidden is often black or of no meaning. Strokes, scaling and compression would draw it over the
    edge of what is seen.
    pixels: uint8 or uint16 (3, H, W); alpha: the same dtype (1, H, W).
    """
    seen = alpha[0] >= np.iinfo(alpha.dtype).max / _HIDDEN
    if seen.all() or not seen.any():
        return pixels
    weight = np.where(seen, alpha[0], 0).astype(np.float32)
    around = _spread(pixels.transpose(1, 2, 0) * weight[..., None], weight).transpose(2, 0, 1)
    return np.where(seen, pixels, np.rint(around).astype(pixels.dtype))


def _spread(sums: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """sums / weight, float32 (H, W, 3), and where there is no weight (H, W) that of half the size."""
    known = weight > 0
    if known.all():
        return sums / weight[..., None]
    height, width = weight.shape
    half = (-(-width // 2), -(-height // 2))
    smaller = [cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (sums, weight)]
    coarse = cv2.resize(_spread(*smaller), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None], sums / np.where(known, weight, 1)[..., None], coarse)
