"""The matches of an analogy as files: to look at, and to use elsewhere."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vidstyle.atomic import clear_leftovers, write_whole
from vidstyle.errors import OutputError
from vidstyle.flow.colourwheel import colours, radius_for
from vidstyle.flow.files import write_flo
from vidstyle.image.convert import to_uint8
from vidstyle.image.fields import offsets
from vidstyle.methods.base import Finished
from vidstyle.video.pictures import encode_png


def save_matches(folder: Path, finished: Finished) -> None:
    """Write into a folder the carried fields of all painted frames.

    For frame 12: fields_12.npz with `ab` and, unless matched one way, `ba`, int16 (2, H, W), (x, y) of the
    match in pixels at the size of matching; ab_12.flo and ba_12.flo with the offsets to them, and these as
    pictures; b_12.png, the exemplar with the look of the frame.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    clear_leftovers(folder / name for index in finished.frames for name in _names(index))
    for index in finished.frames:
        if carry := finished.carry(index):
            _save(folder, index, carry)


def _names(index: int) -> list[str]:
    """Of all files that there may be of a frame."""
    both = [f"{name}_{index}.{suffix}" for name in ("ab", "ba") for suffix in ("flo", "png")]
    return [f"fields_{index}.npz", f"b_{index}.png", *both]


def _save(folder: Path, index: int, carry: dict[str, Tensor]) -> None:
    fields = {name: carry[key] for name, key in (("ab", "field"), ("ba", "back")) if key in carry}
    packed = io.BytesIO()
    arrays: dict[str, Any] = {name: field.numpy() for name, field in fields.items()}
    np.savez_compressed(packed, **arrays)
    write_whole(folder / f"fields_{index}.npz", packed.getvalue())
    for name, field in fields.items():
        vectors = offsets(field.to(torch.long)).numpy()
        write_flo(folder / f"{name}_{index}.flo", vectors)
        picture = encode_png(colours(vectors, radius_for(vectors)))
        write_whole(folder / f"{name}_{index}.png", picture)
    if "analog" in carry:
        write_whole(folder / f"b_{index}.png", encode_png(to_uint8(carry["analog"].float())))
