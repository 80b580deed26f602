"""Gram matrices (Gatys, Ecker & Bethge 2015): Σ (G − A)² / Σ A², G = F Fᵀ / M, A that of the style."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vidstyle.losses.loss import At, StyleLoss, Tensors, Weight, positions


class GramLoss(StyleLoss):
    """Σ (G − A)² / Σ A², A the mean of the Gram matrices of the style pictures."""

    @staticmethod
    def of_style(features: Tensor, weight: Weight = None) -> Tensors:
        return (gram_matrix(features, weight),)

    def sums(self, features: Tensor, at: At, weight: Weight = None) -> Tensors:
        return products(features, weight), positions(features, weight)

    def distance(self, sums: Tensors) -> Tensor:
        return gram_distance(sums[0] / sums[1], self.target[0])


def gram_distance(gram: Tensor, target: Tensor) -> Tensor:
    """Σ (G − A)² / Σ A² over Gram matrices float32 (C, C)."""
    return (gram - target).square().sum() / target.square().sum().clamp_min(1e-12)


def gram_matrix(features: Tensor, weight: Weight = None) -> Tensor:
    """Gram matrix G = F Fᵀ / M of features (1, C, h, w), M = h·w positions. Returns float32 (C, C).

    Dividing by M makes Grams of pictures of different sizes comparable. weight: as in `products`; M is then
    their sum, which must not be 0.
    """
    return products(features, weight) / positions(features, weight)


def products(features: Tensor, weight: Weight = None) -> Tensor:
    """Σ_i w_i F_i F_iᵀ over the positions i of features (1, C, h, w). Returns float32 (C, C).

    weight: w, float32 (1, h, w); 1 everywhere where there is none. The product runs in the features' own
    dtype: the sum over positions is kept in float32 inside it.
    """
    result: Tensor = _Products.apply(features, weight)
    return result


class _Products(torch.autograd.Function):
    """Fᵀ W F with the gradient W F (∇ + ∇ᵀ): one product, and in the layout of the features.

    Left to itself, autograd multiplies twice and brings one half back transposed, which slows down
    everything that comes after it: 132 ms against 68 ms for a step at 320x180 on one core.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Weight) -> Tensor:
        ctx.save_for_backward(features, weight)
        flat = _positions_first(features)
        return (_weighted(flat, weight).T @ flat).float()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (features, weight), (gradient,) = ctx.saved_tensors, gradients
        both = (gradient + gradient.T).to(features.dtype)
        change = _weighted(_positions_first(features), weight) @ both
        return change.view(*features.shape[2:], -1).permute(2, 0, 1)[None], None


def _positions_first(features: Tensor) -> Tensor:
    """(1, C, h, w) as (h·w, C): no copy where the memory is channels-last."""
    return features[0].permute(1, 2, 0).reshape(-1, features.shape[1])


def _weighted(flat: Tensor, weight: Weight) -> Tensor:
    return flat if weight is None else flat * weight.to(flat.dtype).reshape(-1, 1)
