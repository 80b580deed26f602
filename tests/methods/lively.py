"""A small network whose deepest layers still tell one place of a picture from another."""

from __future__ import annotations

from functools import cache

import torch

from tests.methods.test_contract import picture
from vidstyle.features.convolutions import CONV_INDEX
from vidstyle.features.vgg import VGG, calibrated


@cache
def _weights(channels: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    weights, incoming = {}, 3
    for index in CONV_INDEX.values():
        filters = torch.randn(channels, incoming, 3, 3, generator=generator)
        weights[f"features.{index}.weight"] = filters - filters.mean(dim=(1, 2, 3), keepdim=True)
        weights[f"features.{index}.bias"] = torch.zeros(channels)
        incoming = channels
    return calibrated(weights, [picture(64, 64)[None]])


def lively_network(channels: int = 4) -> VGG:
    """All sixteen convolutions, seeded: filters without a mean, so that detail gets through to the end."""
    return VGG(_weights(channels))
