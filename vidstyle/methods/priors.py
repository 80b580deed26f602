"""Earlier painted frames, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

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
