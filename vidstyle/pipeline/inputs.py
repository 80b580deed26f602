"""What every run reads, checked: weights and pictures; and what it may replace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.errors import OutputError, UsageError
from vidstyle.features.weights import Weights, find, load
from vidstyle.image.convert import to_float
from vidstyle.video.pictures import read_picture

Notice = Callable[[str], None]


def load_weights(choice: str, notice: Notice) -> Weights:
    """The weights of the feature network that `choice` names. Raises WeightsError."""
    found = find(choice, notice)
    if found.note:
        notice(found.note)
    return load(found)


def picture_on_paper(path: Path) -> Tensor:
    """A picture as float32 (3, H, W) in [0, 1]; what is transparent shows white paper."""
    pixels, alpha = read_picture(path)
    image = to_float(pixels)
    return image if alpha is None else torch.lerp(torch.ones_like(image), image, to_float(alpha))


def check_spared(output: Path, pictures: Sequence[Path], overwrite: bool) -> None:
    """Nothing of the user's is replaced unasked, and what the run reads not at all."""
    for picture in pictures:
        if output.exists() and picture.exists() and output.samefile(picture):
            raise UsageError(f"{output} is read by this run; give the result another name")
    if output.exists() and not (output.is_file() or output.is_dir()):
        raise OutputError(f"{output} is a pipe or a device, which cannot be replaced; give another name")
    if output.is_file() and not overwrite:
        raise OutputError(f"{output} exists; give another name, or --overwrite to replace it")
