"""Colouring a frame by what the network guesses, and by how the frames before it were coloured."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vidstyle.features.vgg import VGG
from vidstyle.image.colour import luminance
from vidstyle.image.lab import from_lab, to_lab
from vidstyle.image.matting import GuidedFilter
from vidstyle.image.resize import fit, resize
from vidstyle.methods.colour.classes import annealed_mean
from vidstyle.methods.colour.learning import grey
from vidstyle.methods.colour.network import CHANNELS, Colours
from vidstyle.types import Draft, Painted, Prior

LOOKED_AT = 288
"""Longest side in pixels of what the network sees: about as large as it has seen things while it learned."""
_KEPT = 0.9  # of the colours before, where the flow holds
_REACH, _EPSILON = 4, 1e-3  # of the guided filter, at that size: colours end where the picture has an edge


class Colouring:
    """Colours frames; without priors by themselves.

    network: the features that the colours were learnt on.
    """

    def __init__(self, network: VGG, colours: Colours) -> None:
        self.network, self.colours = network, colours

    @torch.no_grad()
    def paint(
        self, content: Tensor, priors: Sequence[Prior], seed: int, draft: Draft | None = None
    ) -> Painted:
        """See `Painter.paint`. Nothing is random, and there is no loss. L* is that of the luminance."""
        plain = luminance(content)
        lightness = to_lab(plain)[:1]
        ab = self._guessed(plain, lightness)
        if draft is not None:
            ab = torch.lerp(ab, to_lab(draft.image)[1:], 0.5)
        for prior in priors:
            ab = torch.lerp(ab, to_lab(prior.image)[1:], _KEPT * prior.weight)
        return Painted(from_lab(torch.cat([lightness, ab])).clamp(0, 1))

    def _guessed(self, plain: Tensor, lightness: Tensor) -> Tensor:
        """a* and b* of a grey picture, float32 (2, H, W)."""
        height, width = plain.shape[1:]
        columns, rows = fit(width, height, min(LOOKED_AT, max(height, width)))
        columns, rows = max(16, columns), max(16, rows)  # less is nothing at the deepest layer
        seen = grey(resize(lightness, (rows, columns)))
        features = self.network(seen[None], list(CHANNELS))
        small = annealed_mean(self.colours({layer: each.float() for layer, each in features.items()}))[0]
        coarse = resize(small, (rows, columns))
        slope, offset = GuidedFilter(seen, _REACH, _EPSILON).averaged(coarse)
        slope = resize(slope.flatten(0, 1), (height, width)).unflatten(0, (2, 3))
        return (slope * plain[None]).sum(1) + resize(offset, (height, width))
