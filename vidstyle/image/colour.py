"""Colour statistics and transfers (Gatys, Bethge, Hertzmann & Shechtman 2016)."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from vidstyle.device import constant, eigh

# NTSC luma and its two chroma axes; the rows of RGB -> YIQ.
_YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))


def to_yiq(image: Tensor) -> Tensor:
    """Luma and chroma of image float32 (3, H, W): (3, H, W)."""
    return torch.einsum("cd,dhw->chw", constant(_YIQ, image), image)


def from_yiq(image: Tensor) -> Tensor:
    """The same back."""
    return torch.einsum("cd,dhw->chw", constant(_inverse(), image), image)


@cache
def _inverse() -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, torch.linalg.inv(torch.tensor(_YIQ)).tolist()))


def luminance(image: Tensor) -> Tensor:
    """Luma of image float32 (3, H, W) in [0, 1], on all three channels of the result (3, H, W)."""
    weights = constant(_YIQ[0], image).view(3, 1, 1)
    return (image * weights).sum(dim=0, keepdim=True).expand(3, -1, -1).clone()


def with_luminance(image: Tensor, luma: Tensor) -> Tensor:
    """`image` with its luma replaced by `luma`, its chroma (I, Q) kept. Both (3, H, W) in [0, 1].

    Adding one number to R, G and B changes Y alone.
    """
    return (image + (luma - luminance(image))).clamp(0, 1)


def palette(image: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean and covariance of the colours of image (3, H, W), as float32 (3, 4): [mean | covariance].

    weight: float32 (H, W), how much each pixel counts, not 0 everywhere; None: all the same.
    """
    flat = image.reshape(3, -1)
    if weight is None:
        return torch.cat([flat.mean(dim=1, keepdim=True), torch.cov(flat, correction=0)], dim=1)
    counts = weight.flatten() / weight.sum()
    return torch.cat([flat @ counts[:, None], torch.cov(flat, correction=0, aweights=counts)], dim=1)


def match_palette(image: Tensor, target: Tensor, source: Tensor | None = None, noise: float = 0.0) -> Tensor:
    """`image` (3, H, W) in [0, 1] recoloured to the mean and covariance in `target` (3, 4).

    x' = Σ_t^½ Σ_s^-½ (x − μ_s) + μ_t, the linear map by the matrices' symmetric roots. source: the palette
    that is brought to `target`, the picture's own if not given. noise: deviation of what is in the picture
    but no colour; so much is added to Σ_s, or of a nearly grey picture noise would be made colourful.
    """
    source = palette(image) if source is None else source
    spread = source[:, 1:] + noise**2 * torch.eye(3, device=image.device)
    linear = _power(target[:, 1:], 0.5) @ _power(spread, -0.5)
    flat = linear @ (image.reshape(3, -1) - source[:, :1]) + target[:, :1]
    return flat.clamp(0, 1).reshape(image.shape)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    values, vectors = eigh(matrix)  # of a grey picture's colours, a singular one
    values = values.clamp_min(1e-5) ** exponent
    return ((vectors * values) @ vectors.T).to(matrix)
