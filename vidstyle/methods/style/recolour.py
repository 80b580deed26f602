"""A photograph in a style's colours, as a whole or region by region, and a style in a photograph's grey."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidstyle.device import constant
from vidstyle.image.colour import luminance, match_palette, palette
from vidstyle.image.labels import shares_at
from vidstyle.image.matting import GuidedFilter

_NOISE = 0.04  # deviation of what of a photograph's colours is noise
_FEWEST = 16.0  # pixels that still say which colours a region has
# Borders of regions are brought to edges of the photograph this near, as a share of its longest side.
_SNAP, _EDGE = 1 / 60, 0.05


def palettes(image: Tensor, where: Tensor | None) -> Tensor:
    """The palette of an image (3, H, W), float32 (3, 4); with regions (1 + R, 3, 4), first of the whole.

    where: float32 (R, h, w), how much of each pixel belongs to each region. One that has too few is NaN.
    """
    whole = palette(image)
    if where is None:
        return whole
    weights = shares_at(where, (image.shape[1], image.shape[2]))
    none = torch.full_like(whole, torch.nan)
    each = [palette(image, weight) if float(weight.sum()) >= _FEWEST else none for weight in weights]
    return torch.stack([whole, *each])


def style_palettes(pictures: Sequence[Tensor], regions: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Those of several pictures together, by their shares; a region counts where a picture has it.

    regions: as `where`, of each picture; none where there are no regions.
    """
    maps: list[Tensor | None] = [*regions] or [None] * len(pictures)
    found = torch.stack([palettes(picture, each) for picture, each in zip(pictures, maps, strict=True)])
    there = ~found.isnan().flatten(-2).any(dim=-1)
    weights = there * constant(tuple(shares), found).view(-1, *[1] * (there.ndim - 1))
    return (found.nan_to_num() * weights[..., None, None]).sum(dim=0) / weights.sum(dim=0)[..., None, None]


def recoloured(image: Tensor, where: Tensor | None, own: Tensor, wanted: Tensor) -> Tensor:
    """An image (3, H, W) with its colours brought to those wanted, region by region where there are any.

    own, wanted: see `palettes`. A region that one of them lacks is recoloured as the whole is.
    """
    if where is None or own.ndim == 2 or wanted.ndim == 2:
        target, source = (each if each.ndim == 2 else each[0] for each in (wanted, own))
        return match_palette(image, target, source, _NOISE)
    size = image.shape[1], image.shape[2]
    guide = GuidedFilter(image, max(1, round(_SNAP * max(size))), _EDGE**2)
    weights = guide.filter(shares_at(where, size)).clamp(0, 1)
    weights = torch.cat([(1 - weights.sum(dim=0, keepdim=True)).clamp_min(0), weights])
    lacking = (own + wanted).isnan().flatten(1).any(dim=1)
    chosen = torch.where(lacking, 0, torch.arange(len(own), device=own.device))
    each = [match_palette(image, wanted[n], own[n], _NOISE) for n in chosen.tolist()]
    return (torch.stack(each) * weights[:, None]).sum(dim=0) / weights.sum(dim=0).clamp_min(1e-6)


def match_luma(luma: Tensor, colours: Tensor) -> Tensor:
    """Grey (3, H, W) brought to the mean and deviation of the luma of `colours` (see `palette`)."""
    weights = luminance(torch.eye(3, device=luma.device).view(3, 3, 1))[0, :, 0]
    mean = weights @ colours[:, 0]
    deviation = (weights @ colours[:, 1:] @ weights).clamp_min(0).sqrt()
    return ((luma - luma.mean()) / luma.std().clamp_min(1e-4) * deviation + mean).clamp(0, 1)
