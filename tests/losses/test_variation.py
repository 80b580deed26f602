"""Total variation and grain: what is smooth has none, and what the style has is free."""

from __future__ import annotations

import pytest
import torch

from tests.image.test_octaves import checks
from vidstyle.image.octaves import grain_quantiles
from vidstyle.losses.variation import grain_loss, total_variation


def test_total_variation_of_a_ramp() -> None:
    ramp = (torch.arange(10.0) / 10).expand(3, 6, 10)
    # 9 of 10 columns have a step of 0.1 to the right, none down; three channels.
    assert float(total_variation(ramp)) == pytest.approx(3 * 0.9 * 0.01)
    assert float(total_variation(ramp, beta=1.0)) == pytest.approx(3 * 0.9 * 0.1, abs=1e-3)
    assert float(total_variation(torch.full((3, 4, 4), 0.7))) == 0
    image = torch.rand(3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(total_variation, image)


def test_a_picture_has_no_more_grain_than_itself_and_noise_has() -> None:
    style = checks(8)
    quantiles = grain_quantiles(style, 32 * 32)
    assert float(grain_loss(style, quantiles)) == pytest.approx(0, abs=1e-10)
    assert float(grain_loss(style.flip(1), quantiles)) < 1e-8  # edges elsewhere
    noisy = style + 0.1 * torch.randn(3, 32, 32)
    assert float(grain_loss(noisy, quantiles)) > 5e-3
    assert float(grain_loss(torch.full((3, 32, 32), 0.4), quantiles)) == 0  # none has to have any


def test_descent_takes_the_noise_and_leaves_the_edges() -> None:
    clean = checks(8)
    quantiles = grain_quantiles(0.8 * clean, 32 * 32)
    image = (clean * 0.8 + 0.1 + 0.05 * torch.randn(3, 32, 32)).requires_grad_()
    before = image.detach().clone()
    for _ in range(200):
        (slope,) = torch.autograd.grad(grain_loss(image, quantiles), image)
        image = (image - 50 * slope).detach().requires_grad_()
    plain = (slice(None), slice(2, 6), slice(2, 6))  # within a check
    assert float(image.detach()[plain].std()) < 0.7 * float(before[plain].std())
    image = image.detach()
    edge = (image[:, :, 8] - image[:, :, 7]).abs().mean()
    assert float(edge) > 0.9 * float((before[:, :, 8] - before[:, :, 7]).abs().mean())
