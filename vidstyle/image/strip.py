"""Pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def strip(pictures: Sequence[Tensor], gap: int = 4) -> Tensor:
    """Pictures of one size, float32 (3, H, W) in [0, 1], from left to right, white gaps between."""
    if len({tuple(picture.shape) for picture in pictures}) != 1:
        raise ValueError(f"pictures must have one size, not {[tuple(p.shape) for p in pictures]}")
    white = pictures[0].new_ones(3, pictures[0].shape[1], gap)
    parts = [part for picture in pictures for part in (white, picture)]
    return torch.cat(parts[1:], dim=2)
