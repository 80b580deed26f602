"""Teaching the network colours: photographs made grey, and what they were."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.device import autocast, to_device
from vidstyle.features.vgg import VGG
from vidstyle.image.lab import from_lab, to_lab
from vidstyle.image.resize import resize
from vidstyle.methods.colour.classes import classes, cross_entropy, encoded, rebalancing
from vidstyle.methods.colour.network import CHANNELS, Colours

SIDE = 160
"""Of what is seen of a picture, in pixels."""
_SHORTEST, _LONGEST = 1.0, 1.7  # shorter side of a picture of which SIDE pixels are seen, of SIDE
_GREY = 5.0  # a picture without a* or b* beyond teaches nothing
_GAMMA = 0.25  # deviation of the logarithm of the exponent by which a grey picture is made lighter or darker
_BATCH, _RATE, _DECAY, _WARM = 8, 1.5e-3, 0.02, 100
_AVERAGED = 0.995  # of the running average of the weights, what stays at a step


@dataclass(frozen=True, eq=False)
class Lesson:
    """A view of a picture: what the features tell of it in grey, by layer, (C, h, w); and its colours.

    ab: float32 (2, SIDE / 4, SIDE / 4).
    """

    seen: Mapping[str, Tensor]
    ab: Tensor


@torch.no_grad()
def lesson_of(picture: Tensor, network: VGG, random: torch.Generator) -> Lesson | None:
    """A random part of a picture, float32 (3, H, W) in [0, 1]; None of one that is grey."""
    view = _part(picture, random)
    lab = to_lab(view)
    if float(lab[1:].abs().amax()) <= _GREY:
        return None
    exponent = math.exp(_GAMMA * float(torch.randn(1, generator=random)))
    seen = network(grey(lab[:1], exponent).to(next(network.parameters()).device)[None], list(CHANNELS))
    maps = {layer: each[0].to(torch.bfloat16).clone() for layer, each in seen.items()}
    maps["relu2_2"] = F.avg_pool2d(maps["relu2_2"], 2)  # the network does the same
    return Lesson(maps, F.avg_pool2d(lab[1:], 4))


def grey(lightness: Tensor, exponent: float = 1.0) -> Tensor:
    """L* (1, H, W) as a picture float32 (3, H, W) in [0, 1]."""
    bent = 100 * (lightness.clamp(0, 100) / 100) ** exponent
    return from_lab(torch.cat([bent, torch.zeros_like(bent), torch.zeros_like(bent)]))


def _part(picture: Tensor, random: torch.Generator) -> Tensor:
    draw = torch.rand(4, generator=random).tolist()
    shorter = SIDE * (_SHORTEST + (_LONGEST - _SHORTEST) * draw[0])
    height, width = (max(SIDE, round(side * shorter / min(picture.shape[1:]))) for side in picture.shape[1:])
    small = resize(picture, (height, width))
    top, left = int(draw[1] * (height - SIDE + 1)), int(draw[2] * (width - SIDE + 1))
    part = small[:, top : top + SIDE, left : left + SIDE]
    return part.flip(2) if draw[3] < 0.5 else part


class Training:
    """AdamW over lessons. A step depends on the seed, its number and the state alone.

    What has been learnt is `average`, the running average of the weights.

    steps: in all, by which the rate falls. begins: whether the network knows nothing yet: then it takes what
    is usual in the features, and how often colours are, from these lessons. rate: of its greatest, how fast.
    """

    def __init__(
        self,
        colours: Colours,
        lessons: Sequence[Lesson],
        *,
        steps: int,
        seed: int = 0,
        begins: bool = True,
        rate: float = 1.0,
    ) -> None:
        self.colours, self.steps, self.seed, self.at = colours, steps, seed, 0
        self._lessons, self._rate = lessons, rate * _RATE
        if begins:
            for layer in CHANNELS:
                colours.level(
                    layer, torch.stack([each.seen[layer] for each in lessons[:: 1 + len(lessons) // 400]])
                )
        counts = torch.zeros(len(classes()))
        for each in lessons:
            counts += encoded(each.ab.flatten(1).T).sum(0)
        self._weights = to_device(rebalancing(counts), colours.leave.weight.device)
        self.average = copy.deepcopy(colours).eval().requires_grad_(False)
        self._adam = torch.optim.AdamW(colours.parameters(), self._rate, (0.9, 0.99), weight_decay=_DECAY)

    def step(self) -> Tensor:
        """One step; the loss. To read it waits for a GPU."""
        random = torch.Generator().manual_seed((self.seed << 32) + self.at)
        which = torch.randint(len(self._lessons), (_BATCH,), generator=random).tolist()
        chosen = [self._lessons[i] for i in which]
        device = self.colours.leave.weight.device
        seen = {
            layer: to_device(torch.stack([each.seen[layer] for each in chosen]), device) for layer in CHANNELS
        }
        ab = to_device(torch.stack([each.ab for each in chosen]), device)
        count, _, height, width = ab.shape
        shares = encoded(ab.permute(0, 2, 3, 1).reshape(-1, 2)).reshape(count, height, width, -1)
        for group in self._adam.param_groups:
            group["lr"] = self._rate * self._falling()
        self.colours.train()
        with torch.random.fork_rng(devices=[]), autocast(device):
            torch.manual_seed((self.seed << 32) + self.at)  # of what is dropped
            logits = self.colours(seen)
        loss = cross_entropy(logits, shares.permute(0, 3, 1, 2), self._weights)
        self._adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.colours.parameters(), 1.0)
        self._adam.step()
        stays = min(_AVERAGED, (1 + self.at) / (10 + self.at))
        for mean, weight in zip(self.average.parameters(), self.colours.parameters(), strict=True):
            mean.lerp_(weight.detach(), 1 - stays)
        self.at += 1
        return loss.detach()

    def _falling(self) -> float:
        warm = min(1.0, (self.at + 1) / _WARM)
        return warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, self.at / self.steps)))

    @property
    def _networks(self) -> dict[str, Colours]:
        return {"weight": self.colours, "average": self.average}

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on."""
        found = {"at": torch.tensor(self.at)}
        for name, network in self._networks.items():
            found |= {f"{name}.{key}": each.detach() for key, each in network.state_dict().items()}
        for name, weight in self.colours.named_parameters():
            for key in ("exp_avg", "exp_avg_sq"):
                found[f"{key}.{name}"] = self._adam.state[weight].get(key, torch.zeros_like(weight))
        return {name: each.contiguous() for name, each in found.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.at = int(state["at"])
        for name, network in self._networks.items():
            prefix = f"{name}."
            own = {key.removeprefix(prefix): each for key, each in state.items() if key.startswith(prefix)}
            network.load_state_dict(own)
        for name, weight in self.colours.named_parameters():
            moments = {
                key: torch.empty_like(weight).copy_(state[f"{key}.{name}"])
                for key in ("exp_avg", "exp_avg_sq")
            }
            self._adam.state[weight] = {"step": torch.tensor(float(self.at)), **moments}
