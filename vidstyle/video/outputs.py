"""What may be written over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import OutputError, UsageError


def check_spared(output: Path, pictures: Sequence[Path], overwrite: bool) -> None:
    """Nothing of the user's is replaced unasked, and what the run reads not at all."""
    for picture in pictures:
        if output.exists() and picture.exists() and output.samefile(picture):
            raise UsageError(f"{output} is read by this run; give the result another name")
    if output.exists() and not (output.is_file() or output.is_dir()):
        raise OutputError(f"{output} is a pipe or a device, which cannot be replaced; give another name")
    if output.is_file() and not overwrite:
        raise OutputError(f"{output} exists; give another name, or --overwrite to replace it")
