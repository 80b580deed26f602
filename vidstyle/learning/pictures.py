"""What a look is learnt on: frames of a clip, pictures of a folder, or those that come with the package."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from vidstyle.features.calibration import pictures as generated
from vidstyle.image.convert import on_paper
from vidstyle.image.resize import fit, resize
from vidstyle.methods.examples import examples_of
from vidstyle.video.pictures import read_picture

OURS = sorted((Path(__file__).parent / "pictures").glob("*.jpg"))
_MOST = 64  # pictures in all: what is not painted is learnt on, too


def pictures_of(source: Path | None, size: int) -> list[Tensor]:
    """Pictures float32 (3, H, W) in [0, 1], no longer than `size`; the first few show most of what there is.

    Raises MediaError.
    """
    if source is None:
        found = [on_paper(*read_picture(path)) for path in OURS] + [each[0] for each in generated(4, size)]
    else:
        found = examples_of(source, _MOST)
    return [_reduced(each, size) for each in found]


def _reduced(picture: Tensor, size: int) -> Tensor:
    columns, rows = fit(picture.shape[2], picture.shape[1], min(size, max(picture.shape[1:])))
    return resize(picture, (rows, columns))
