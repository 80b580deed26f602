"""CIE L*a*b* of sRGB pictures, white point D65: lightness apart from colour, in even steps for the eye."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from vidstyle.device import constant

# Linear sRGB -> CIE XYZ, each row divided by the white point's (IEC 61966-2-1).
_XYZ = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)
_EDGE = 6 / 29  # below its cube the root is a line


def to_lab(image: Tensor) -> Tensor:
    """sRGB float32 (3, H, W) in [0, 1] -> L* in [0, 100], a* and b* in about [−110, 110], (3, H, W)."""
    linear = torch.where(image <= 0.04045, image / 12.92, ((image.clamp_min(0) + 0.055) / 1.055) ** 2.4)
    xyz = torch.einsum("cd,dhw->chw", constant(_XYZ, image), linear)
    root = torch.where(xyz > _EDGE**3, xyz.clamp_min(1e-9) ** (1 / 3), xyz / (3 * _EDGE**2) + 4 / 29)
    x, y, z = root
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@cache
def _inverse() -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, torch.linalg.inv(torch.tensor(_XYZ, dtype=torch.float64)).tolist()))


def from_lab(image: Tensor) -> Tensor:
    """The same back; colours that sRGB has not are cut off at the border of what it has."""
    y = (image[0] + 16) / 116
    root = torch.stack([y + image[1] / 500, y, y - image[2] / 200])
    xyz = torch.where(root > _EDGE, root**3, 3 * _EDGE**2 * (root - 4 / 29))
    linear = torch.einsum("cd,dhw->chw", constant(_inverse(), image), xyz).clamp(0, 1)
    return torch.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp_min(1e-9) ** (1 / 2.4) - 0.055
    )
