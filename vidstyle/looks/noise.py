"""Noise that lies on what is seen and moves with it, so that a network has something to make strokes of.

On a plain wall a network that sees the frame alone can paint but one colour: all its places look alike.
Texler et al. (2020) give theirs coloured blobs that the flow carries. Here the blobs are a pattern that tiles
the plane and never wears off: what is carried from frame to frame is where in it each surface lies.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.image.warp import warp

CHANNELS = 4
_PERIOD = 256  # pixels of the pattern, after which it is the same again
_WAVES = (5.0, 9.0, 16.0, 28.0)  # pixels, mean wave length of each channel
_CELL = 8  # pixels; so far apart is kept where a frame lies in the pattern
_REACH = 3.0  # cells over which what comes into view goes on from what is beside it


@lru_cache(maxsize=1)
def pattern() -> Tensor:
    """float32 (4, 256, 256), of mean 0 and deviation 1, alike at opposite borders."""
    random = torch.Generator().manual_seed(7)
    white = torch.fft.rfft2(torch.randn(CHANNELS, _PERIOD, _PERIOD, generator=random))
    rows, columns = torch.fft.fftfreq(_PERIOD), torch.fft.rfftfreq(_PERIOD)
    frequency = (rows[:, None].square() + columns.square()).sqrt()
    bands = [torch.exp(-((frequency * wave).clamp_min(1e-3).log2().square()) / 0.5) for wave in _WAVES]
    made = torch.fft.irfft2(white * torch.stack(bands), s=(_PERIOD, _PERIOD))
    return made / made.std((1, 2), keepdim=True)


def some_noise(height: int, width: int, random: torch.Generator) -> Tensor:
    """A part of the pattern of any size, float32 (4, height, width)."""
    top, left = torch.randint(_PERIOD, (2,), generator=random).tolist()
    rows, columns = (torch.arange(height) + top) % _PERIOD, (torch.arange(width) + left) % _PERIOD
    return pattern()[:, rows[:, None], columns]


def drift_after(earlier: Tensor, vectors: Tensor, holds: Tensor) -> Tensor:
    """Where a frame lies in the pattern, by where the one before lay.

    earlier: float32 (2, ⌈H / 8⌉, ⌈W / 8⌉), for each cell (dx, dy) in pixels from its place in the frame to
    that in the pattern. vectors: float32 (2, H, W), the flow to the frame before. holds: float32 (1, H, W) in
    [0, 1], where it is right. What has come into view goes on from what is beside it. Returns as `earlier`.
    """
    flow, sure = _in_cells(vectors, earlier.shape[1:]), _in_cells(holds, earlier.shape[1:])
    moved = warp(earlier, flow / _CELL) + flow
    weighed = torch.cat([moved * sure, sure])
    radius = int(2 * _REACH)
    kernel = torch.exp(-torch.arange(-radius, radius + 1.0, device=flow.device).square() / (2 * _REACH**2))
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        padding = (radius, 0) if shape[2] < 0 else (0, radius)
        weighed = F.conv2d(weighed[:, None], kernel.reshape(shape), padding=padding)[:, 0]
    beside = weighed[:2] / weighed[2:].clamp_min(1e-6)
    return torch.lerp(beside, moved, (2 * sure).clamp_max(1))


def no_drift(height: int, width: int, device: torch.device) -> Tensor:
    """As a first frame of this size lies."""
    return torch.zeros(2, -(-height // _CELL), -(-width // _CELL), device=device)


def noise_at(drift: Tensor, height: int, width: int) -> Tensor:
    """The pattern as a frame of this size shows it, float32 (4, ⌈H / 2⌉, ⌈W / 2⌉), of every second pixel."""
    rows, columns = -(-height // 2), -(-width // 2)
    cells = drift.shape[1] * _CELL // 2, drift.shape[2] * _CELL // 2
    fine = F.interpolate(drift[None], cells, mode="bilinear")[0, :, :rows, :columns]
    x = 2 * torch.arange(columns, device=drift.device) + fine[0]
    y = 2 * torch.arange(rows, device=drift.device)[:, None] + fine[1]
    # One more row and column, so that positions between the last and the first find both.
    tiled = F.pad(pattern().to(drift.device)[None], (0, 1, 0, 1), mode="circular")
    places = torch.stack([x % _PERIOD, y % _PERIOD], -1) * (2 / _PERIOD) - 1
    return F.grid_sample(tiled, places[None].float(), align_corners=True)[0]


def _in_cells(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    """Means of (C, H, W) over cells, (C, h, w)."""
    height, width = maps.shape[1:]
    behind = size[0] * _CELL - height, size[1] * _CELL - width
    return F.avg_pool2d(F.pad(maps[None], (0, behind[1], 0, behind[0]), "replicate"), _CELL)[0]
