"""What a scene looks like as a whole: how much it changes which way where (gist), and its colours.

Oliva & Torralba (2001); with colours as of Hays & Efros (2007).
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.image.colour import luminance
from vidstyle.image.lab import to_lab
from vidstyle.image.resize import resize

CELLS = 4
"""Rows and columns of the grid on which a scene is described."""
VALUES = 6 * 5 + 3
"""Of each cell: the mean response of filters of six orientations and five scales, and mean L*, a*, b*."""
_ORIENTATIONS, _SCALES = 6, 5
_SIDE = 128  # pixels of the square that every picture is brought to
_FINEST = 0.3  # cycles per pixel; each scale has half the frequency of the one before
_BROAD, _TURNED = 0.55, 0.4  # widths of a filter: in the logarithm of the frequency, and in radians
_LEVELLED = 6.0  # cycles across the picture: light that changes more slowly is levelled before
_LEAST_CONTRAST = 0.1
# Mean squared distances of two photographs of different things, in each kind of value: one counts as much
# as the other then, and colour half of that, as published.
_USUAL_RESPONSE, _USUAL_COLOUR = 0.00182, 370.0
_COLOUR = 0.5


def described(picture: Tensor) -> Tensor:
    """A picture float32 (3, H, W) in [0, 1] -> float32 (VALUES, CELLS, CELLS), in units of usual distances.

    Departures: the filters are Gaussians of the logarithm of frequency (Field 1987), which answer to no
    constant light at all.
    """
    square = resize(picture, (_SIDE, _SIDE))
    waves = torch.fft.fft2(_levelled(luminance(square)[0]))
    responses = torch.fft.ifft2(waves * _filters().to(waves.device))
    # A quarter of the time of `abs`, which minds what would overflow.
    size = (responses.real.square() + responses.imag.square()).sqrt()
    means = F.adaptive_avg_pool2d(size[None], CELLS)[0] / _USUAL_RESPONSE**0.5
    colours = F.adaptive_avg_pool2d(to_lab(square)[None], CELLS)[0] * (_COLOUR / _USUAL_COLOUR) ** 0.5
    return torch.cat([means, colours])


def scene_distances(scene: Tensor, visible: Tensor, others: Tensor) -> Tensor:
    """Σ_cells v |d − d'|² / Σ v: how unlike others (N, VALUES, CELLS, CELLS) are to a scene; (N,).

    About 1.5 for things of different kinds. visible: the share of each cell that is seen, (CELLS, CELLS).
    """
    apart = (others - scene).square()
    means = apart[:, :-3].mean(1) + apart[:, -3:].mean(1)
    return (means * visible).sum((1, 2)) / visible.sum().clamp_min(1e-6)


def _levelled(grey: Tensor) -> Tensor:
    """Bright and dark parts, and those of much and little contrast, brought to one level."""
    light = torch.log1p(255 * grey)
    light = light - _slow(light)
    return light / (_LEAST_CONTRAST + _slow(light.square()).clamp_min(0).sqrt())


def _slow(values: Tensor) -> Tensor:
    # Mirrored on all sides, so that what is at one border says nothing of the other.
    height, width = values.shape
    padded = F.pad(values[None, None], (width // 4,) * 4, mode="reflect")[0, 0]
    across = torch.fft.fftfreq(padded.shape[0]) * height
    square = across[:, None].square() + across[None].square()
    low = torch.exp(-math.log(2) * square / _LEVELLED**2).to(values.device)
    smooth = torch.fft.ifft2(torch.fft.fft2(padded) * low).real
    return smooth[width // 4 : width // 4 + height, width // 4 : width // 4 + width]


@lru_cache(maxsize=1)
def _filters() -> Tensor:
    """In frequencies, complex (orientations · scales, side, side), as what they are multiplied with."""
    steps = torch.fft.fftfreq(_SIDE)
    frequency = (steps[:, None].square() + steps[None].square()).sqrt().clamp_min(1e-6)
    angle = torch.atan2(steps[:, None].expand_as(frequency), steps[None].expand_as(frequency))
    found = []
    for scale in range(_SCALES):
        ring = torch.exp(-(frequency / (_FINEST / 2**scale)).log().square() / (2 * _BROAD**2))
        ring[0, 0] = 0
        for turn in range(_ORIENTATIONS):
            off = angle - math.pi * turn / _ORIENTATIONS
            off = torch.atan2(off.sin(), off.cos())
            found.append(ring * torch.exp(-off.square() / (2 * _TURNED**2)))
    return torch.stack(found).to(torch.complex64)
