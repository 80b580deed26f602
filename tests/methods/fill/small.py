"""Small inputs for the contract that every method keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.video.clip_makers import write_image
from vidstyle.methods.fill.holes import Holes
from vidstyle.methods.fill.method import FillInputs
from vidstyle.video.reader import open_clip


def inputs(options: Any, pictures: Any, guidance: Any, folder: Path) -> FillInputs:
    """A mask that is white in its middle, for frames of any size."""
    mask = np.zeros((12, 16, 3), np.uint8)
    mask[5:8, 6:10] = 255
    write_image(folder / "mask.png", mask)
    masks = open_clip(folder / "mask.png", raw=True)
    holes = Holes(masks, follows=False, first=0, grow=0, notice=lambda line: None)
    return FillInputs(options, passes=1, holes=holes)
