"""Earlier painted frames, taken together, and what none of them shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vidstyle.image.warp import warp
from vidstyle.types import Prior

# In a carry: how far each pixel has been painted, uint8 (1, H, W); where there is none, all are ripe.
_RIPE, _FULL = "ripe", 255
_RIPENING = 6  # frames
_LEAST = 0.02  # of the weight of what is ripe


def shared(priors: Sequence[Prior]) -> Sequence[Prior]:
    """The same with weights that nowhere add up to more than 1."""
    if len(priors) < 2:
        return priors
    total = seen_in(priors).clamp_min(1)
    return [replace(prior, weight=prior.weight / total) for prior in priors]


def laid_over(subject: Tensor, priors: Sequence[Prior]) -> Tensor:
    """The priors laid over the subject, each by its weight."""
    image = subject
    for prior in priors:
        image = image + prior.weight * (prior.image - subject)
    return image


def seen_in(priors: Sequence[Prior]) -> Tensor:
    """How surely each pixel is known from the priors together, (1, H, W)."""
    return torch.stack([prior.weight for prior in priors]).sum(dim=0)


def known_in(priors: Sequence[Prior]) -> Tensor:
    """How surely each pixel is known from the priors together, and how ripe it is there, (1, H, W)."""
    return torch.stack([prior.weight * _ripe_in(prior) for prior in priors]).sum(dim=0)


def held(priors: Sequence[Prior]) -> list[Prior]:
    """The priors, whose weights are small where they are not ripe: there the painting goes on."""
    return [
        replace(prior, weight=prior.weight.lerp(_LEAST * prior.weight, 1 - _ripe_in(prior)))
        for prior in priors
    ]


def ripened(priors: Sequence[Prior]) -> dict[str, Tensor]:
    """What a frame that has been painted after these is to carry: nothing where all of it is ripe.

    What came into view is painted on for some frames. A strip that enters has few pixels and few steps: held
    at once to what it then is, it would stay pale as long as it is seen.
    """
    ripe = ((known_in(priors) + 1 / _RIPENING).clamp(0, 1) * _FULL).round().byte()
    return {} if int(ripe.min()) == _FULL else {_RIPE: ripe}


def _ripe_in(prior: Prior) -> Tensor:
    """How far the pixels of a prior have been painted, (1, H, W) from 0 to 1."""
    if _RIPE not in prior.carry:
        return torch.ones_like(prior.weight)
    ripe = prior.carry[_RIPE].to(prior.weight) / _FULL
    return ripe if prior.vectors is None else warp(ripe, prior.vectors)


@dataclass(frozen=True)
class Tint:
    """The colours that what no prior shows should have at large, see `losses.tint`.

    image: float32 (3, H, W) in [0, 1]. weight: (1, H, W), how little is known of each pixel.
    """

    image: Tensor
    weight: Tensor
