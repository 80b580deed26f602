"""The distance of Gaussians, against its formula in double precision."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from vidstyle.device import KINDS
from vidstyle.losses.wasserstein import (
    WassersteinLoss,
    matrix_root,
    moment_sums,
    moments,
    moments_of,
    wasserstein_distance,
)


def _gaussian(seed: int, channels: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and covariance, (C,) and (C, C), of no less than a tenth in any direction."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(channels, channels, generator=generator)
    return torch.randn(channels, generator=generator), root @ root.T / channels + 0.1 * torch.eye(channels)


def _exact_root(matrix: torch.Tensor) -> torch.Tensor:
    values, vectors = torch.linalg.eigh(matrix.double())
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def test_wasserstein_is_that_of_the_formula() -> None:
    (mean, cov), (other_mean, other_cov) = _gaussian(1), _gaussian(2)
    root = _exact_root(other_cov)
    trace = _exact_root(root @ cov.double() @ root).trace()
    wanted = (mean - other_mean).square().sum() + cov.trace() + other_cov.trace() - 2 * trace
    energy = other_mean.square().sum() + other_cov.trace()
    found = wasserstein_distance(mean, cov, other_mean, matrix_root(other_cov))
    assert float(found) == pytest.approx(float(wanted / energy), rel=1e-3)
    assert float(wasserstein_distance(other_mean, other_cov, other_mean, matrix_root(other_cov))) < 1e-4
    nothing = wasserstein_distance(mean * 0, cov * 0, other_mean, matrix_root(other_cov))
    assert float(nothing) == pytest.approx(1, rel=1e-3)


def test_wasserstein_of_gaussians_that_differ_in_scale_alone() -> None:
    """W² of N(0, C) and N(0, s² C) is (1 − s)² tr C."""
    mean, cov = _gaussian(3)
    for scale in (0.5, 2.0):
        found = wasserstein_distance(mean * 0, cov * scale**2, mean * 0, matrix_root(cov))
        assert float(found) == pytest.approx((1 - scale) ** 2, rel=2e-3)


def test_the_gradient_of_wasserstein_is_that_of_its_values() -> None:
    (mean, cov), (other_mean, other_cov) = _gaussian(4), _gaussian(5)
    root = matrix_root(other_cov.double())
    mean, cov, other_mean = mean.double(), cov.double(), other_mean.double()
    change = torch.randn(6, 6, dtype=torch.float64)
    change = change + change.T

    def at(step: float) -> torch.Tensor:
        return wasserstein_distance(mean, cov + step * change, other_mean, root)

    variable = cov.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(wasserstein_distance(mean, variable, other_mean, root), variable)
    assert float((slope * change).sum()) == pytest.approx(float((at(1e-5) - at(-1e-5)) / 2e-5), rel=1e-3)


def test_a_poor_covariance_gives_finite_gradients() -> None:
    """A flat picture has no covariance at all."""
    mean, cov = _gaussian(6)
    variable = torch.zeros_like(cov).requires_grad_(True)
    wasserstein_distance(mean, variable, mean, matrix_root(cov)).backward()
    assert bool(variable.grad.isfinite().all())


@pytest.mark.parametrize("count", [4, 100, 5000])
def test_responses_that_are_the_same_everywhere_but_for_rounding_give_a_finite_loss(count: int) -> None:
    """What rounding leaves of their covariance has no root."""
    generator = torch.Generator().manual_seed(7)
    target = WassersteinLoss.target_of([(1.0, moments(torch.rand(1, 64, 30, 30, generator=generator)))], None)
    for grain in (0.0, 1e-5, 1e-3):
        flat = 10 * torch.rand(1, 64, 1, 1, generator=generator)
        features = flat + grain * torch.randn(1, 64, 1, count, generator=generator)
        features.requires_grad_(True)
        loss = wasserstein_distance(*moments_of(*moment_sums(features, target[0]), target[0]), *target)
        loss.backward()
        wanted = (flat[0, :, 0, 0] - target[0]).square().sum() + target[1].square().sum()
        energy = target[0].square().sum() + target[1].square().sum()
        assert float(loss.detach()) == pytest.approx(float(wanted / energy), rel=1e-2)
        assert float(features.grad.norm()) * count**0.5 < 10 * float(loss.detach())


@pytest.mark.parametrize("off", [0.0, -1e-4, -0.3, torch.nan])
def test_roots_are_the_same_where_no_number_is_read_on_the_way(
    monkeypatch: pytest.MonkeyPatch, off: float
) -> None:
    """Of a matrix that has a root, and of ones that need more and more added to their eigenvalues, or all."""
    _, cov = _gaussian(8)
    matrix = cov / cov.norm() + off * torch.eye(len(cov))
    read = matrix_root(matrix)
    monkeypatch.setitem(KINDS, "cpu", replace(KINDS["cpu"], queues=True))
    assert torch.equal(matrix_root(matrix).nan_to_num(7.0), read.nan_to_num(7.0))
