"""What every run reads, checked: weights, pictures, ranges of frames, and what it may replace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.errors import InputError, OutputError, UsageError
from vidstyle.features.weights import Weights, find, load
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.image.resize import resize
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.pictures import read_picture

Notice = Callable[[str], None]

_LONGEST = 16384


def load_weights(choice: str, notice: Notice) -> Weights:
    """The weights of the feature network that `choice` names. Raises WeightsError."""
    found = find(choice, notice)
    if found.note:
        notice(found.note)
    return load(found)


def scaled(frame: Frame, size: tuple[int, int]) -> Frame:
    """The frame at `size`, (height, width) in pixels, at no less than its own depth."""
    if (frame.height, frame.width) == size:
        return frame
    alpha = None if frame.alpha is None else to_uint16(resize(to_float(frame.alpha), size))
    return replace(frame, pixels=to_uint16(resize(to_float(frame.pixels), size)), alpha=alpha)


def picture_on_paper(path: Path) -> Tensor:
    """A picture as float32 (3, H, W) in [0, 1]; what is transparent shows white paper."""
    pixels, alpha = read_picture(path)
    image = to_float(pixels)
    return image if alpha is None else torch.lerp(torch.ones_like(image), image, to_float(alpha))


def frame_range(text: str | None, clip: Clip) -> tuple[int, int | None]:
    """The frames [start, stop) that `text`, A:B, asks of a clip; all of them for None."""
    if text is None:
        return 0, None
    begin, colon, end = text.partition(":")
    try:
        start, stop = int(begin or 0), int(end) if end else None
    except ValueError:
        colon = ""
    if not colon or start < 0 or (stop is not None and stop <= start):
        raise UsageError(f"--frames takes A:B with A below B, such as 100:200, :50 or 100:, not {text!r}")
    if clip.frame_count_exact and clip.frame_count is not None and start >= clip.frame_count:
        raise InputError(f"{clip.path} has {clip.frame_count} frames; --frames {text} begins after its end")
    return start, stop


def check_longest(longest: int) -> None:
    """Raise UsageError for a longer side, in pixels, that no machine could work at."""
    if longest > _LONGEST:
        raise UsageError(f"--size {longest} is too large; the longest side may be {_LONGEST} pixels")


def check_spared(output: Path, pictures: Sequence[Path], overwrite: bool) -> None:
    """Nothing of the user's is replaced unasked, and what the run reads not at all."""
    for picture in pictures:
        if output.exists() and picture.exists() and output.samefile(picture):
            raise UsageError(f"{output} is read by this run; give the result another name")
    if output.is_file() and not overwrite:
        raise OutputError(f"{output} exists; give another name, or --overwrite to replace it")
