"""What of a picture is not painted as its maker meant it."""

from __future__ import annotations

import av
from av.video.stream import VideoStream


def remarks(frame: av.VideoFrame, stream: VideoStream) -> list[str]:
    """A line for each such thing that the first frame or the stream tells."""
    found = []
    if frame.interlaced_frame:
        found.append("is interlaced; its frames are painted with both fields, so deinterlace it first")
    return found
