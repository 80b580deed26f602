"""Maps and masks that belong to a clip: one picture, or one for every frame."""

from __future__ import annotations

from collections.abc import Iterator

from vidstyle.errors import MediaError
from vidstyle.image.masks import check_shape
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.reader import open_clip
from vidstyle.video.sequences import PictureClip


def open_map(option: str, path: str, clip: Clip, start: int, stop: int | None) -> Clip:
    """The maps that an option names for frames [start, stop) of a clip. Raises MediaError."""
    maps = open_clip(path, raw=True)
    check_shape(option, maps.path, (maps.width, maps.height), clip.path.name, (clip.width, clip.height))
    if maps.kind == "still":
        return maps
    if isinstance(maps, PictureClip) and set() < set(clip.numbers) < set(maps.numbers):
        maps = maps.only(clip.numbers)  # of frames that are missing there are maps, too
    ends = [end for end in (stop, clip.frame_count if clip.frame_count_exact else None) if end is not None]
    last = min(ends, default=start + 1)
    if maps.frame_count_exact and maps.frame_count is not None and maps.frame_count < last:
        raise MediaError(
            f"{option} {path} has {maps.frame_count} maps for {last} frames; give one for every frame of "
            f"{clip.path.name}, or a single picture for its first"
        )
    return maps


class MapReader:
    """Frames of a clip of maps, best asked for in order."""

    def __init__(self, option: str, clip: Clip) -> None:
        self.option, self.clip = option, clip
        self.frames: Iterator[Frame] = iter(())
        self.next: int | None = None

    def at(self, index: int) -> Frame:
        """The map of frame `index`; a single one is of all frames. Raises MediaError."""
        if self.clip.kind == "still":
            index = 0
        if index != self.next:
            self.frames = self.clip.frames(index)
        frame = next(self.frames, None)
        if frame is None:
            raise MediaError(f"{self.option} {self.clip.path} has no map for frame {index}")
        self.next = index + 1
        return frame
