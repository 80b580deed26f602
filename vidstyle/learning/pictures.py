"""What a look is learnt on: frames of a clip, pictures of a folder, or those that come with the package."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from vidstyle.errors import MediaError
from vidstyle.features.calibration import pictures as generated
from vidstyle.image.convert import on_paper, to_float
from vidstyle.image.resize import fit, resize
from vidstyle.video.pictures import natural_key, read_picture
from vidstyle.video.reader import open_clip

OURS = sorted((Path(__file__).parent / "pictures").glob("*.jpg"))
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")
_MOST = 64  # pictures in all: what is not painted is learnt on, too


def pictures_of(source: Path | None, size: int) -> list[Tensor]:
    """Pictures float32 (3, H, W) in [0, 1], no longer than `size`; the first few show most of what there is.

    Raises MediaError.
    """
    if source is None:
        found = [on_paper(*read_picture(path)) for path in OURS] + [each[0] for each in generated(4, size)]
    elif source.is_dir():
        paths = sorted(
            (path for path in source.iterdir() if path.suffix.lower() in _SUFFIXES),
            key=lambda path: natural_key(path.name),
        )
        if not paths:
            raise MediaError(f"{source} holds no pictures to learn on")
        found = [on_paper(*read_picture(paths[i])) for i in spread(len(paths), _MOST)]
    else:
        found = _frames(source)
    return [_reduced(each, size) for each in found]


def _frames(path: Path) -> list[Tensor]:
    clip = open_clip(path)
    count = clip.frame_count or _MOST
    wanted = set(spread(count, _MOST))
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


def _reduced(picture: Tensor, size: int) -> Tensor:
    columns, rows = fit(picture.shape[2], picture.shape[1], min(size, max(picture.shape[1:])))
    return resize(picture, (rows, columns))
