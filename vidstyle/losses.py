"""The terms of the painting loss: pure functions on tensors, each a scalar.

Departure from Gatys, Ecker & Bethge (2016): where they have factors 1/(2 N M) and 1/(4 N² M²), the content
and style terms here are divided by the energy of their target, so that a picture without any response has
loss 1 at every layer. For one layer that is a constant factor; between layers it makes equal weights mean
equal importance, whatever the features' scale, the picture's size or the weights' origin.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

_LEAST_EIGENVALUE = 1e-6  # added to all, as a share of the matrix's norm
_BEND = 0.05  # where the smooth-l1 temporal loss turns from a parabola into a line, in pixel values


def gram(features: Tensor) -> Tensor:
    """Gram matrix G = F Fᵀ / M of features (1, C, h, w), M = h·w positions. Returns float32 (C, C).

    Dividing by M makes Grams of pictures of different sizes comparable. The product runs in the features' own
    dtype: the sum over positions is kept in float32 inside it.
    """
    result: Tensor = _Gram.apply(features)
    return result


class _Gram(torch.autograd.Function):
    """G = Fᵀ F / M with the gradient F (∇G + ∇Gᵀ) / M: one product, and in the layout of the features.

    Left to itself, autograd multiplies twice and brings one half back transposed, which slows down
    everything that comes after it: 132 ms against 68 ms for a step at 320x180 on one core.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        flat = _positions_first(features)
        return (flat.T @ flat).float() / flat.shape[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (features,), (gradient,) = ctx.saved_tensors, gradients
        flat = _positions_first(features)
        both = ((gradient + gradient.T) / flat.shape[0]).to(flat.dtype)
        return (flat @ both).view(*features.shape[2:], -1).permute(2, 0, 1)[None]


def _positions_first(features: Tensor) -> Tensor:
    """(1, C, h, w) as (h·w, C): no copy where the memory is channels-last."""
    return features[0].permute(1, 2, 0).reshape(-1, features.shape[1])


def content(features: Tensor, target: Tensor) -> Tensor:
    """Σ (F − P)² / Σ P² over features (1, C, h, w)."""
    difference = features.float() - target.float()
    return difference.square().sum() / target.float().square().sum().clamp_min(1e-12)


def style(gram_now: Tensor, target: Tensor) -> Tensor:
    """Σ (G − A)² / Σ A² over Gram matrices float32 (C, C)."""
    return (gram_now - target).square().sum() / target.square().sum().clamp_min(1e-12)


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean μ and covariance C over the positions of features (1, C, h, w). Returns float32 (C,), (C, C).

    In float32 whatever the features' dtype: rounded to bfloat16 a covariance has negative eigenvalues.
    """
    flat = _positions_first(features).float()
    mean = flat.mean(dim=0)
    centred = flat - mean
    return mean, centred.T @ centred / len(flat)


def wasserstein(mean: Tensor, covariance_now: Tensor, target_mean: Tensor, target_root: Tensor) -> Tensor:
    """Squared Wasserstein-2 distance of two Gaussians, as a share of the target's energy |μ'|² + tr C'.

    W² = |μ − μ'|² + tr C + tr C' − 2 tr (C'^½ C C'^½)^½; no response at all costs 1.

    mean: float32 (C,); covariance_now: (C, C); target_mean: (C,); target_root: C'^½, see `matrix_root`.
    """
    energy = target_root.square().sum()
    inner: Tensor = _RootTrace.apply(target_root @ covariance_now @ target_root)
    distance = (mean - target_mean).square().sum() + covariance_now.trace() + energy - 2 * inner
    # Rounding may leave less than nothing of a difference of large numbers.
    return distance.clamp_min(0) / (target_mean.square().sum() + energy).clamp_min(1e-12)


def matrix_root(matrix: Tensor) -> Tensor:
    """The root of a positive semi-definite matrix, float32 (C, C)."""
    return _newton_schulz(matrix)[0]


def _newton_schulz(matrix: Tensor, iterations: int = 14) -> tuple[Tensor, Tensor]:
    """M^½ and M^-½ by the coupled Newton–Schulz iteration (Higham 2008, ch. 6): products alone.

    Eigenvalues below about 1e-5 of the largest are not reached: their inverse roots stay bounded, which keeps
    gradients so as well.
    """
    size = matrix.norm().clamp_min(1e-12)
    identity = torch.eye(len(matrix), device=matrix.device, dtype=matrix.dtype)
    # What rounding makes negative would grow without bound.
    root, inverse = matrix / size + _LEAST_EIGENVALUE * identity, identity
    for _ in range(iterations):
        step = 1.5 * identity - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    return root * size.sqrt(), inverse / size.sqrt()


class _RootTrace(torch.autograd.Function):
    """tr M^½ of a symmetric M, with the gradient ½ M^-½: no way back through the iteration is kept."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        root, inverse = _newton_schulz(matrix)
        ctx.save_for_backward(inverse)
        return root.trace()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (inverse,), (gradient,) = ctx.saved_tensors, gradients
        return gradient * 0.5 * inverse


def patch(features: Tensor, mean: Tensor, count: Tensor, spread: Tensor, energy: float) -> Tensor:
    """Σ_i |Ψ_i(F) − Ψ_NN(i)(S)|² over patches Ψ (Li & Wand 2016), as a share of what no response would cost.

    features: (1, C, h, w). mean: float32 (C, h, w), of the style's patches that cover a position; count:
    (1, h, w), how many do; spread: Σ |Ψ_NN(i) − mean|². energy: Σ |Ψ|² of as many patches as of the style's.

    At every position Σ |F − s|² over the patches s that cover it is n |F − s̄|² + Σ |s − s̄|²: as long as the
    neighbours stay the same, the loss costs no more than that of the content.
    """
    apart = (count * (features[0].float() - mean).square()).sum() + spread
    return apart / max(energy, 1e-12)


def total_variation(image: Tensor, beta: float = 2.0, *, wrap: bool = False) -> Tensor:
    """Mean over pixels of ((x[i,j+1] − x[i,j])² + (x[i+1,j] − x[i,j])²)^(β/2), summed over channels.

    image: float32 (3, H, W) in [0, 1]. The mean, not the sum, so that the weight suits any size.
    wrap: whether the last row and column have the first as their neighbours, or none.
    """
    right = torch.diff(image, dim=2, append=image[:, :, :1] if wrap else image[:, :, -1:])
    down = torch.diff(image, dim=1, append=image[:, :1] if wrap else image[:, -1:])
    squares = right.square() + down.square()
    if beta != 2.0:
        squares = (squares + 1e-8) ** (beta / 2)
    return squares.sum() / (image.shape[1] * image.shape[2])


def temporal(image: Tensor, prior: Tensor, weight: Tensor, form: str = "l2") -> Tensor:
    """1/D Σ c ρ(x − ω), D = 3·H·W (Ruder, Dosovitskiy & Brox 2016).

    image, prior: float32 (3, H, W) in [0, 1]; weight c: float32 (1, H, W) in [0, 1].
    form: "l2", ρ(d) = d², as in the paper; "smooth-l1", ρ(d) = d² up to |d| = δ and 2 δ |d| − δ² beyond, so
        that a pixel far off pulls no harder than one that is δ = 0.05 off.
    """
    if form == "smooth-l1":
        penalty = 2 * _BEND * F.smooth_l1_loss(image, prior, reduction="none", beta=_BEND)
    else:
        penalty = (image - prior).square()
    return (weight * penalty).mean()
