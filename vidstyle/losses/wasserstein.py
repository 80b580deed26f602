"""Mean and covariance, by the distance of the Gaussians that have them.

W² = |μ − μ'|² + tr C + tr C' − 2 tr (C'^½ C C'^½)^½, as a share of |μ'|² + tr C'.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vidstyle.device import kind_of
from vidstyle.losses.gram import products
from vidstyle.losses.loss import At, Shares, StyleLoss, Tensors, Weight, averaged, positions
from vidstyle.options.losses import StyleLossOptions

# Added to all eigenvalues, as a share of the matrix's norm: the first that is enough. Where responses are the
# same everywhere a covariance is mostly rounding, with negative eigenvalues as large as the others.
_LEAST_EIGENVALUES = (1e-6, 1e-3, 1.0)
_ROUNDING = 1e-6  # of the mean's square


class WassersteinLoss(StyleLoss):
    """The distance from the Gaussian of all style pictures together, of which the mean and C'^½ are held."""

    factor = 0.6

    @staticmethod
    def of_style(features: Tensor, weight: Weight = None) -> Tensors:
        return moments(features, weight)

    @staticmethod
    def joined(parts: Shares) -> Tensors:
        # By differences: products of means would cancel.
        mean, _ = averaged(parts)
        spread = [
            (share, (mine, own + torch.outer(mine - mean, mine - mean))) for share, (mine, own) in parts
        ]
        return mean, averaged(spread)[1]

    @staticmethod
    def target_of(styles: Shares, options: StyleLossOptions) -> Tensors:
        # Second moments, unlike covariances, can be averaged over several styles.
        mean, second = averaged(
            [(share, (mine, own + torch.outer(mine, mine))) for share, (mine, own) in styles]
        )
        covariance = second - torch.outer(mean, mean)
        # Of a layer that responds the same everywhere only rounding is left, which may have no root.
        if float(covariance.norm()) < _ROUNDING * float(mean.square().sum()):
            covariance = torch.zeros_like(covariance)
        return mean, matrix_root(covariance)

    def sums(self, features: Tensor, at: At, weight: Weight = None) -> Tensors:
        return moment_sums(features, self.target[0], weight)

    def distance(self, sums: Tensors) -> Tensor:
        near, root = self.target
        squares, total, count = sums
        return wasserstein_distance(*moments_of(squares, total, count, near), near, root)


def wasserstein_distance(
    mean: Tensor, covariance_now: Tensor, target_mean: Tensor, target_root: Tensor
) -> Tensor:
    """Squared Wasserstein-2 distance of two Gaussians, as a share of the target's energy |μ'|² + tr C'.

    W² = |μ − μ'|² + tr C + tr C' − 2 tr (C'^½ C C'^½)^½; no response at all costs 1.

    mean: float32 (C,); covariance_now: (C, C); target_mean: (C,); target_root: C'^½, see `matrix_root`.
    """
    energy = target_root.square().sum()
    inner: Tensor = _RootTrace.apply(target_root @ covariance_now @ target_root)
    distance = (mean - target_mean).square().sum() + covariance_now.trace() + energy - 2 * inner
    # Rounding may leave less than nothing of a difference of large numbers.
    return distance.clamp_min(0) / (target_mean.square().sum() + energy).clamp_min(1e-12)


def moments(features: Tensor, weight: Weight = None) -> tuple[Tensor, Tensor]:
    """Mean μ and covariance C over the positions of features (1, C, h, w). Returns float32 (C,), (C, C).

    weight: as in `products`, not 0 everywhere.
    """
    near = features.detach().float().mean(dim=(0, 2, 3))
    return moments_of(*moment_sums(features, near, weight), near)


def moment_sums(features: Tensor, near: Tensor, weight: Weight = None) -> tuple[Tensor, Tensor, Tensor]:
    """Σ w F' F'ᵀ (C, C), Σ w F' (C,) and Σ w over the positions of features (1, C, h, w), F' = F − near.

    near: float32 (C,), a guess of the mean: the further off, the more is lost to rounding. weight: as in
    `products`. In float32 whatever the features' dtype: rounded to bfloat16 a covariance has negative
    eigenvalues.
    """
    shifted = features.float() - near.view(-1, 1, 1)
    each = shifted[0] if weight is None else shifted[0] * weight
    return products(shifted, weight), each.sum(dim=(1, 2)), positions(features, weight)


def moments_of(squares: Tensor, total: Tensor, count: Tensor, near: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (C,) and covariance (C, C) from the sums of `moment_sums`."""
    step = total / count
    return near + step, squares / count - torch.outer(step, step)


def matrix_root(matrix: Tensor) -> Tensor:
    """The root of a positive semi-definite matrix, float32 (C, C)."""
    return _newton_schulz(matrix)[0]


def _newton_schulz(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """M^½ and M^-½ by the coupled Newton–Schulz iteration (Higham 2008, ch. 6): products alone.

    Eigenvalues below about 1e-5 of the largest are not reached: their inverse roots stay bounded, which keeps
    gradients so as well.
    """
    size = matrix.norm().clamp_min(1e-12)
    tried: list[tuple[Tensor, Tensor, Tensor]] = []
    for least in _LEAST_EIGENVALUES:
        root, inverse = _iterated(matrix / size, least)
        # Of a matrix of norm 1 this sum is its trace, at most √C. It is false of what is not a number, too.
        fits = root.square().sum() <= 2 * len(matrix) ** 0.5 + least * len(matrix)
        tried.append((fits, root, inverse))
        # A GPU has done the others before the host would know.
        if not kind_of(matrix.device).queues and bool(fits):
            break
    _, root, inverse = tried.pop()
    for fits, *better in reversed(tried):
        root, inverse = (torch.where(fits, *pair) for pair in zip(better, (root, inverse), strict=True))
    return root * size.sqrt(), inverse / size.sqrt()


def _iterated(matrix: Tensor, least: float, iterations: int = 14) -> tuple[Tensor, Tensor]:
    """The roots of a matrix of norm 1 and of its inverse, with `least` added to its eigenvalues."""
    identity = torch.eye(len(matrix), device=matrix.device, dtype=matrix.dtype)
    # What rounding makes negative would grow without bound.
    root, inverse = matrix + least * identity, identity
    for _ in range(iterations):
        step = 1.5 * identity - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    return root, inverse


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
