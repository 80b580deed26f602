"""Judging a picture by the network's responses to it, in sums that can be taken part by part."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vidstyle import losses
from vidstyle.features.vgg import VGG, stride

Found = Mapping[str, Tensor]
"""Responses (1, C, h, w) by layer."""
Sums = dict[Hashable, tuple[Tensor, ...]]
"""By whatever the judge calls them; those of parts that make up a picture add up to those of the picture."""
See = Callable[[Iterable[str]], Found]
"""Layers -> their responses to the whole picture, without gradients."""


@dataclass(frozen=True)
class Place:
    """Which part of a picture some responses are of, in pixels; None is to the end.

    All sides but those to the end are multiples of the strides of the layers in question.
    """

    top: int = 0
    left: int = 0
    bottom: int | None = None
    right: int | None = None

    def of(self, layer: str, whole: Tensor) -> Tensor:
        """The part of `whole` (..., h, w), on all positions of `layer`, that lies here."""
        step = stride(layer)
        down, right = (None if end is None else end // step for end in (self.bottom, self.right))
        return whole[..., self.top // step : down, self.left // step : right]


WHOLE = Place()


class Judge(Protocol):
    """One term of a painting loss that depends on responses. Made anew for every minimisation."""

    @property
    def layers(self) -> Sequence[str]:
        """Of which it wants the responses."""
        ...

    def look(self, see: See) -> None:
        """Called before every evaluation, for what can only be found from the whole picture."""
        ...

    def measure(self, found: Found, place: Place) -> Sums:
        """What this part of the picture adds."""
        ...

    def value(self, sums: Sums) -> Tensor:
        """The term, a scalar, from the sums over the whole picture."""
        ...


def judged(
    network: VGG, image: Tensor, judges: Mapping[str, Judge], *, wrap: bool = False
) -> dict[str, Tensor]:
    """The value of each judge for an image float32 (3, H, W) in [0, 1]; the network runs once for all.

    wrap: whether opposite borders of the image meet.
    """
    layers = dict.fromkeys(layer for judge in judges.values() for layer in judge.layers)
    found = network(image[None], layers, wrap=wrap)
    values = {}
    for name, judge in judges.items():
        judge.look(lambda wanted: {layer: found[layer].detach() for layer in wanted})
        values[name] = judge.value(judge.measure(found, WHOLE))
    return values


class ContentJudge:
    """Mean over layers of Σ (F − P)² / Σ P², P the responses to the subject; see `losses.content`."""

    def __init__(self, targets: Found) -> None:
        self.targets = targets
        self.energies = {layer: losses.energy(target) for layer, target in targets.items()}

    @property
    def layers(self) -> Sequence[str]:
        return list(self.targets)

    def look(self, see: See) -> None:
        pass

    def measure(self, found: Found, place: Place) -> Sums:
        return {k: (losses.apart(found[k], place.of(k, target)),) for k, target in self.targets.items()}

    def value(self, sums: Sums) -> Tensor:
        return torch.stack([sums[layer][0] / energy for layer, energy in self.energies.items()]).mean()
