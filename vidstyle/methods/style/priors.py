"""Earlier painted frames, taken together, and what none of them shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.image.warp import in_frame, warp
from vidstyle.types import Prior

# In a carry, uint8 (1, H, W): how far each pixel has been painted, and what has come in over the borders.
# Where there is none, all as far as it can be, and nothing.
_RIPE, _ENTERED, _FULL = "ripe", "entered", 255
_RIPENING = 6  # frames
_DOUBTFUL = 0.5  # weight from which on a pixel is taken to have been seen
_STRIPS = 40  # side by side
_LEAST = 0.02  # of the weight of what is ripe


def shared(priors: Sequence[Prior]) -> Sequence[Prior]:
    """The same with weights that nowhere add up to more than 1."""
    if len(priors) < 2:
        return priors
    total = seen_in(priors).clamp_min(1)
    return [replace(prior, weight=prior.weight / total) for prior in priors]


def composed(subject: Tensor, priors: Sequence[Prior]) -> Tensor:
    """The priors laid over the subject, each by its weight."""
    image = subject
    for prior in priors:
        image = image + prior.weight * (prior.image - subject)
    return image


def seen_in(priors: Sequence[Prior]) -> Tensor:
    """How surely each pixel is known from the priors together, (1, H, W)."""
    return torch.stack([prior.weight for prior in priors]).sum(dim=0)


def unseen(priors: Sequence[Prior]) -> float:
    """The share of the frame that none of the priors shows."""
    return float((seen_in(priors) < _DOUBTFUL).float().mean())


def known_in(priors: Sequence[Prior]) -> Tensor:
    """How far each pixel has been painted in the priors together, (1, H, W); 0 where none of them shows it.

    A pixel whose flow is doubtful, as it often is along edges, has been painted nonetheless.
    """
    seen = seen_in(priors)
    ripe = torch.stack([prior.weight * _ripe_in(prior) for prior in priors]).sum(dim=0)
    return ripe / seen.clamp_min(1e-6) * (seen / _DOUBTFUL).clamp_max(1)


def held(priors: Sequence[Prior]) -> list[Prior]:
    """The priors, whose weights are small where they are not ripe: there the painting goes on."""
    return [
        replace(prior, weight=prior.weight.lerp(_LEAST * prior.weight, 1 - _ripe_in(prior)))
        for prior in priors
    ]


def entered_in(priors: Sequence[Prior]) -> Tensor:
    """What has lately come in over the frame's borders, (1, H, W): from 1 down to 0, as it ripens.

    Strips narrower than a fortieth of the longer side do not count: they are borders that shake.
    """
    nearest = priors[0]
    entered = torch.zeros_like(nearest.weight)
    if nearest.vectors is not None:
        outside = ~in_frame(nearest.vectors, (entered.shape[1], entered.shape[2]))
        entered = _carried(nearest, _ENTERED, entered).maximum(outside.to(entered))
    side = max(1, round(max(entered.shape[1:]) / _STRIPS)) | 1
    narrowed = -F.max_pool2d(-entered[None], side, 1, side // 2)
    return F.max_pool2d(narrowed, side, 1, side // 2)[0].minimum(entered)


def ripened(priors: Sequence[Prior]) -> dict[str, Tensor]:
    """What a frame that has been painted after these is to carry: nothing where all of it is ripe.

    What came into view is painted on for some frames. A strip that enters has few pixels and few steps: held
    at once to what it then is, it would stay pale as long as it is seen.
    """
    ripe = (known_in(priors) + 1 / _RIPENING).clamp_max(1)
    entered = (entered_in(priors) - 1 / _RIPENING).clamp_min(0)
    maps = {_RIPE: (ripe, 1.0), _ENTERED: (entered, 0.0)}
    return {
        name: (each * _FULL).round().byte() for name, (each, rest) in maps.items() if (each != rest).any()
    }


def _ripe_in(prior: Prior) -> Tensor:
    """How far the pixels of a prior have been painted, (1, H, W) from 0 to 1."""
    return _carried(prior, _RIPE, torch.ones_like(prior.weight))


def _carried(prior: Prior, name: str, otherwise: Tensor) -> Tensor:
    """A map that was carried with a prior, brought into the frame; `otherwise` where there is none."""
    if name not in prior.carry:
        return otherwise
    found = prior.carry[name].to(otherwise) / _FULL
    return found if prior.vectors is None else warp(found, prior.vectors)


@dataclass(frozen=True)
class Tint:
    """The colours that what no prior shows should have at large, see `losses.tint`.

    image: float32 (3, H, W) in [0, 1]. weight: (1, H, W), how little is known of each pixel.
    """

    image: Tensor
    weight: Tensor
