"""What every run reads, checked: weights and pictures; and what it may replace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidstyle.errors import MediaError, OutputError, UsageError
from vidstyle.features.weights import Weights, find, load
from vidstyle.image.convert import to_float
from vidstyle.types import Notice
from vidstyle.video.pictures import read_picture

_SHAPES_AGREE = 0.02  # by which share the sides' ratio of a map may differ from that of what it is of


def load_weights(choice: str, draft: bool, notice: Notice) -> Weights:
    """The weights of the feature network that `choice` names, for a draft or not. Raises WeightsError."""
    found = find(choice, notice, draft=draft)
    if found.note:
        notice(found.note)
    return load(found)


def picture_on_paper(path: Path) -> Tensor:
    """A picture as float32 (3, H, W) in [0, 1]; what is transparent shows white paper."""
    return on_paper(*read_picture(path))


def on_paper(pixels: np.ndarray, alpha: np.ndarray | None) -> Tensor:
    """Pixels (3, H, W) as float32 in [0, 1]; what alpha (1, H, W) leaves transparent shows white paper."""
    image = to_float(pixels)
    return image if alpha is None else torch.lerp(torch.ones_like(image), image, to_float(alpha))


def whiteness(pixels: np.ndarray, alpha: np.ndarray | None) -> Tensor:
    """How white a picture is, float32 (1, H, W) in [0, 1]; what is transparent is black."""
    return to_float(pixels).mean(dim=0, keepdim=True) * (1 if alpha is None else to_float(alpha))


def check_shape(option: str, path: Path, size: tuple[int, int], name: str, other: tuple[int, int]) -> None:
    """Raise MediaError where a map that an option names has not the shape of what it is a map of.

    size, other: (width, height) of the two.
    """
    if abs(size[0] / size[1] / (other[0] / other[1]) - 1) > _SHAPES_AGREE:
        raise MediaError(
            f"{option} {path} is {size[0]}x{size[1]} and {name} {other[0]}x{other[1]}; both must have one "
            "shape"
        )


def check_spared(output: Path, pictures: Sequence[Path], overwrite: bool) -> None:
    """Nothing of the user's is replaced unasked, and what the run reads not at all."""
    for picture in pictures:
        if output.exists() and picture.exists() and output.samefile(picture):
            raise UsageError(f"{output} is read by this run; give the result another name")
    if output.exists() and not (output.is_file() or output.is_dir()):
        raise OutputError(f"{output} is a pipe or a device, which cannot be replaced; give another name")
    if output.is_file() and not overwrite:
        raise OutputError(f"{output} exists; give another name, or --overwrite to replace it")
