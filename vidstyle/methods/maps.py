"""Maps and masks that belong to a clip: one picture, or one for every frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vidstyle.errors import MediaError
from vidstyle.image.masks import check_shape
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.reader import open_clip
from vidstyle.video.sequences import PictureClip


def open_map(option: str, path: str, clip: Clip, start: int, stop: int | None) -> Clip:
    """The maps that an option names for frames [start, stop) of a clip. Raises MediaError."""
    return _complete(option, _opened(option, path, clip), clip, start, stop)


def open_some(
    option: str, path: str, clip: Clip, start: int, stop: int | None
) -> tuple[Clip, Mapping[int, int] | None]:
    """The same, or maps of some frames alone: pictures in a folder, numbered by them with gaps.

    Returns of these which one a frame has, by the frame's place; None where there is one for every frame, or
    a single one.
    """
    maps = _opened(option, path, clip)
    if not isinstance(maps, PictureClip) or maps.kind == "still" or not _gaps(maps, clip):
        return _complete(option, maps, clip, start, stop), None
    if len(maps.numbers) == 1:
        return maps, {start: 0}
    found = {}
    for which, number in enumerate(maps.numbers):
        if _lacks(clip, number):
            raise MediaError(
                f"{option} {maps.pictures[which]} would be of frame {number}, and {clip.path.name} has none: "
                "some maps alone are numbered by their frames, from 0"
            )
        found[clip.position(number)] = which
    if not any(start <= place and (stop is None or place < stop) for place in found):
        raise MediaError(f"{option} {path} has no map of the frames of --frames")
    return maps, found


def _opened(option: str, path: str, clip: Clip) -> Clip:
    maps = open_clip(path, raw=True)
    check_shape(option, maps.path, (maps.width, maps.height), clip.path.name, (clip.width, clip.height))
    return maps


def _complete(option: str, maps: Clip, clip: Clip, start: int, stop: int | None) -> Clip:
    """The maps, where there is one for every frame, or one for all."""
    if maps.kind == "still":
        return maps
    if isinstance(maps, PictureClip) and set() < set(clip.numbers) < set(maps.numbers):
        maps = maps.only(clip.numbers)  # of frames that are missing there are maps, too
    ends = [end for end in (stop, clip.frame_count if clip.frame_count_exact else None) if end is not None]
    last = min(ends, default=start + 1)
    if maps.frame_count_exact and maps.frame_count is not None and maps.frame_count < last:
        raise MediaError(
            f"{option} {maps.path} has {maps.frame_count} maps for {last} frames; give one for every frame "
            f"of {clip.path.name}, or a single picture for its first"
        )
    return maps


def _gaps(maps: Clip, clip: Clip) -> bool:
    """Whether there are maps of some frames alone, by their numbers; those that follow each other are all."""
    if clip.frame_count_exact and clip.frame_count is not None and len(maps.numbers) >= clip.frame_count:
        return False
    return len(maps.numbers) == 1 or maps.numbers[-1] - maps.numbers[0] >= len(maps.numbers)


def _lacks(clip: Clip, number: int) -> bool:
    """Whether no frame has this number."""
    if clip.numbers:
        return number not in clip.numbers
    count = clip.frame_count if clip.frame_count_exact else None
    return number < 0 or (count is not None and number >= count)


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
