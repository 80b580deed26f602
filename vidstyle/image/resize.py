"""Other sizes: of pictures, of flows, of the numbers that describe them."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from vidstyle.device import constant


def resize(image: Tensor, size: tuple[int, int]) -> Tensor:
    """A picture at another size: bicubic (a = -0.5), the kernel widened where it shrinks, against aliasing.

    image: float32 (C, H, W) or (N, C, H, W).
    size: (height, width) in pixels.

    Each channel stays within its own range, so pictures in [0, 1] stay there although bicubic overshoots.
    At its own size the picture is returned as it is. Differentiable.
    """
    _check_size(size)
    if image.ndim not in (3, 4):
        raise ValueError(f"image must be (C, H, W) or (N, C, H, W), not {tuple(image.shape)}")
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    batch = image.reshape(-1, *image.shape[-3:])
    lowest, highest = torch.aminmax(batch.detach().flatten(2), dim=2, keepdim=True)
    resized = interpolate(batch, size, mode="bicubic", align_corners=False, antialias=True)
    resized = resized.clamp(lowest[..., None], highest[..., None])
    return resized.reshape(*image.shape[:-2], *size)


def resize_wrapped(image: Tensor, size: tuple[int, int]) -> Tensor:
    """The same of a picture (C, H, W) that tiles the plane, which it then still does."""
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    height, width = size
    return resize(image.repeat(1, 3, 3), (3 * height, 3 * width))[:, height : 2 * height, width : 2 * width]


def resize_flow(
    vectors: Tensor, size: tuple[int, int], mode: Literal["linear", "nearest"] = "linear"
) -> Tensor:
    """A flow on another grid, its offsets scaled with it.

    vectors: float32 (2, h, w), (dx, dy) in pixels of its own grid.
    size: (height, width) in pixels; the result is float32 (2, height, width) in pixels of that grid.
    mode: linear mixes neighbouring vectors, averaging where it shrinks; nearest keeps motion boundaries hard.
    """
    _check_size(size)
    if vectors.ndim != 3 or vectors.shape[0] != 2:
        raise ValueError(f"vectors must be (2, h, w), not {tuple(vectors.shape)}")
    if mode not in ("linear", "nearest"):
        raise ValueError(f"mode must be linear or nearest, not {mode!r}")
    height, width = vectors.shape[-2:]
    if (height, width) == tuple(size):
        return vectors
    if mode == "nearest":
        resized = interpolate(vectors[None], size, mode="nearest-exact")[0]
    else:
        resized = interpolate(vectors[None], size, mode="bilinear", align_corners=False, antialias=True)[0]
    scale = constant((size[1] / width, size[0] / height), vectors)
    return resized * scale[:, None, None]


def fit(width: int, height: int, longest: int | None) -> tuple[int, int]:
    """(width, height) of the same shape whose longer side is `longest` pixels; as given where that is None.

    The shorter side is rounded to the nearest whole pixel, and is never 0. Grows as well as shrinks.
    """
    _check_size((height, width))
    if longest is None:
        return width, height
    if longest < 1:
        raise ValueError(f"longest must be at least 1 pixel, not {longest}")
    side = max(width, height)
    new_width, new_height = (max(1, (2 * n * longest + side) // (2 * side)) for n in (width, height))
    return new_width, new_height


def _check_size(size: tuple[int, int]) -> None:
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"size must be (height, width) of at least 1 pixel each, not {size}")
