"""Earlier painted frames, taken together, and what none of them shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vidstyle.image.resize import resize
from vidstyle.types import Prior


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


@dataclass(frozen=True)
class Tint:
    """The colours that what no prior shows should have at large, see `losses.tint`.

    image: float32 (3, H, W) in [0, 1]. weight: (1, H, W), how little is known of each pixel.
    """

    image: Tensor
    weight: Tensor

    def resized(self, size: tuple[int, int]) -> Tint:
        """The same for a frame of `size`, (height, width)."""
        return Tint(resize(self.image, size), resize(self.weight, size))
