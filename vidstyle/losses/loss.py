"""What the losses that depend on a network's responses have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from vidstyle.features.recipes import Recipe
from vidstyle.options.losses import StyleLossOptions

Tensors = tuple[Tensor, ...]
Weight = Tensor | None
"""How much each position counts, float32 (1, h, w) in [0, 1]; None: all of them fully."""
Shares = Sequence[tuple[float, Tensors]]
"""What some pictures, or parts of one, have, and the share of each; shares sum to 1."""
At = Callable[[Tensor], Tensor]
"""A map of all positions (..., h, w) -> the part of it where the responses at hand lie."""


class Loss(ABC):
    """Responses of one layer against a target, for one minimisation, in sums over positions."""

    def search(self, see: Callable[[], Tensor]) -> None:  # noqa: B027
        """Called before every evaluation, for what can only be found from the whole picture.

        see() are its responses (1, C, h, w), without gradients.
        """

    @abstractmethod
    def sums(self, features: Tensor, at: At, weight: Weight = None) -> Tensors:
        """What responses (1, C, h, w) to the picture or to a part of it add, by how much each counts."""

    @abstractmethod
    def distance(self, sums: Tensors) -> Tensor:
        """From the sums over the whole picture: 0 where responses match, 1 for no response at all."""


class StyleLoss(Loss):
    """Responses of one layer against those of style pictures.

    wrap: whether opposite borders of what is painted meet.
    factor: of the style weight, found by measurement: the same weight gives the same balance with content.
    pools: whether it takes what it puts together from the style pictures: their responses are needed whole,
        and it gains from turned and scaled copies.
    """

    factor: ClassVar[float] = 1.0
    pools: ClassVar[bool] = False

    def __init__(self, target: Tensors, options: StyleLossOptions, *, wrap: bool = False) -> None:
        self.target, self.options, self.wrap = target, options, wrap

    @staticmethod
    def layers(recipe: Recipe) -> tuple[str, ...]:
        """Where it compares, if the options do not say."""
        return recipe.style_layers

    @staticmethod
    @abstractmethod
    def of_style(features: Tensor, weight: Weight = None) -> Tensors:
        """What targets are made of, from responses (1, C, h, w) to a style picture or to a part of it."""

    @staticmethod
    def joined(parts: Shares) -> Tensors:
        """The same of a picture, from its parts, by the share of its positions that each has."""
        return averaged(parts)

    @staticmethod
    def target_of(styles: Shares, options: StyleLossOptions) -> Tensors:
        """The target, from what is made of the style pictures."""
        return averaged(styles)


def averaged(shares: Shares) -> Tensors:
    """Means by the shares."""
    each = [[share * one for one in tensors] for share, tensors in shares]
    return tuple(torch.stack(alike).sum(dim=0) for alike in zip(*each, strict=True))


def positions(features: Tensor, weight: Weight = None) -> Tensor:
    """Σ w over the positions of features (1, C, h, w): how many there are, where there is no weight."""
    count = features.new_full((), features[0, 0].numel(), dtype=torch.float32)
    return count if weight is None else weight.sum()
