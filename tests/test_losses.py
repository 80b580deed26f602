"""Losses whose value is known."""

from __future__ import annotations

import pytest
import torch

from vidstyle import losses


def test_gram_of_known_features() -> None:
    features = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0]]).view(1, 2, 2, 2)
    assert losses.gram(features).tolist() == [[7.5, 1.5], [1.5, 0.5]]


def test_gram_does_not_depend_on_size_or_place() -> None:
    features = torch.rand(1, 5, 6, 8)
    moved = features.roll((2, 3), dims=(2, 3))
    tiled = features.repeat(1, 1, 2, 3)
    for other in (moved, tiled):
        assert torch.allclose(losses.gram(other), losses.gram(features), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e3])
def test_no_response_costs_one_and_the_target_nothing(scale: float) -> None:
    target = torch.rand(1, 4, 5, 5) * scale
    assert float(losses.content(target, target)) == 0
    assert float(losses.content(torch.zeros_like(target), target)) == pytest.approx(1)
    gram = losses.gram(target)
    assert float(losses.style(gram, gram)) == 0
    assert float(losses.style(torch.zeros_like(gram), gram)) == pytest.approx(1)


def test_nothing_to_compare_with_is_finite() -> None:
    nothing = torch.zeros(1, 3, 4, 4)
    assert float(losses.content(nothing, nothing)) == 0
    assert float(losses.style(losses.gram(nothing), losses.gram(nothing))) == 0


def test_total_variation_of_a_ramp() -> None:
    ramp = (torch.arange(10.0) / 10).expand(3, 6, 10)
    # 9 of 10 columns have a step of 0.1 to the right, none down; three channels.
    assert float(losses.total_variation(ramp)) == pytest.approx(3 * 0.9 * 0.01)
    assert float(losses.total_variation(ramp, beta=1.0)) == pytest.approx(3 * 0.9 * 0.1, abs=1e-3)
    assert float(losses.total_variation(torch.full((3, 4, 4), 0.7))) == 0


def test_temporal_counts_only_what_is_seen() -> None:
    image, prior = torch.full((3, 2, 4), 0.5), torch.full((3, 2, 4), 0.3)
    weight = torch.zeros(1, 2, 4)
    assert float(losses.temporal(image, prior, weight)) == 0
    weight[..., :2] = 1
    assert float(losses.temporal(image, prior, weight)) == pytest.approx(0.04 / 2)


def test_gradients_are_those_of_the_values() -> None:
    target = torch.rand(1, 2, 3, 3, dtype=torch.float64)
    gram = torch.rand(2, 2, dtype=torch.float64)
    prior, weight = torch.rand(3, 4, 4, dtype=torch.float64), torch.rand(1, 4, 4, dtype=torch.float64)
    image = torch.rand(3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: losses.total_variation(x), image)
    assert torch.autograd.gradcheck(lambda x: losses.temporal(x, prior, weight), image)
    assert torch.autograd.gradcheck(lambda g: losses.style(g, gram.T), gram.clone().requires_grad_(True))
    double = torch.rand(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    numbers = torch.rand(2, 2, dtype=torch.float64)  # not symmetric: both halves of the gradient count
    flat = double[0].flatten(1)
    expected = torch.autograd.grad((flat @ flat.T / 12 * numbers).sum(), double)[0]
    found = torch.autograd.grad((losses.gram(double) * numbers.float()).sum(), double)[0]
    assert torch.allclose(found, expected, atol=1e-6)
    features = torch.rand(1, 2, 3, 3, requires_grad=True)
    losses.content(features, target.float()).backward()
    expected = 2 * (features - target.float()) / target.float().square().sum()
    assert torch.allclose(features.grad, expected, atol=1e-6)


def test_the_smooth_l1_temporal_loss_bends_where_it_should() -> None:
    prior, weight = torch.zeros(3, 1, 1), torch.ones(1, 1, 1)
    values = torch.tensor([0.0, 0.02, 0.05, 0.3])
    found = [
        float(losses.temporal(torch.full((3, 1, 1), float(v)), prior, weight, "smooth-l1")) for v in values
    ]
    assert found == pytest.approx([0, 0.02**2, 0.05**2, 2 * 0.05 * 0.3 - 0.05**2])
    assert float(losses.temporal(torch.full((3, 1, 1), 0.3), prior, weight)) == pytest.approx(0.09)


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
    found = losses.wasserstein(mean, cov, other_mean, losses.matrix_root(other_cov))
    assert float(found) == pytest.approx(float(wanted / energy), rel=1e-3)
    assert float(losses.wasserstein(other_mean, other_cov, other_mean, losses.matrix_root(other_cov))) < 1e-4
    nothing = losses.wasserstein(mean * 0, cov * 0, other_mean, losses.matrix_root(other_cov))
    assert float(nothing) == pytest.approx(1, rel=1e-3)


def test_wasserstein_of_gaussians_that_differ_in_scale_alone() -> None:
    """W² of N(0, C) and N(0, s² C) is (1 − s)² tr C."""
    mean, cov = _gaussian(3)
    for scale in (0.5, 2.0):
        found = losses.wasserstein(mean * 0, cov * scale**2, mean * 0, losses.matrix_root(cov))
        assert float(found) == pytest.approx((1 - scale) ** 2, rel=2e-3)


def test_the_gradient_of_wasserstein_is_that_of_its_values() -> None:
    (mean, cov), (other_mean, other_cov) = _gaussian(4), _gaussian(5)
    root = losses.matrix_root(other_cov.double())
    mean, cov, other_mean = mean.double(), cov.double(), other_mean.double()
    change = torch.randn(6, 6, dtype=torch.float64)
    change = change + change.T

    def at(step: float) -> torch.Tensor:
        return losses.wasserstein(mean, cov + step * change, other_mean, root)

    variable = cov.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(losses.wasserstein(mean, variable, other_mean, root), variable)
    assert float((slope * change).sum()) == pytest.approx(float((at(1e-5) - at(-1e-5)) / 2e-5), rel=1e-3)


def test_a_poor_covariance_gives_finite_gradients() -> None:
    """A flat picture has no covariance at all."""
    mean, cov = _gaussian(6)
    variable = torch.zeros_like(cov).requires_grad_(True)
    losses.wasserstein(mean, variable, mean, losses.matrix_root(cov)).backward()
    assert bool(variable.grad.isfinite().all())


def test_tint_is_the_colour_of_cells_where_nothing_is_known() -> None:
    """Off by 0.2 in a strip along the left border, half as wide as a cell."""
    wanted = torch.rand(3, 320, 320) * 0.5
    weight = torch.zeros(1, 320, 320)
    weight[..., :4] = 1  # of cells of 8 pixels the left half
    assert float(losses.tint(wanted + 0.2, wanted, weight)) == pytest.approx(0.04 * 4 / 320, rel=1e-4)
    strokes = torch.where(torch.arange(320) % 2 == 0, 0.1, -0.1).view(-1, 1)  # fine, and none at large
    assert float(losses.tint(wanted + strokes, wanted, weight)) == pytest.approx(0, abs=1e-9)
    assert float(losses.tint(wanted + 0.2, wanted, 0 * weight)) == 0
