"""What of a picture is not painted as its maker meant it."""

from __future__ import annotations

import av
from av.video.stream import VideoStream


def remarks(frame: av.VideoFrame, stream: VideoStream) -> list[str]:
    """A line for each such thing that the first frame or the stream tells."""
    found = []
    if _is_transparent(frame, stream):
        found.append("is transparent in places; that is left out, and what lies there is painted as opaque")
    return found


def _is_transparent(frame: av.VideoFrame, stream: VideoStream) -> bool:
    if {key.lower(): value for key, value in stream.metadata.items()}.get("alpha_mode") == "1":
        return True  # VP8 and VP9 have it in a stream of its own, which the decoder does not show
    if not any(component.is_alpha for component in frame.format.components) and frame.format.name != "pal8":
        return False
    return bool(frame.to_ndarray(format="rgba")[..., 3].min() < 255)
