"""Small inputs for the contract that every method keeps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.methods.painters import picture
from vidstyle.image.convert import to_uint8
from vidstyle.methods.keys.files import KeyFile
from vidstyle.methods.keys.method import KeysInputs
from vidstyle.types import Frame
from vidstyle.video.pictures import write_picture


def inputs(options: Any, pictures: Any, guidance: Any, folder: Path) -> KeysInputs:
    """One key frame, of frame 7."""
    path = folder / "7.png"
    write_picture(path, to_uint8(1 - picture(24, 32, seed=11)))
    filmed = Frame(to_uint8(picture(24, 32, seed=11)), 7, 7, Fraction(1, 25))
    return KeysInputs(options, files={7: KeyFile(7, path, "7")}, filmed=lambda index: filmed)
