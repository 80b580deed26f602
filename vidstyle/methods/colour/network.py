"""The network that guesses colours: it begins with what VGG's features tell of a grey picture.

The features know skies, grass and skin from a million photographs; a network that began with nothing would
have to learn them from the few hundred that colours are learnt from here. Departure from Zhang et al. (2016),
who train one of 32 million weights as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidstyle.device import adaptive_avg_pool2d, to_device
from vidstyle.methods.colour.classes import classes

CHANNELS = {"relu2_2": 128, "relu3_4": 256, "relu4_4": 512, "relu5_4": 512}
"""The layers that are seen, and how many channels each has."""
_FINE, _MIDDLE, _DEEP = 96, 160, 192  # channels at a quarter, an eighth and a sixteenth of the size
_DROPPED = 0.2  # share of the channels that are left out while it learns


class _Block(nn.Module):
    """x + f(x)."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.second(F.relu(self.first(x)))
        return F.relu(changed)


class Colours(nn.Module):
    """Features of a grey picture -> logits of the classes of colour, at a quarter of the picture's size."""

    def __init__(self) -> None:
        super().__init__()
        for layer, channels in CHANNELS.items():
            self.register_buffer(f"mean_{layer}", torch.zeros(channels))
            self.register_buffer(f"scale_{layer}", torch.ones(channels))
        self.finest = nn.Conv2d(CHANNELS["relu2_2"], _FINE, 1)
        self.fine = nn.Conv2d(CHANNELS["relu3_4"], _FINE, 1)
        self.middle = nn.Conv2d(CHANNELS["relu4_4"], _MIDDLE, 1)
        self.deep = nn.Conv2d(CHANNELS["relu5_4"], _DEEP, 1)
        self.whole = nn.Linear(_DEEP, _DEEP)
        self.deep_blocks = nn.Sequential(_Block(_DEEP, 2), _Block(_DEEP))
        self.rise = nn.Conv2d(_DEEP, _MIDDLE, 1)
        self.middle_blocks = nn.Sequential(_Block(_MIDDLE, 2), _Block(_MIDDLE))
        self.up = nn.Conv2d(_MIDDLE, _FINE, 1)
        self.fine_blocks = nn.Sequential(_Block(_FINE))
        self.leave = nn.Conv2d(_FINE, len(classes()), 1)

    def forward(self, seen: Mapping[str, Tensor]) -> Tensor:
        """seen: by layer, features (N, C, h, w) of grey pictures. Returns logits (N, Q, ⌊H / 4⌋, ⌊W / 4⌋)."""
        maps = {layer: self._even(layer, seen[layer]) for layer in CHANNELS}
        deep = F.relu(self._dropped(self.deep(maps["relu5_4"])))
        deep = deep + F.relu(self.whole(deep.mean((2, 3))))[:, :, None, None]
        deep = self.deep_blocks(deep)
        middle = self._dropped(self.middle(maps["relu4_4"]))
        middle = self.middle_blocks(F.relu(middle + _larger(self.rise(deep), middle)))
        fine = self._dropped(self.fine(maps["relu3_4"]))
        fine = fine + adaptive_avg_pool2d(self.finest(maps["relu2_2"]), (fine.shape[2], fine.shape[3]))
        fine = self.fine_blocks(F.relu(fine + _larger(self.up(middle), fine)))
        logits: Tensor = self.leave(fine)
        return logits

    @torch.no_grad()
    def level(self, layer: str, features: Tensor) -> None:
        """See channels of a layer with the mean and the deviation that they have in `features` (N, C, …)."""
        flat = features.float().transpose(0, 1).flatten(1)
        self.get_buffer(f"mean_{layer}").copy_(flat.mean(1))
        self.get_buffer(f"scale_{layer}").copy_(1 / flat.std(1).clamp_min(1e-3))

    def _even(self, layer: str, features: Tensor) -> Tensor:
        mean, scale = (self.get_buffer(f"{name}_{layer}")[:, None, None] for name in ("mean", "scale"))
        return (features - mean.to(features)) * scale.to(features)

    def _dropped(self, x: Tensor) -> Tensor:
        """Without some channels, as dropout2d; drawn on the CPU, so that they are the same on any device."""
        if not self.training:
            return x
        kept = torch.empty(*x.shape[:2], 1, 1, dtype=x.dtype).bernoulli_(1 - _DROPPED).div_(1 - _DROPPED)
        return x * to_device(kept, x.device)


def _larger(maps: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(maps, like.shape[2:], mode="bilinear", align_corners=False)
