"""The network that paints a frame at once (after Johnson et al. 2016; Ruder et al. 2018 for video).

It makes a new picture x of a frame and of noise that lies on what is seen (see `noise`), and lays it over the
painting before, ω, warped to where it holds by c: y = x + 0.85·c·g·(ω − x), with g = exp(−d² / 2σ²) of how
far x and ω differ there. So what is painted is a mean of what was painted of the same surface in the last few
frames: it is steady, it cannot drift, nothing can grow, however long a clip is, and what flow gets wrong is
painted anew. Departure from Ruder et al.: they let the network see the earlier painting. In a loop a small
one made patterns of that, which grew from frame to frame, whatever it was taught.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidstyle.device import constant
from vidstyle.looks.noise import CHANNELS

_GRID = 16  # pixels of a position of the coarsest maps
# Pixels mirrored around a frame, so that what zeros make of its border is cut off. Of 8 coloured lines stay;
# of 16 one level, of 24 nothing, for 7 % more time.
_MARGIN = 16
_MOST_KEPT = 0.85
# σ: by how much, in the mean of what is near, colours differ that are one painting still.
_ALIKE = 0.2
_NEAR = 4  # pixels, side of what that mean is of
_MIDDLE = 0.5  # of the range of a picture


@dataclass(frozen=True)
class Plan:
    """How large a network is: channels at each size, and blocks at the last three, before and after.

    As it is it takes nine thousand multiply-adds a pixel.
    """

    half: int = 16
    quarter: int = 32
    eighth: int = 48
    sixteenth: int = 64
    before: int = 2
    deep: int = 2
    deepest: int = 3
    after: int = 1

    @classmethod
    def stored(cls, values: object) -> Self:
        """From JSON. Raises ValueError for what is no plan, or none of a sensible size."""
        names = {spec.name for spec in fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            raise ValueError(f"a plan has {', '.join(sorted(names))}")
        if not all(type(value) is int and 0 < value <= 128 for value in values.values()):
            raise ValueError("a plan has whole numbers from 1 to 128")
        return cls(**values)

    def to_json(self) -> dict[str, int]:
        """As `stored` takes it."""
        return asdict(self)


class Convolution(nn.Module):
    """A 3×3 convolution, then gain and bias of each channel, which every style has of its own.

    No normalisation by the frame at hand: it would make one corner's colours depend on the other, from
    frame to frame.
    """

    def __init__(self, channels: int, out: int, styles: int, stride: int = 1, gain: float = 1.0) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(out, channels, 3, 3))
        self.gain = nn.Parameter(torch.full((styles, out), gain))
        self.bias = nn.Parameter(torch.zeros(styles, out))
        self.fixed: tuple[Tensor, Tensor] | None = None
        nn.init.kaiming_normal_(self.weight)

    def forward(self, x: Tensor, style: int) -> Tensor:
        weight, bias = self.fixed or self.kernel(style, x.dtype)
        return F.conv2d(x, weight, bias, self.stride, padding=1)

    def kernel(self, style: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Weights, gains multiplied in, and bias, of one style."""
        weight = self.weight * self.gain[style][:, None, None, None]
        return weight.to(dtype), self.bias[style].to(dtype)


class Enlarging(Convolution):
    """The same of maps enlarged bilinearly to twice their size, in one convolution of the small ones.

    Where all positions are alike the four pixels of each are, too, whatever the weights: no checkerboard
    (Odena, Dumoulin & Olah 2016). Enlarged by repetition, as they have it, maps that are not all alike keep
    the steps of their grid, and plain areas had a mesh of four pixels.
    """

    def forward(self, x: Tensor, style: int) -> Tensor:
        small = super().forward(x, style).permute(0, 2, 3, 1)
        count, height, width, channels = small.shape
        apart = small.reshape(count, height, width, 2, 2, channels // 4).transpose(2, 3)
        return apart.reshape(count, 2 * height, 2 * width, channels // 4).permute(0, 3, 1, 2)

    def kernel(self, style: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        weight = _of_the_small(self.weight * self.gain[style][:, None, None, None])
        kept = weight.to(dtype, memory_format=torch.channels_last)
        return kept, self.bias[style].repeat(4).to(dtype)


def _of_the_small(weight: Tensor) -> Tensor:
    """Weights (O, I, 3, 3) on maps enlarged twofold -> (2·2·O, I, 3, 3) on the small maps.

    Row 2i of the large map is a quarter of row i − 1 and three of row i, row 2i + 1 three quarters of row i
    and one of i + 1; columns likewise.
    """
    # By row of the kernel: what rows i − 1, i and i + 1 are in it.
    even = ((0.75, 0.25, 0.0), (0.25, 0.75, 0.0), (0.0, 0.75, 0.25))
    odd = ((0.25, 0.75, 0.0), (0.0, 0.75, 0.25), (0.0, 0.25, 0.75))
    taps = constant((even, odd), weight)
    found = torch.einsum("asr,btc,oist->aboirc", taps, taps, weight)
    return found.reshape(4 * weight.shape[0], weight.shape[1], 3, 3)


class Block(nn.Module):
    """x + f(x); at first nearly nothing is added, which takes the place of normalisation."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels, styles)
        self.second = Convolution(channels, channels, styles, gain=0.2)

    def forward(self, x: Tensor, style: int) -> Tensor:
        changed: Tensor = x + self.second(F.relu(self.first(x, style)), style)
        return changed


class Student(nn.Module):
    """styles: how many it paints; what they do not share is gain and bias of each channel.

    arithmetic: the dtype in which it computes, whatever its weights are kept in.
    """

    def __init__(self, plan: Plan, styles: int = 1) -> None:
        super().__init__()
        self.plan, self.styles, self.arithmetic = plan, styles, torch.float32
        half, quarter, eighth = plan.half, plan.quarter, plan.eighth
        self.fine = Convolution(4 * 3 + CHANNELS, half, styles)
        self.enter = Convolution(4 * 3 + CHANNELS, quarter, styles, stride=2)
        self.before = nn.ModuleList(Block(quarter, styles) for _ in range(plan.before))
        self.down = Convolution(quarter, eighth, styles, stride=2)
        self.deep = nn.ModuleList(Block(eighth, styles) for _ in range(plan.deep))
        self.lower = Convolution(eighth, plan.sixteenth, styles, stride=2)
        self.deepest = nn.ModuleList(Block(plan.sixteenth, styles) for _ in range(plan.deepest))
        self.rise = Enlarging(plan.sixteenth, eighth, styles, gain=0.2)
        self.up = Enlarging(eighth, quarter, styles)
        self.after = nn.ModuleList(Block(quarter, styles) for _ in range(plan.after))
        self.finer = Enlarging(quarter, half, styles)
        self.leave = Enlarging(half, 3, styles, gain=0.5)
        self.to(memory_format=torch.channels_last)

    def forward(self, frame: Tensor, noise: Tensor, before: Tensor, holds: Tensor, style: int = 0) -> Tensor:
        """Paint frames float32 (N, 3, H, W) in [0, 1], of any size, in the style's colours: see `recoloured`.

        noise: float32 (N, 4, ⌈H / 2⌉, ⌈W / 2⌉), of deviation 1. before: the paintings before, warped into
        them, as frames are. holds: c, float32 (N, 1, H, W) in [0, 1]; 0 where there is none. style: which.
        Returns the paintings, as frames are.
        """
        return laid_over(self.new(frame, noise, style), before, holds)

    def new(self, frame: Tensor, noise: Tensor, style: int = 0) -> Tensor:
        """x, by the frame and the noise alone."""
        height, width = frame.shape[2:]
        pixels = _mirrored((frame - _MIDDLE).to(self.arithmetic), _MARGIN, _GRID)
        grain = _mirrored(noise.to(self.arithmetic), _MARGIN // 2, _GRID // 2)
        seen = torch.cat([_apart(pixels), grain.permute(0, 2, 3, 1)], 3).permute(0, 3, 1, 2)
        made = self._picture(seen, style)[:, :, _MARGIN : _MARGIN + height, _MARGIN : _MARGIN + width]
        return made.float().contiguous().sigmoid()

    def ignore_noise(self) -> None:
        """See nothing of the noise from now on, as long as nothing of it is learnt."""
        with torch.no_grad():
            for part in (self.fine, self.enter):
                part.weight[:, -CHANNELS:] = 0

    def fix(self, style: int = 0) -> Self:
        """Paint this style from now on, faster: nothing of it is learnt any more."""
        for part in self.modules():
            if isinstance(part, Convolution):
                with torch.no_grad():
                    part.fixed = part.kernel(style, self.arithmetic)
        return self.requires_grad_(False)

    def folded(self, style: int | None = None) -> dict[str, Tensor]:
        """The weights of a network that paints one style, by name, gains multiplied in.

        style: which; None is the middle of them all, from which a new one is learnt soonest.
        """
        found = {}
        for name, part in self.named_modules():
            if isinstance(part, Convolution):
                chosen = slice(None) if style is None else slice(style, style + 1)
                gain, bias = (each.detach()[chosen].mean(0) for each in (part.gain, part.bias))
                found[f"{name}.weight"] = part.weight.detach() * gain[:, None, None, None]
                found[f"{name}.bias"] = bias[None]
        return found

    def begin_with(self, weights: Mapping[str, Tensor]) -> None:
        """Start every style from the weights of one, see `folded`. Raises RuntimeError for other sizes."""
        for part in self.modules():
            if isinstance(part, Convolution):
                nn.init.ones_(part.gain)
        everyone = {
            name: weight.expand(self.styles, -1) if name.endswith("bias") else weight
            for name, weight in weights.items()
        }
        self.load_state_dict(everyone, strict=False)

    def _picture(self, seen: Tensor, style: int) -> Tensor:
        fine = F.relu(self.fine(seen, style))
        x = F.relu(self.enter(seen, style))
        for block in self.before:
            x = block(x, style)
        deep = F.relu(self.down(x, style))
        for block in self.deep:
            deep = block(deep, style)
        deepest = F.relu(self.lower(deep, style))
        for block in self.deepest:
            deepest = block(deepest, style)
        deep = deep + F.relu(self.rise(deepest, style))
        x = x + F.relu(self.up(deep, style))
        for block in self.after:
            x = block(x, style)
        made: Tensor = self.leave(F.relu(fine + self.finer(x, style)), style)
        return made


def laid_over(new: Tensor, before: Tensor, holds: Tensor) -> Tensor:
    """y, of a new picture x laid over the painting before: all as for `Student.forward`."""
    off = before - new
    height, width = new.shape[2:]
    padded = F.pad(off.square().mean(1, keepdim=True), (0, -width % _NEAR, 0, -height % _NEAR), "replicate")
    near = F.interpolate(F.avg_pool2d(padded, _NEAR), padded.shape[2:], mode="bilinear")
    alike = torch.exp(near[:, :, :height, :width] / (-2 * _ALIKE**2))
    return torch.addcmul(new, holds * alike, off, value=_MOST_KEPT)


def _apart(pixels: Tensor) -> Tensor:
    """(N, C, 2h, 2w) -> (N, h, w, 4·C): the four pixels of each position side by side, channels last."""
    count, channels, height, width = pixels.shape
    last = pixels.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
    squares = last.reshape(count, height // 2, 2, width // 2, 2, channels).transpose(2, 3)
    return squares.reshape(count, height // 2, width // 2, 4 * channels)


def _mirrored(maps: Tensor, margin: int, grid: int) -> Tensor:
    """Maps (N, C, H, W) with a margin on every side, and more behind, so that the grid is full."""
    counts = [-(-(side + 2 * margin) // grid) * grid for side in maps.shape[2:]]
    behind = [count - side - margin for count, side in zip(counts, maps.shape[2:], strict=True)]
    if min(maps.shape[2:]) > max(margin, *behind):
        return F.pad(maps, (margin, behind[1], margin, behind[0]), mode="reflect")
    for dim, count in zip((2, 3), counts, strict=True):  # there and back, as often as it takes
        side = maps.shape[dim]
        places = (torch.arange(count, device=maps.device) - margin) % (2 * side)
        maps = maps.index_select(dim, places.minimum(2 * side - 1 - places))
    return maps
