"""How rough a picture is: its total variation, and the grain that it has more of than the style."""

from __future__ import annotations

import torch
from torch import Tensor

from vidstyle.image.octaves import finest_octave


def total_variation(image: Tensor, beta: float = 2.0, *, wrap: bool = False) -> Tensor:
    """Mean over pixels of ((x[i,j+1] − x[i,j])² + (x[i+1,j] − x[i,j])²)^(β/2), summed over channels.

    image: float32 (3, H, W) in [0, 1]. The mean, not the sum, so that the weight suits any size.
    wrap: whether the last row and column have the first as their neighbours, or none.
    """
    right = torch.diff(image, dim=2, append=image[:, :, :1] if wrap else image[:, :, -1:])
    down = torch.diff(image, dim=1, append=image[:, :1] if wrap else image[:, -1:])
    squares = right.square() + down.square()
    if beta != 2.0:
        squares = (squares + 1e-8) ** (beta / 2)
    return squares.sum() / (image.shape[1] * image.shape[2])


def grain_loss(image: Tensor, quantiles: Tensor, *, wrap: bool = False) -> Tensor:
    """Mean of max(0, a − q)², a the finest octave at each pixel, q what the style has at that rank.

    image: float32 (3, H, W) in [0, 1]. quantiles: of the style, (3, H·W), see `octaves.grain_quantiles`.
    Summed over channels. The pixel with the k-th strongest fine detail may have as much of it as the k-th of
    the style picture, and none has to have any: strokes stay as sharp as the style's, and what is left
    between them can be no grainier. Gram matrices hardly see that: to relu1_1 fine noise is a small part of
    what there is.
    """
    strengths = finest_octave(image, wrap=wrap).flatten(1).abs().sort(dim=1).values
    return (strengths - quantiles).clamp_min(0).square().sum(dim=0).mean()
