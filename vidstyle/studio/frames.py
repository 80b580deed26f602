"""Frames of the clips in the workspace, as pictures for the page."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vidstyle.errors import InputError
from vidstyle.events import say_nothing
from vidstyle.text import duration
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture
from vidstyle.video.reader import open_clip

_MOST_OPEN = 6  # clips
_BACK = 50  # frames by which a clip may have fewer than it says, most times
_AHEAD = 25  # frames that are read on to, rather than sought


@dataclass(frozen=True)
class Shown:
    """What the page says of a clip. frames: an estimate for most videos, 1 of a still."""

    width: int
    height: int
    frames: int
    seconds: float
    is_still: bool

    def __str__(self) -> str:
        if self.is_still:
            return f"picture, {self.width}×{self.height}"
        rate = self.frames / self.seconds if self.seconds else 0
        long = f"{self.seconds:.1f} s" if self.seconds < 60 else duration(self.seconds)
        return f"{self.width}×{self.height}, {self.frames} frames, {long}, {rate:.4g} a second"


class Frames:
    """Reads frames of clips, several users at once; the last few clips stay open."""

    def __init__(self) -> None:
        self._readers: OrderedDict[tuple[Path, int], _Reader] = OrderedDict()
        self._lock = threading.Lock()

    def clip(self, path: Path) -> Clip:
        """A clip as it is read. Raises MediaError where it cannot be."""
        return self._reader(path).clip

    def shown(self, path: Path) -> Shown:
        """What a clip is. Raises MediaError where it cannot be read."""
        clip = self.clip(path)
        frames = clip.frame_count or 1
        seconds = float(clip.duration_seconds or frames / (clip.frame_rate or 25))
        return Shown(clip.width, clip.height, frames, seconds, clip.kind == "still")

    def check_length(self, path: Path, most_minutes: float) -> None:
        """Raises InputError for a clip that is longer, MediaError for one that cannot be read."""
        seconds = self.shown(path).seconds
        if seconds > 60 * most_minutes:
            raise InputError(
                f"{path.name} is {duration(seconds)} long, and the studio takes {most_minutes:g} minutes; "
                "cut a part out of it, or start the studio with --most-minutes"
            )

    def picture(self, path: Path, index: int, longest: int | None = None) -> Image.Image:
        """A frame, 8 bits per channel; the last one for an index beyond it. longest: side, at most."""
        image = Image.fromarray(_rgb(self._reader(path).frame(index).pixels))
        if longest is not None:
            image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        return image

    def thumbnail(self, path: Path, longest: int) -> bytes:
        """A picture that is no clip of the workspace, as a small JPEG. Raises MediaError."""
        pixels, _ = read_picture(path, say_nothing)
        image = Image.fromarray(_rgb(pixels))
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        return _as_jpeg(image)

    def jpeg(self, path: Path, index: int, longest: int) -> bytes:
        """The same as a file."""
        return _as_jpeg(self.picture(path, index, longest))

    def _reader(self, path: Path) -> _Reader:
        try:
            key = (path, path.stat().st_mtime_ns)
        except OSError as error:
            raise InputError(f"{path.name} is not there any more") from error
        with self._lock:
            if key not in self._readers:
                self._readers[key] = _Reader(path)
            self._readers.move_to_end(key)
            while len(self._readers) > _MOST_OPEN:
                self._readers.popitem(last=False)
            return self._readers[key]


class _Reader:
    """One clip, with the place up to which it was read: the next frame is mostly asked for next."""

    def __init__(self, path: Path) -> None:
        self.clip: Clip = open_clip(path)
        self._lock = threading.Lock()
        self._going: Iterator[Frame] = iter(())
        self._last: Frame | None = None

    def frame(self, index: int) -> Frame:
        with self._lock:
            at = self._last.index if self._last is not None else None
            if at is None or not 0 <= index - at <= _AHEAD:
                self._going, self._last = self.clip.frames(index), None
            while self._last is None or self._last.index < index:
                following = next(self._going, None)
                if following is None:
                    break
                self._last = following
            if self._last is not None:
                return self._last
        return self._end(index)

    def _end(self, index: int) -> Frame:
        """The last frame, of a clip that has fewer than it says."""
        begin = max(0, min(index, self.clip.frame_count or 1) - _BACK)
        ends = (deque(self.clip.frames(start), maxlen=1) for start in (begin, 0))
        last = next((end[0] for end in ends if end), None)
        if last is None:
            raise InputError(f"{self.clip.path.name} has no frame that can be read")
        return last


def _as_jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _rgb(pixels: np.ndarray) -> np.ndarray:
    """uint8 or uint16 (3, H, W) as uint8 (H, W, 3)"""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return np.ascontiguousarray(pixels.transpose(1, 2, 0))
