"""How far finished frames are from style and content, as the painter sees them, without its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from vidstyle.features.recipes import Recipe
from vidstyle.features.vgg import VGG
from vidstyle.losses.content import content_distance
from vidstyle.losses.gram import gram_distance, gram_matrix
from vidstyle.methods.style.painter import scaled_style


class Distances:
    """Of frames of one size under one network; see `vidstyle.losses`. 0 is a perfect match.

    network: in float32, on the device to compute on.
    recipe: names the layers. A distance is the mean over its layers.
    styles: style pictures, float32 (3, H, W) in [0, 1]; the target is the mean of their Gram matrices.
    size: (height, width) of the frames, to which the style pictures are scaled as the painter does.
    """

    def __init__(self, network: VGG, recipe: Recipe, styles: Sequence[Tensor], size: tuple[int, int]) -> None:
        self.network, self.recipe = network, recipe
        self._device = next(network.parameters()).device
        found = [self._grams(self.responses(scaled_style(style, size))) for style in styles]
        self._targets = {
            layer: torch.stack([grams[layer] for grams in found]).mean(dim=0)
            for layer in (recipe.style_layers if found else ())
        }

    @torch.no_grad()
    def responses(self, image: Tensor) -> Mapping[str, Tensor]:
        """What the network says of a frame float32 (3, H, W) in [0, 1], for the two distances."""
        layers = dict.fromkeys(self.recipe.content_layers + self.recipe.style_layers)
        found: Mapping[str, Tensor] = self.network(image.to(self._device)[None], layers)
        return found

    def style(self, responses: Mapping[str, Tensor]) -> float | None:
        """How far the frame's Gram matrices are from the style's; None without style pictures."""
        if not self._targets:
            return None
        grams = self._grams(responses)
        return _mean([gram_distance(grams[layer], target) for layer, target in self._targets.items()])

    def content(self, responses: Mapping[str, Tensor], original: Mapping[str, Tensor]) -> float:
        """How far the frame's features are from those of the original frame."""
        layers = self.recipe.content_layers
        return _mean([content_distance(responses[layer], original[layer]) for layer in layers])

    def _grams(self, responses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {layer: gram_matrix(responses[layer]) for layer in self.recipe.style_layers}


def _mean(terms: Sequence[Tensor]) -> float:
    return float(torch.stack(list(terms)).mean())
