"""Small networks, pictures and regions, and painters by style with them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

from vidstyle.features.convolutions import CONV_INDEX
from vidstyle.features.recipes import Recipe, recipe_for
from vidstyle.features.vgg import VGG, calibrated
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.terms import term_values
from vidstyle.types import Painted, Prior


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def prior_of(painted: Painted, weight: float = 1.0) -> Prior:
    return Prior(painted.image, torch.full_like(painted.image[:1], weight), painted.carry)


def tiny_weights() -> dict[str, torch.Tensor]:
    """All sixteen convolutions with four channels each, seeded."""
    generator = torch.Generator().manual_seed(3)
    weights, incoming = {}, 3
    for index in CONV_INDEX.values():
        weights[f"features.{index}.weight"] = torch.randn(4, incoming, 3, 3, generator=generator) * 0.3
        weights[f"features.{index}.bias"] = torch.full((4,), 0.1)
        incoming = 4
    return weights


def tiny_network() -> VGG:
    return VGG(tiny_weights())


def recipe_of(network: VGG) -> Recipe:
    return recipe_for("vgg19", network.layers, lambda line: None)


def neural(
    *styles: torch.Tensor,
    network: VGG | None = None,
    init: torch.Tensor | None = None,
    regions: Sequence[torch.Tensor] = (),
    **settings: Any,
) -> NeuralStyle:
    """Neural style with ten steps, if nothing else is said, and the tiny network."""
    network = network or tiny_network()
    options = NeuralOptions(**({"steps": 10, "next_steps": 10} | settings))
    styles = styles or (picture(30, 40, 9),)
    return NeuralStyle(network, recipe_of(network), styles, options, init, regions=regions)


def style_loss(method: NeuralStyle, image: torch.Tensor) -> float:
    """What the style term of a painter is for an image (3, H, W)."""
    term = {"style": method.style_term((image.shape[1], image.shape[2]))}
    return float(term_values(method.features, image, term)["style"])


def halves(height: int, width: int, at: int | None = None) -> torch.Tensor:
    """Two regions, to the left and to the right of column `at`, the middle: float32 (2, height, width)."""
    left = (torch.arange(width) < (width // 2 if at is None else at)).float().expand(1, height, width)
    return torch.cat([left, 1 - left])


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
