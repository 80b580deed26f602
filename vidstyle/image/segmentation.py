"""Where a thing ends, by its colours: GrabCut (Rother, Kolmogorov & Blake 2004) about a guess."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from vidstyle.image.convert import to_uint8
from vidstyle.image.masks import dilated
from vidstyle.image.resize import fit, resize

_LARGEST = 224  # pixels, longest side of the window in which the edge is looked for
_ROUNDS = 2
_MARGIN = 3  # widths of the band around the thing from which the colours of what is behind are learnt
_CHANGED = 1.5  # by which factor its area may change: beyond, colours say nothing


def outlined(image: Tensor, guess: Tensor, band: int) -> Tensor:
    """A mask whose edge, within `band` pixels of that of the guess, lies where colours part.

    image: float32 (3, H, W) in [0, 1]. guess: bool (1, H, W). Where colours of the thing are those of what is
    behind, so that much of it would be lost or added, the guess stays. Deterministic.
    """
    box = _window(guess, band * (_MARGIN + 1))
    if box is None:
        return guess
    rows, columns = box
    part, inside = image[:, rows, columns], guess[:, rows, columns]
    size = part.shape[1], part.shape[2]
    width, height = fit(size[1], size[0], min(_LARGEST, max(size)))
    small = resize(part, (height, width))
    likely = resize(inside.float(), (height, width)) > 0.5
    reach = max(1, round(band * max(width, height) / max(size)))
    found = _cut(small, likely, reach)
    area, before = int(found.sum()), int(likely.sum())
    if not before / _CHANGED < area < before * _CHANGED:
        return guess
    result = guess.clone()
    edge = resize(found.float(), size) > 0.5
    near = dilated(inside, band) & ~_shrunk(inside, band)
    result[:, rows, columns] = torch.where(near, edge, inside)
    return result


def _cut(image: Tensor, likely: Tensor, reach: int) -> Tensor:
    """GrabCut, in which only what is no further than `reach` from the edge is open."""
    sure, never = _shrunk(likely, reach), ~dilated(likely, reach)
    if not bool(sure.any()) or not bool(never.any()):
        return likely
    kinds: Any = np.where(likely[0].cpu().numpy(), cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    kinds[sure[0].cpu().numpy()], kinds[never[0].cpu().numpy()] = cv2.GC_FGD, cv2.GC_BGD
    pixels = np.ascontiguousarray(to_uint8(image).transpose(1, 2, 0))
    cv2.setRNGSeed(0)
    behind, before = np.zeros((2, 1, 65))
    cv2.grabCut(pixels, kinds, (0, 0, 0, 0), behind, before, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found: Any = np.isin(kinds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    # Neither specks nor pinholes.
    for kind in (cv2.MORPH_OPEN, cv2.MORPH_CLOSE):
        found = cv2.morphologyEx(found, kind, np.ones((3, 3), np.uint8))
    return torch.from_numpy(found > 0)[None].to(likely.device) | sure


def _window(mask: Tensor, margin: int) -> tuple[slice, slice] | None:
    rows, columns = mask[0].any(1).nonzero()[:, 0], mask[0].any(0).nonzero()[:, 0]
    if not len(rows):
        return None
    top, left = max(0, int(rows[0]) - margin), max(0, int(columns[0]) - margin)
    return slice(top, int(rows[-1]) + 1 + margin), slice(left, int(columns[-1]) + 1 + margin)


def _shrunk(mask: Tensor, pixels: int) -> Tensor:
    return ~dilated(~mask, pixels)
