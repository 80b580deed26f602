"""Small inputs for the contract that every method keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.methods.painters import picture
from vidstyle.image.convert import to_uint8
from vidstyle.methods.dfi.inputs import Given, Origin
from vidstyle.methods.dfi.method import DfiInputs
from vidstyle.methods.dfi.sets import PictureSet
from vidstyle.video.pictures import write_picture


def inputs(options: Any, pictures: Any, guidance: Any, folder: Path) -> DfiInputs:
    """Two sets of as few pictures as can be, dark ones and bright ones, so that something sets them apart."""
    paths = [folder / f"{i}.png" for i in range(10)]
    for i, path in enumerate(paths):
        write_picture(path, to_uint8(0.2 * picture(20, 30, seed=i) + 0.8 * (i >= 5)))
    sets = PictureSet("source", tuple(paths[:5])), PictureSet("target", tuple(paths[5:]))
    return DfiInputs(options, given=Given([Origin(sets)]))
