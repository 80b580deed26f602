"""Between stored pixels (numpy integers) and pictures to compute with (float tensors)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def to_float(pixels: np.ndarray) -> Tensor:
    """Stored pixels as float32 (C, H, W) in [0, 1]: value / 255 or value / 65535.

    pixels: uint8 or uint16 (C, H, W). The result shares no memory with it.
    """
    return torch.from_numpy(pixels.astype(np.float32) / np.float32(_full_scale(pixels)))


def to_uint16(image: Tensor) -> np.ndarray:
    """float (C, H, W) in [0, 1] as uint16 (C, H, W), clamped, rounded half to even.

    `to_uint16(to_float(pixels))` gives uint16 `pixels` back exactly.
    """
    return _quantise(image, 65535).astype(np.uint16)


def to_uint8(image: Tensor) -> np.ndarray:
    """float (C, H, W) in [0, 1] as uint8 (C, H, W), clamped, rounded half to even."""
    return _quantise(image, 255).astype(np.uint8)


def reduce_to_uint8(pixels: np.ndarray) -> np.ndarray:
    """uint8 or uint16 pixels of any shape as uint8: 16-bit values are divided by 257 and rounded."""
    if _full_scale(pixels) == 255:
        return pixels
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def on_paper(pixels: np.ndarray, alpha: np.ndarray | None) -> Tensor:
    """Pixels (3, H, W) as float32 in [0, 1]; what alpha (1, H, W) leaves transparent shows white paper."""
    image = to_float(pixels)
    return image if alpha is None else torch.lerp(torch.ones_like(image), image, to_float(alpha))


def _full_scale(pixels: np.ndarray) -> int:
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"pixels must be uint8 or uint16, not {pixels.dtype}")
    return int(np.iinfo(pixels.dtype).max)


def _quantise(image: Tensor, full_scale: int) -> np.ndarray:
    values = image.detach().float().clamp(0, 1).mul(full_scale).round()
    return np.asarray(values.cpu().numpy())
