"""Frames and sound to an MP4 file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

RATE = 25
# With its macroblock tree x264 gives other files now and then.
OPTIONS = {"preset": "slow", "x264-params": "mbtree=0"}
BT709 = 1  # the code of BT.709 for primaries and transfer


def write_clip(
    path: Path, pictures: Iterable[np.ndarray], sound: np.ndarray | None = None, crf: int = 19
) -> None:
    """H.264 at 25 frames/s from pictures float32 (H, W, 3), sRGB; AAC from sound float32 (2, N) at 48 kHz."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as file:
        stream = None
        track = (
            file.add_stream("aac", rate=48000, layout="stereo", bit_rate=128000)
            if sound is not None
            else None
        )
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(to_bytes(picture), "rgb24")
            if stream is None:
                stream = file.add_stream("libx264", rate=RATE, options=OPTIONS | {"crf": str(crf)})
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
                context = stream.codec_context
                context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
                context.color_primaries = context.color_trc = BT709
            frame = frame.reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            file.mux(stream.encode(frame))
        if stream is not None:
            file.mux(stream.encode(None))
        if track is not None and sound is not None:
            for start in range(0, sound.shape[1], 1024):
                block = np.ascontiguousarray(sound[:, start : start + 1024], np.float32)
                samples = av.AudioFrame.from_ndarray(block, "fltp", "stereo")
                samples.sample_rate, samples.pts = 48000, start
                file.mux(track.encode(samples))
            file.mux(track.encode(None))


def write_picture(path: Path, picture: np.ndarray) -> None:
    """JPEG from float32 (H, W, 3), sRGB."""
    cv2.imwrite(str(path), to_bytes(picture)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])


def to_bytes(picture: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
