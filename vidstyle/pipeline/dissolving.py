"""Dissolves are taken from what is painted, and made again of what was painted on either side.

Painted as they are, frames that dissolve would carry the strokes of one shot into the next. So each is
painted as its own shot shows it, without the frame that it is mixed with; the result mixes the paintings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from vidstyle.image.convert import to_float, to_uint16
from vidstyle.pipeline.fading import FADE
from vidstyle.types import Frame, Painted
from vidstyle.video.dissolves import Dissolve

DISSOLVE = "dissolve"  # in a carry, float64 (2,): the share of a frame and the index of the other one


def undissolved(frame: Frame, dissolve: Dissolve | None) -> Frame:
    """A frame as it is without the one that it is mixed with."""
    if dissolve is None:
        return frame
    other = to_float(dissolve.other.pixels)
    scene = other + (to_float(frame.pixels) - other) / dissolve.share
    alpha = None if frame.alpha is None else to_uint16(to_float(frame.alpha))
    return replace(frame, pixels=to_uint16(scene), alpha=alpha)


def dissolving(painted: Painted, dissolve: Dissolve | None) -> Painted:
    """A painting that carries with what it is to be mixed."""
    if dissolve is None:
        return painted
    told = torch.tensor([dissolve.share, dissolve.other.index], dtype=torch.float64)
    return replace(painted, carry={**painted.carry, DISSOLVE: told})


def dissolve_in(carry: Mapping[str, Tensor], frame: Callable[[int], Frame]) -> Dissolve | None:
    """What a painted frame carries; frame: of the clip, by its index."""
    if DISSOLVE not in carry:
        return None
    share, other = carry[DISSOLVE].tolist()
    return Dissolve(share, frame(int(other)))


def carried(carry: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What a frame carries for others, without how it was faded and mixed itself."""
    return {name: tensor for name, tensor in carry.items() if name not in (FADE, DISSOLVE)}


def mixed(pixels: np.ndarray, carry: Mapping[str, Tensor], load: Callable[[int], np.ndarray]) -> np.ndarray:
    """A painting, uint16 (3, H, W), as the result shows it; load: other ones, by their index."""
    if DISSOLVE not in carry:
        return pixels
    share, other = carry[DISSOLVE].tolist()
    return to_uint16(torch.lerp(to_float(load(int(other))), to_float(pixels), share))
