"""The network that paints a frame at once (after Johnson et al. 2016; Ruder et al. 2018 for video).

It makes a new picture x of a frame, and a gate g between that and the painting before, ω, warped to where it
holds by c:  y = x + 0.8·c·g·(ω − x).  So what is painted is a mean of what was painted of the same surface in
the last few frames: it is steady, it cannot drift, and nothing can grow, however long a clip is. Departure
from Ruder et al.: they let the new picture see the earlier one. In a loop a small network made patterns of
that, which grew from frame to frame, whatever it was taught.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_COMPARED = 7  # channels that the gate sees: the new picture, the painting before, where it holds
_GRID = 8  # pixels of a position of the coarsest maps
# Pixels mirrored around a frame, so that what zeros make of its border is cut off; 8 leave coloured lines.
_MARGIN, _GATE_MARGIN = 24, 8
_MOST_KEPT = 0.8
_MIDDLE = 0.5  # of the range of a picture; what is hidden is shown to the network as this


@dataclass(frozen=True)
class Plan:
    """How large a network is. half, quarter, eighth: channels at these sizes; blocks at the last two.

    gate: channels of that. As it is it costs ten thousand multiply-adds a pixel.
    """

    half: int = 16
    quarter: int = 32
    eighth: int = 48
    before: int = 2
    deep: int = 3
    after: int = 1
    gate: int = 8

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
        nn.init.kaiming_normal_(self.weight)

    def forward(self, x: Tensor, style: int) -> Tensor:
        weight = self.weight * self.gain[style][:, None, None, None]
        return F.conv2d(x, weight.to(x.dtype), self.bias[style].to(x.dtype), self.stride, padding=1)


class Enlarging(Convolution):
    """The same of maps enlarged to twice their size by repetition, in one convolution of the small ones.

    Each of the four pixels that a position becomes sees two rows and two columns of positions; where all are
    alike the four are, too, whatever the weights: no checkerboard (Odena, Dumoulin & Olah 2016).
    """

    def forward(self, x: Tensor, style: int) -> Tensor:
        weight = _of_the_small(self.weight * self.gain[style][:, None, None, None])
        bias = self.bias[style].repeat_interleave(4)
        return F.pixel_shuffle(F.conv2d(x, weight.to(x.dtype), bias.to(x.dtype), padding=1), 2)


def _of_the_small(weight: Tensor) -> Tensor:
    """Weights (O, I, 3, 3) on maps enlarged twofold by repetition -> (4·O, I, 3, 3) on the small maps.

    An even pixel of row i sees rows i − 1, i, i of the small map, an odd one i, i, i + 1; columns likewise.
    """
    taps = weight.new_tensor([[[1, 0, 0], [0, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 0], [0, 0, 1]]])
    found = torch.einsum("ars,bct,oist->oabirc", taps, taps, weight)
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
        self.fine = Convolution(4 * 3, half, styles)
        self.enter = Convolution(4 * 3, quarter, styles, stride=2)
        self.before = nn.ModuleList(Block(quarter, styles) for _ in range(plan.before))
        self.down = Convolution(quarter, eighth, styles, stride=2)
        self.deep = nn.ModuleList(Block(eighth, styles) for _ in range(plan.deep))
        self.up = Enlarging(eighth, quarter, styles)
        self.after = nn.ModuleList(Block(quarter, styles) for _ in range(plan.after))
        self.finer = Enlarging(quarter, half, styles)
        self.leave = Enlarging(half, 3, styles, gain=0.5)
        self.compare = Convolution(4 * _COMPARED, plan.gate, styles)
        self.decide = Enlarging(plan.gate, 1, styles, gain=0.5)
        self.to(memory_format=torch.channels_last)

    def forward(self, frame: Tensor, before: Tensor, holds: Tensor, style: int = 0) -> Tensor:
        """Paint frames float32 (N, 3, H, W) in [0, 1], of any size; the result likewise.

        before: the paintings before, warped into them, likewise. holds: c, float32 (N, 1, H, W) in [0, 1];
        0 where there is none. style: which.
        """
        return self.over(self.new(frame, style), before, holds, style)

    def new(self, frame: Tensor, style: int = 0) -> Tensor:
        """x, by the frame alone."""
        return self._whole(frame - _MIDDLE, self._picture, style, _MARGIN)

    def over(self, new: Tensor, before: Tensor, holds: Tensor, style: int = 0) -> Tensor:
        """y, of a new picture x laid over the painting before."""
        parts = new - _MIDDLE, (before - _MIDDLE) * holds, holds
        seen = torch.cat([part.to(self.arithmetic) for part in parts], 1)
        return new + _MOST_KEPT * holds * self._gate_of(seen, style) * (before - new)

    def _gate_of(self, seen: Tensor, style: int) -> Tensor:
        return self._whole(seen, self._judged, style, _GATE_MARGIN)

    def _whole(self, seen: Tensor, part: Callable[[Tensor, int], Tensor], style: int, margin: int) -> Tensor:
        """What a part of the network makes of maps (N, C, H, W) of any size, in [0, 1]."""
        height, width = seen.shape[2:]
        x = F.pixel_unshuffle(_mirrored(seen.to(self.arithmetic), margin), 2)
        made = part(x.to(memory_format=torch.channels_last), style)
        return made[:, :, margin : margin + height, margin : margin + width].float().sigmoid()

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
        x = x + F.relu(self.up(deep, style))
        for block in self.after:
            x = block(x, style)
        made: Tensor = self.leave(F.relu(fine + self.finer(x, style)), style)
        return made

    def _judged(self, seen: Tensor, style: int) -> Tensor:
        made: Tensor = self.decide(F.relu(self.compare(seen, style)), style)
        return made


def _mirrored(maps: Tensor, margin: int) -> Tensor:
    """Maps (N, C, H, W) with a margin on every side, and more behind, so that the grid is full."""
    counts = [-(-(side + 2 * margin) // _GRID) * _GRID for side in maps.shape[2:]]
    behind = [count - side - margin for count, side in zip(counts, maps.shape[2:], strict=True)]
    if min(maps.shape[2:]) > max(margin, *behind):
        return F.pad(maps, (margin, behind[1], margin, behind[0]), mode="reflect")
    for dim, count in zip((2, 3), counts, strict=True):  # there and back, as often as it takes
        side = maps.shape[dim]
        places = (torch.arange(count, device=maps.device) - margin) % (2 * side)
        maps = maps.index_select(dim, places.minimum(2 * side - 1 - places))
    return maps
