"""What is painted live: a camera or a file, no larger than asked for."""

from __future__ import annotations

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


def open_source(source: str, longest: int) -> Clip:
    """A camera (see `camera_named`) or a file, at most `longest` pixels a side. Raises MediaError."""
    device = camera_named(source)
    clip = open_clip(Path(source)) if device is None else Camera(device)
    width, height = fit(clip.width, clip.height, min(longest, max(clip.width, clip.height)))
    if isinstance(clip, (VideoClip, Camera)):
        clip.resize(width, height)
    else:  # pictures, which `pixels_of` scales
        clip.width, clip.height = width, height
    return clip


def pixels_of(frame: Frame, clip: Clip) -> np.ndarray:
    """uint8 (H, W, 3), of the size of the clip."""
    return interleaved(reduce_to_uint8(frame.pixels), (clip.height, clip.width))
