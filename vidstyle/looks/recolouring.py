"""Seeing a frame in the colours of the style, whatever its own are.

A network of this size that has no normalisation by the frame at hand paints a dim frame dim and a green one
green. Brought to the style's mean and covariance of colours first, all frames ask the same of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidstyle.image.colour import match_palette, palette

_STEP = 3  # pixels; every so many tell what the colours are
_RENEWED = 0.04  # of the colours, by each frame: they follow within a second
_NOISE = 0.03  # deviation of what is no colour


def palette_of(pictures: Sequence[Tensor]) -> Tensor:
    """Mean and covariance of the colours of style pictures (3, H, W), each as one part of them, (3, 4)."""
    found = torch.stack([palette(picture) for picture in pictures])
    means, covariances = found[:, :, :1], found[:, :, 1:]
    middle = means.mean(0)
    off = means - middle
    return torch.cat([middle, (covariances + off @ off.transpose(1, 2)).mean(0)], 1)


def colours_after(earlier: Tensor | None, frame: Tensor) -> Tensor:
    """The palette (3, 4) by which a frame is recoloured, after that of the one before it.

    frame: float32 (3, H, W) in [0, 1], or uint8.
    """
    seen = frame[:, ::_STEP, ::_STEP]
    own = palette(seen if seen.is_floating_point() else seen.float() / 255)
    return own if earlier is None else torch.lerp(earlier.to(own), own, _RENEWED)


def recoloured(frame: Tensor, style: Tensor, colours: Tensor | None = None) -> Tensor:
    """A frame, float32 (3, H, W) in [0, 1], in the colours of the palette `style`, (3, 4).

    colours: those that it has, if not its own alone, likewise.
    """
    return match_palette(frame, style, colours_after(None, frame) if colours is None else colours, _NOISE)
