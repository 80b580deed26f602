"""Masks: where one picture is laid over another."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from vidstyle.errors import MediaError
from vidstyle.image.convert import to_float

_SHAPES_AGREE = 0.02  # by which share the sides' ratio of a map may differ from that of what it is of
_NOISE = 0.03  # by which compression makes black brighter and white darker


def whiteness(pixels: np.ndarray, alpha: np.ndarray | None) -> Tensor:
    """How white a picture is, float32 (1, H, W) in [0, 1]; what is transparent is black."""
    return to_float(pixels).mean(dim=0, keepdim=True) * (1 if alpha is None else to_float(alpha))


def cleaned(mask: Tensor) -> Tensor:
    """A mask float32 (1, H, W) in [0, 1] with what is nearly black or white made so."""
    return ((mask - _NOISE) / (1 - 2 * _NOISE)).clamp(0, 1)


def feathered(mask: Tensor, pixels: int) -> Tensor:
    """A mask float32 (1, H, W) in [0, 1] that rises from its edge over so many pixels; what is 0 stays 0."""
    inside = np.ascontiguousarray((mask[0] > 0).cpu().numpy().astype(np.uint8))
    if pixels < 1 or inside.all():
        return mask
    away = torch.from_numpy(cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
    return mask.minimum((away / (pixels + 1)).clamp(max=1)[None].to(mask))


def dilated(mask: Tensor, pixels: int) -> Tensor:
    """A mask, bool (1, H, W), grown by so many pixels on all sides."""
    return max_pool2d(mask[None].float(), 2 * pixels + 1, 1, pixels)[0] > 0


def away_from(mask: Tensor) -> Tensor:
    """Pixels from each to the nearest that is true in a mask, bool (1, H, W); float32, 0 within it."""
    outside = np.ascontiguousarray((~mask[0]).cpu().numpy().astype(np.uint8))
    if outside.all():
        return torch.full_like(mask, torch.inf, dtype=torch.float32)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return torch.from_numpy(away)[None].to(mask.device)


def between(first: Tensor, last: Tensor, share: float) -> Tensor:
    """A form on its way from one mask to another, bool (1, H, W) each: its place and its outline mixed.

    share: of the way, in [0, 1]. What is mixed is the distance to the outline, positive within (Raya & Udupa
    1990), each mask moved so that the centres of both lie on each other. Nothing, where either is empty.
    """
    if not bool(first.any()) or not bool(last.any()):
        return torch.zeros_like(first)
    one, other = (mask[0].nonzero().float().mean(0) for mask in (first, last))
    way = other - one
    moved = [_shifted(first, share * way), _shifted(last, (share - 1) * way)]
    inside = [away_from(~mask) - away_from(mask) for mask in moved]
    return torch.lerp(inside[0], inside[1], share) > 0


def _shifted(mask: Tensor, way: Tensor) -> Tensor:
    """A mask moved by whole pixels, (down, right); what comes in is false."""
    result = torch.zeros_like(mask)
    taken, given = [], []
    for step, side in zip(way.round().int().tolist(), mask.shape[1:], strict=True):
        taken.append(slice(max(0, -step), max(0, min(side, side - step))))
        given.append(slice(max(0, step), max(0, min(side, side + step))))
    result[:, given[0], given[1]] = mask[:, taken[0], taken[1]]
    return result


def laid_over(below: np.ndarray, above: np.ndarray, mask: Tensor) -> np.ndarray:
    """uint16 (3, H, W): one picture where the mask float32 (1, H, W) is 1, the other, exactly, where it is 0.

    below: uint8 or uint16 (3, H, W); above: uint16.
    """
    ground = below.astype(np.float64) * (257 if below.dtype == np.uint8 else 1)
    share = mask.cpu().double().numpy()
    result: np.ndarray = np.rint(ground * (1 - share) + above * share).astype(np.uint16)
    return result


def check_shape(option: str, path: Path, size: tuple[int, int], name: str, other: tuple[int, int]) -> None:
    """Raise MediaError where a map that an option names has not the shape of what it is a map of.

    size, other: (width, height) of the two.
    """
    if abs(size[0] / size[1] / (other[0] / other[1]) - 1) > _SHAPES_AGREE:
        raise MediaError(
            f"{option} {path} is {size[0]}x{size[1]} and {name} {other[0]}x{other[1]}; both must have one "
            "shape"
        )
