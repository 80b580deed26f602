"""Pictures in rows and columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.resize import fit, resize

_GAP = 4
_LARGEST_CELL, _LEAST_CELL = 256, 32
_LONGEST, _MOST_PIXELS = 16384, 24_000_000

MOST_ROWS = _LONGEST // (_LEAST_CELL + _GAP)
"""Of a sheet with cells of the least side that still shows something."""


def sheet(rows: Sequence[Sequence[Tensor | None]], side: int) -> Tensor:
    """Pictures float32 (3, H, W) in [0, 1] of any sizes, each fitted into a cell, with white around it.

    rows: all of one length; None leaves its place white. side: longest side of a picture, in pixels. Columns
    are that wide; a row is as high as its highest picture. Pictures are never enlarged.
    """
    if not rows or not rows[0] or len({len(row) for row in rows}) > 1:
        raise ValueError(f"rows must have one length, and not none: {[len(row) for row in rows]}")
    return torch.cat([_row([_cell(picture, side) for picture in row], side) for row in rows], dim=1)


def numbered(pictures: Sequence[Tensor], columns: int, side: int) -> Tensor:
    """At least one picture, in rows of so many at most, each with its number in a corner, from 1."""
    cells: list[Tensor | None] = [_with_number(fitted(each, side), n + 1) for n, each in enumerate(pictures)]
    columns = min(columns, len(cells))
    cells += [None] * (-len(cells) % columns)
    return sheet([cells[begin : begin + columns] for begin in range(0, len(cells), columns)], side)


def _with_number(picture: Tensor, number: int) -> Tensor:
    pixels = np.ascontiguousarray(to_uint8(picture).transpose(1, 2, 0))
    text, font, scale = str(number), cv2.FONT_HERSHEY_SIMPLEX, 0.7
    (width, height), _ = cv2.getTextSize(text, font, scale, 2)
    cv2.rectangle(pixels, (0, 0), (width + 8, height + 10), (255, 255, 255), cv2.FILLED)
    cv2.putText(pixels, text, (4, height + 5), font, scale, (0, 0, 0), 2, cv2.LINE_AA)
    return to_float(pixels.transpose(2, 0, 1))


def cell_side(rows: int, columns: int) -> int:
    """The side for `sheet` with which one of so many cells stays of a handy size."""
    longest = _LONGEST // max(rows, columns) - _GAP
    return max(_LEAST_CELL, min(_LARGEST_CELL, longest, math.isqrt(_MOST_PIXELS // (rows * columns)) - _GAP))


def _cell(picture: Tensor | None, side: int) -> Tensor:
    return torch.ones(3, 1, side) if picture is None else fitted(picture, side)


def fitted(picture: Tensor, side: int) -> Tensor:
    """A picture with no side above `side`, as it comes into a sheet; on the CPU."""
    height, width = picture.shape[1:]
    columns, rows = fit(width, height, min(side, max(height, width)))
    return resize(picture.cpu(), (rows, columns))


def _row(cells: Sequence[Tensor], side: int) -> Tensor:
    height = max(cell.shape[1] for cell in cells)
    return torch.cat([_centred(cell, height + _GAP, side + _GAP) for cell in cells], dim=2)


def _centred(picture: Tensor, height: int, width: int) -> Tensor:
    top, left = (height - picture.shape[1]) // 2, (width - picture.shape[2]) // 2
    rest = width - picture.shape[2] - left, height - picture.shape[1] - top
    return pad(picture, (left, rest[0], top, rest[1]), value=1.0)
