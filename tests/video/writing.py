"""Copying a clip through the writer, for the tests of what it writes."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from vidstyle.types import Frame
from vidstyle.video.reader import Clip, open_clip
from vidstyle.video.writer import open_writer

FAST: dict[str, dict[str, Any]] = {
    "h264": {"preset": "veryfast"},
    "h265": {"preset": "ultrafast"},
    "av1": {"preset": "9"},
    "vp9": {"preset": "8"},
    "ffv1": {},
    "prores": {},
}


def convert(source: Path | Clip, target: Path, **options: Any) -> tuple[list[Frame], list[str]]:
    """Copy a clip through the writer; returns the frames written and the notices."""
    clip = source if isinstance(source, Clip) else open_clip(source)
    notices: list[str] = []
    options = {**FAST[options.get("codec", "h264")], **options}
    frames = list(clip.frames(options.get("start", 0), options.get("stop")))
    with open_writer(
        target, clip, width=clip.width, height=clip.height, notice=notices.append, **options
    ) as writer:
        for frame in frames:
            writer.write(frame)
    assert not [path for path in target.parent.iterdir() if path.name.startswith(".")]
    return frames, notices


def times(path: Path) -> list[tuple[Fraction, Fraction | None]]:
    return [
        (frame.pts_seconds, None if frame.duration is None else frame.duration * frame.time_base)
        for frame in open_clip(path).frames()
    ]
