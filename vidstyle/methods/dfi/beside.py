"""What an edit writes beside its result: every strength of a still, and the vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.atomic import clear_leftovers
from vidstyle.errors import OutputError
from vidstyle.image.convert import to_float
from vidstyle.methods.base import Finished
from vidstyle.methods.dfi.options import DfiOptions
from vidstyle.methods.dfi.painter import Dfi
from vidstyle.video.pictures import picture_suffix

_GAP = 4  # pixels between the pictures of a strip


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


def save_beside(options: DfiOptions, finished: Finished, painter: Callable[[], Dfi]) -> list[Path]:
    """Write what the options ask for beside the result; returns the files.

    Of a still with several strengths: the other ones, and a strip of the input and them all. The vector is
    that of the first frame.
    """
    paths = files_beside(options, finished.output)
    clear_leftovers(paths)
    if not paths:
        return paths
    first = next((index for index in finished.frames if finished.carry(index)), None)
    if first is None:
        raise OutputError("--save-vector: all frames are black or white, so there is no vector")
    carry = finished.carry(first)
    if len(options.strength) > 1:
        still, images = finished.source(first), list(carry["series"])
        *others, whole = _pictures(finished.output, options.strength)
        for path, image in zip(others, images, strict=False):
            finished.write(path, image, still)
        finished.write(whole, _strip([to_float(still.pixels), *images]), None)
    if options.save_vector:
        painter().vector(carry).save(paths[-1])
    return paths


def _strip(pictures: Sequence[Tensor]) -> Tensor:
    """Pictures of one size, float32 (3, H, W) in [0, 1], from left to right, white gaps between."""
    white = pictures[0].new_ones(3, pictures[0].shape[1], _GAP)
    parts = [part for picture in pictures for part in (white, picture)]
    return torch.cat(parts[1:], dim=2)
