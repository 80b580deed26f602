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

from vidstyle.image.octaves import finest_octave

_LEAST_EIGENVALUE = 1e-6  # added to all, as a share of the matrix's norm
_CELLS = 40  # along the longer side, of which each has a colour of its own
_BEND = 0.05  # where the smooth-l1 temporal loss turns from a parabola into a line, in pixel values


def gram(features: Tensor, weight: Tensor | None = None) -> Tensor:
    """Gram matrix G = F Fᵀ / M of features (1, C, h, w), M = h·w positions. Returns float32 (C, C).

    Dividing by M makes Grams of pictures of different sizes comparable. weight: as in `products`; M is then
    their sum, which must not be 0.
    """
    return products(features, weight) / positions(features, weight)


def products(features: Tensor, weight: Tensor | None = None) -> Tensor:
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
    def forward(ctx: Any, features: Tensor, weight: Tensor | None) -> Tensor:
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


def _weighted(flat: Tensor, weight: Tensor | None) -> Tensor:
    return flat if weight is None else flat * weight.to(flat.dtype).reshape(-1, 1)


def content(features: Tensor, target: Tensor) -> Tensor:
    """Σ (F − P)² / Σ P² over features (1, C, h, w)."""
    return apart(features, target) / energy(target)


def apart(features: Tensor, target: Tensor) -> Tensor:
    """Σ (F − P)² over features of equal shapes, in float32."""
    return (features.float() - target.float()).square().sum()


def energy(target: Tensor) -> Tensor:
    """Σ P², never 0, so that it can be divided by."""
    return target.float().square().sum().clamp_min(1e-12)


def style(gram_now: Tensor, target: Tensor) -> Tensor:
    """Σ (G − A)² / Σ A² over Gram matrices float32 (C, C)."""
    return (gram_now - target).square().sum() / target.square().sum().clamp_min(1e-12)


def moments(features: Tensor, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean μ and covariance C over the positions of features (1, C, h, w). Returns float32 (C,), (C, C).

    weight: as in `products`, not 0 everywhere.
    """
    near = features.detach().float().mean(dim=(0, 2, 3))
    return moments_of(*moment_sums(features, near, weight), near)


def moment_sums(
    features: Tensor, near: Tensor, weight: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Σ w F' F'ᵀ (C, C), Σ w F' (C,) and Σ w over the positions of features (1, C, h, w), F' = F − near.

    near: float32 (C,), a guess of the mean: the further off, the more is lost to rounding. weight: as in
    `products`. In float32 whatever the features' dtype: rounded to bfloat16 a covariance has negative
    eigenvalues.
    """
    shifted = features.float() - near.view(-1, 1, 1)
    each = shifted[0] if weight is None else shifted[0] * weight
    return products(shifted, weight), each.sum(dim=(1, 2)), positions(features, weight)


def positions(features: Tensor, weight: Tensor | None = None) -> Tensor:
    """Σ w over the positions of features (1, C, h, w): how many there are, where there is no weight."""
    count = features.new_tensor(features[0, 0].numel(), dtype=torch.float32)
    return count if weight is None else weight.sum()


def moments_of(squares: Tensor, total: Tensor, count: Tensor, near: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (C,) and covariance (C, C) from the sums of `moment_sums`."""
    step = total / count
    return near + step, squares / count - torch.outer(step, step)


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


def patch(
    features: Tensor, mean: Tensor, count: Tensor, spread: Tensor, weight: Tensor | None = None
) -> Tensor:
    """Σ_i |Ψ_i(F) − Ψ_NN(i)(S)|² over patches Ψ (Li & Wand 2016), summed by positions with their weights.

    features: (1, C, h, w). mean: float32 (C, h, w), of the style's patches s that cover a position; count:
    (1, h, w), how many do; spread: (1, h, w), Σ |s − mean|².

    At every position Σ |F − s|² = n |F − s̄|² + Σ |s − s̄|²: as long as the neighbours stay the same, the loss
    costs no more than that of the content.
    """
    each = count * (features[0].float() - mean).square().sum(dim=0, keepdim=True) + spread
    return (each if weight is None else weight * each).sum()


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


def grain(image: Tensor, quantiles: Tensor, *, wrap: bool = False) -> Tensor:
    """Mean of max(0, a − q)², a the finest octave at each pixel, q what the style has at that rank.

    image: float32 (3, H, W) in [0, 1]. quantiles: of the style, (3, H·W), see `octaves.grain_quantiles`.
    Summed over channels. The pixel with the k-th strongest fine detail may have as much of it as the k-th of
    the style picture, and none has to have any: strokes stay as sharp as the style's, and what is left
    between them can be no grainier. Gram matrices hardly see that: to relu1_1 fine noise is a small part of
    what there is.
    """
    strengths = finest_octave(image, wrap=wrap).flatten(1).abs().sort(dim=1).values
    return (strengths - quantiles).clamp_min(0).square().sum(dim=0).mean()


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


def tint(image: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Σ_cells w̄ d², d = Σ w (x − g) / Σ w over a cell, w̄ the mean of w there; a mean over cells and channels.

    image x, wanted g: float32 (3, H, W) in [0, 1]; weight w: float32 (1, H, W) in [0, 1]. A cell is a square
    of a fortieth of the longer side, wider than a stroke: strokes may have any colours that come to g
    together. A strip of a cell is held as hard as a whole one, by its area.
    """
    side = max(1, round(max(image.shape[1:]) / _CELLS))
    parts = torch.cat([weight * (image - wanted), weight])[None]
    off, covered = F.avg_pool2d(parts, side, ceil_mode=True, count_include_pad=False)[0].split([3, 1])
    return (off.square() / covered.clamp_min(1e-6)).mean()
