"""What is painted live: a camera or a file, no larger than asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vidstyle.image.convert import reduce_to_uint8
from vidstyle.image.interleaved import interleaved
from vidstyle.image.resize import fit
from vidstyle.types import Frame
from vidstyle.video.camera import Camera, camera_named
from vidstyle.video.clip import Clip
from vidstyle.video.decode import VideoClip
from vidstyle.video.reader import open_clip


@dataclass(frozen=True, eq=False)
class Source:
    """width, height: in pixels, of what is painted of the clip."""

    clip: Clip
    width: int
    height: int

    def pixels_of(self, frame: Frame) -> np.ndarray:
        """uint8 (H, W, 3), of this size."""
        return interleaved(reduce_to_uint8(frame.pixels), (self.height, self.width))


def open_source(source: str, longest: int) -> Source:
    """A camera (see `camera_named`) or a file, at most `longest` pixels a side. Raises MediaError."""
    device = camera_named(source)
    clip = open_clip(Path(source)) if device is None else Camera(device)
    width, height = fit(clip.width, clip.height, min(longest, max(clip.width, clip.height)))
    if isinstance(clip, (VideoClip, Camera)):
        clip.resize(width, height)
    return Source(clip, width, height)
