"""What an edit writes beside its result: every strength of a still, and the vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidstyle.errors import OutputError, UsageError
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.methods.base import Method
from vidstyle.methods.dfi.painter import Dfi
from vidstyle.options import DfiOptions
from vidstyle.options.dfi import FIND
from vidstyle.video.clip import Clip
from vidstyle.video.formats import check_spared
from vidstyle.video.pictures import Picture, clear_leftovers, picture_suffix

_GAP = 4  # pixels between the pictures of a strip

Write = Callable[[Path, np.ndarray, np.ndarray | None], None]
"""Writes a picture, uint16 (3, H, W), with its transparency (1, H, W), if there is any."""


def check_beside(options: DfiOptions, clip: Clip, output: Path, overwrite: bool) -> None:
    """Whether what is written beside the result can be; nothing of the user's is replaced unasked."""
    if len(options.strength) > 1 and clip.kind != "still":
        raise UsageError(f"{clip.path} has several frames, and takes one --strength")
    align = None if options.align == FIND else options.align
    named = (options.mask, options.inpaint, align, options.vector)
    for path in (output, *files_beside(options, output)):
        check_spared(path, [Path(name) for name in named if name], overwrite)
    if options.save_vector and not (folder := Path(options.save_vector).parent).is_dir():
        raise OutputError(f"--save-vector: the folder {folder} does not exist")


def files_beside(options: DfiOptions, output: Path) -> list[Path]:
    """All that is written beside `output`."""
    vector = [Path(options.save_vector)] if options.save_vector else []
    return [*_pictures(output, options.strength), *vector]


def _pictures(output: Path, strengths: Sequence[float]) -> list[Path]:
    """OUT_0.2 and so on for all strengths but the last, and OUT_strip; none for one strength."""
    if len(strengths) == 1:
        return []
    picture_suffix(output)
    names = [*(f"{strength:g}" for strength in strengths[:-1]), "strip"]
    return [output.with_name(f"{output.stem}_{name}{output.suffix}") for name in names]


def save_beside(
    options: DfiOptions,
    output: Path,
    carry: Mapping[str, Tensor],
    *,
    still: Callable[[], Picture],
    write: Write,
    painter: Callable[[], Method],
) -> list[Path]:
    """Write what the options ask for beside the result; returns the files.

    Of a still with several strengths: the other ones, and a strip of the input and them all. The vector is
    that of the first frame.

    carry: of the first frame. still: gives that frame as it was, at the size of the result.
    """
    paths = files_beside(options, output)
    clear_leftovers(paths)
    if len(options.strength) > 1:
        pixels, alpha = still()
        images = list(carry["series"])
        *others, whole = _pictures(output, options.strength)
        for path, image in zip(others, images, strict=False):
            write(path, to_uint16(image), alpha)
        write(whole, to_uint16(_strip([to_float(pixels), *images])), None)
    if options.save_vector:
        method = painter()
        assert isinstance(method, Dfi)
        method.vector(carry).save(paths[-1])
    return paths


def _strip(pictures: Sequence[Tensor]) -> Tensor:
    """Pictures of one size, float32 (3, H, W) in [0, 1], from left to right, white gaps between."""
    white = pictures[0].new_ones(3, pictures[0].shape[1], _GAP)
    parts = [part for picture in pictures for part in (white, picture)]
    return torch.cat(parts[1:], dim=2)
