"""What the user has to learn from: frames of a clip, or pictures of a folder."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from vidstyle.errors import MediaError
from vidstyle.image.convert import on_paper, to_float
from vidstyle.video.pictures import natural_key, read_picture
from vidstyle.video.reader import open_clip

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")


def examples_of(source: Path, most: int) -> list[Tensor]:
    """Up to `most` pictures float32 (3, H, W) in [0, 1], from all over it; the first few show most of it.

    Raises MediaError.
    """
    if not source.is_dir():
        return _frames(source, most)
    paths = sorted(
        (path for path in source.iterdir() if path.suffix.lower() in _SUFFIXES),
        key=lambda path: natural_key(path.name),
    )
    if not paths:
        raise MediaError(f"{source} holds no pictures to learn on")
    return [on_paper(*read_picture(paths[i])) for i in spread(len(paths), most)]


def _frames(path: Path, most: int) -> list[Tensor]:
    clip = open_clip(path)
    count = clip.frame_count or most
    wanted = set(spread(count, most))
    frames = [to_float(frame.pixels) for frame in clip.frames() if frame.index in wanted]
    return [frames[i] for i in spread(len(frames), len(frames))]


def spread(count: int, most: int) -> list[int]:
    """Up to `most` of `count` indices, all over them: the middle first, then between those taken."""
    taken: list[int] = []
    parts = 1
    while len(taken) < min(count, most):
        places = ((2 * i + 1) * count // (2 * parts) for i in range(parts))
        taken += [place for place in dict.fromkeys(places) if place not in taken]
        parts *= 2
    return taken[:most]
