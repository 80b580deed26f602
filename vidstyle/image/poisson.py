"""Pictures from gradients: the Poisson equation (Pérez et al. 2003), also screened (Bhat et al. 2008)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vidstyle.image.diffusion import diffused


def gradients(image: Tensor) -> tuple[Tensor, Tensor]:
    """Differences of a picture (C, H, W) from each pixel to the next, down and to the right; 0 at the end."""
    down, right = torch.zeros_like(image), torch.zeros_like(image)
    down[:, :-1] = image.diff(dim=1)
    right[:, :, :-1] = image.diff(dim=2)
    return down, right


def screened_poisson(image: Tensor, down: Tensor, right: Tensor, weight: Tensor) -> Tensor:
    """u = argmin |u − image|² + w² |∇u − g|²: the picture that has these gradients and keeps these colours.

    image: float32 (C, H, W). down, right: g, as of `gradients`. weight: w, (C,), of each channel.

    The system is (I − w² Δ) u = image − w² div g. With free borders cosines diagonalise it; the cosine
    transform is the Fourier transform of the picture mirrored.
    """
    height, width = image.shape[1:]
    square = weight.to(image).view(-1, 1, 1) ** 2
    right_side = image.clone()
    right_side[:, :-1] -= square * down[:, :-1]
    right_side[:, 1:] += square * down[:, :-1]
    right_side[:, :, :-1] -= square * right[:, :, :-1]
    right_side[:, :, 1:] += square * right[:, :, :-1]
    mirrored = torch.cat([right_side, right_side.flip(2)], dim=2)
    waves = torch.fft.rfft2(torch.cat([mirrored, mirrored.flip(1)], dim=1))
    rows = torch.arange(2 * height, device=image.device) * (math.pi / height)
    columns = torch.arange(width + 1, device=image.device) * (math.pi / width)
    curvature = (2 - 2 * rows.cos())[:, None] + (2 - 2 * columns.cos())[None]
    solved = torch.fft.irfft2(waves / (1 + square * curvature), s=(2 * height, 2 * width))
    return solved[:, :height, :width].contiguous()


def seamless(inside: Tensor, outside: Tensor, region: Tensor) -> Tensor:
    """u with Δu = Δ inside within a region and u = outside beyond it: one picture in another, without a seam.

    inside, outside: (C, H, W). region: bool (1, H, W); borders of the picture are free where it meets them.
    What is added to `inside` has no curvature, and is known around: it diffuses.
    """
    added = diffused(outside - inside, ~region)
    return torch.where(region, inside + added, outside)
