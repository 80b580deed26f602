"""Altered copies of pictures, and where each of their points went."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def views(pictures: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Two looks at each picture, (n, 3, H, W), and where each pixel of the first lies in the second.

    That is a grid (n, H, W, 2), (x, y) in [-1, 1] as `grid_sample` takes it; what lies outside is not there.
    """
    count, _, height, width = pictures.shape
    there = _warp(count, height, width, random)
    back = _invert(there)
    second = F.grid_sample(pictures, back, padding_mode="reflection", align_corners=False)
    return _rough(pictures, random), _rough(_recolour(second, random), random), there


def _warp(count: int, height: int, width: int, random: torch.Generator) -> Tensor:
    """Turns, scales, shears, shifts and bends: (n, H, W, 2), where each pixel goes to."""
    uniform = lambda *shape: torch.rand(*shape, generator=random) * 2 - 1  # noqa: E731
    angle, stretch = 0.5 * uniform(count), torch.exp(0.35 * uniform(count))
    turn = torch.stack((angle.cos(), -angle.sin(), angle.sin(), angle.cos()), 1).view(-1, 2, 2)
    linear = turn * stretch.view(-1, 1, 1) + 0.15 * uniform(count, 2, 2)
    affine = torch.cat((linear, 0.25 * uniform(count, 2, 1)), 2)
    bend = F.interpolate(0.06 * uniform(count, 2, 4, 4), (height, width), mode="bicubic")
    return F.affine_grid(affine, [count, 3, height, width], align_corners=False) + bend.permute(0, 2, 3, 1)


def _invert(there: Tensor, rounds: int = 12) -> Tensor:
    """The grid that undoes the grid `there`, by fixed-point iteration from its best affine inverse."""
    count, height, width, _ = there.shape
    identity = F.affine_grid(
        torch.eye(2, 3).expand(count, -1, -1), [count, 3, height, width], align_corners=False
    )
    ones = torch.ones(count, height * width, 1)
    solution = torch.linalg.lstsq(torch.cat((there.flatten(1, 2), ones), 2), identity.flatten(1, 2)).solution
    linear, shift = solution[:, :2], solution[:, 2:]
    field = there.permute(0, 3, 1, 2)
    found = (identity.flatten(1, 2) @ linear + shift).view_as(identity)
    for _ in range(rounds):
        arrived = F.grid_sample(field, found, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)
        error = (identity - arrived).flatten(1, 2) @ linear
        inside = (found.abs().amax(-1, keepdim=True) < 1).float()
        found = found + inside * error.view_as(found)
    return found


def _recolour(pictures: Tensor, random: torch.Generator) -> Tensor:
    """A random mixture of the channels, a random brightness, contrast and gamma for each picture."""
    count = len(pictures)
    mixture = torch.eye(3) + 0.45 * torch.randn(count, 3, 3, generator=random)
    centred = (pictures - 0.5).flatten(2)
    mixed = (mixture @ centred).view_as(pictures)
    flip = torch.where(torch.rand(count, 1, 1, 1, generator=random) < 0.1, -1.0, 1.0)
    gain = torch.exp(0.4 * torch.randn(count, 1, 1, 1, generator=random))
    lifted = (0.5 + flip * gain * mixed + 0.12 * torch.randn(count, 3, 1, 1, generator=random)).clamp(0, 1)
    return lifted.clamp_min(1e-3) ** torch.exp(0.4 * torch.randn(count, 1, 1, 1, generator=random))


def _rough(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Noise for all, stronger for some; half are blurred."""
    count = len(pictures)
    strength = 0.12 * torch.rand(count, 1, 1, 1, generator=random).square()
    soft = F.avg_pool2d(F.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = (torch.rand(count, 1, 1, 1, generator=random) - 0.5).clamp_min(0) * 2
    noisy = torch.lerp(pictures, soft, share) + strength * torch.randn(pictures.shape, generator=random)
    return noisy.clamp(0, 1)
