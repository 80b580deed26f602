"""The finest octave, and the term that keeps it to what a style has."""

from __future__ import annotations

import pytest
import torch

from vidstyle import losses
from vidstyle.image.octaves import finest_octave, grain_quantiles


def _checks(step: int, size: int = 32) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(size) // step, torch.arange(size) // step, indexing="ij")
    return ((rows + columns) % 2).float().expand(3, -1, -1).contiguous()


def test_checks_of_one_pixel_are_in_it_whole_and_ramps_are_not() -> None:
    """The binomial kernel takes all of the Nyquist frequency and leaves what is linear."""
    fine = finest_octave(_checks(1))
    torch.testing.assert_close(fine[0, 2:-2, 2:-2].abs(), torch.full((28, 28), 0.5 * 3**0.5))
    assert float(fine[1:].abs().max()) < 1e-5  # grey has no colour
    ramp = (torch.arange(32) / 40).expand(3, 32, 32)
    assert float(finest_octave(ramp)[..., 2:-2].abs().max()) < 1e-5


def test_its_axes_keep_lengths() -> None:
    """A pattern in one channel has a third of the energy that it has in all three, whichever it is."""
    grey = finest_octave(_checks(2)).square().sum()
    for channel in range(3):
        image = torch.zeros(3, 32, 32)
        image[channel] = _checks(2)[0]
        torch.testing.assert_close(finest_octave(image).square().sum(), grey / 3)


def test_wrapped_every_place_is_alike() -> None:
    image = torch.rand(3, 12, 16)
    rolled = finest_octave(image.roll((3, 5), dims=(1, 2)), wrap=True)
    torch.testing.assert_close(rolled, finest_octave(image, wrap=True).roll((3, 5), dims=(1, 2)))


def test_a_picture_has_no_more_grain_than_itself_and_noise_has() -> None:
    style = _checks(8)
    quantiles = grain_quantiles(style, 32 * 32)
    assert float(losses.grain(style, quantiles)) == pytest.approx(0, abs=1e-10)
    assert float(losses.grain(style.flip(1), quantiles)) < 1e-8  # edges elsewhere
    noisy = style + 0.1 * torch.randn(3, 32, 32)
    assert float(losses.grain(noisy, quantiles)) > 5e-3
    assert float(losses.grain(torch.full((3, 32, 32), 0.4), quantiles)) == 0  # none has to have any


def test_quantiles_of_another_size_are_the_same_distribution() -> None:
    style = _checks(8, 64)
    few, many = grain_quantiles(style, 100), grain_quantiles(style, 10_000)
    assert few.shape == (3, 100) and bool((many.diff(dim=1) >= 0).all())
    torch.testing.assert_close(few.square().mean(), many.square().mean(), rtol=0.1, atol=1e-5)


def test_descent_takes_the_noise_and_leaves_the_edges() -> None:
    clean = _checks(8)
    quantiles = grain_quantiles(0.8 * clean, 32 * 32)
    image = (clean * 0.8 + 0.1 + 0.05 * torch.randn(3, 32, 32)).requires_grad_()
    before = image.detach().clone()
    for _ in range(200):
        (slope,) = torch.autograd.grad(losses.grain(image, quantiles), image)
        image = (image - 50 * slope).detach().requires_grad_()
    plain = (slice(None), slice(2, 6), slice(2, 6))  # within a check
    assert float(image.detach()[plain].std()) < 0.7 * float(before[plain].std())
    image = image.detach()
    edge = (image[:, :, 8] - image[:, :, 7]).abs().mean()
    assert float(edge) > 0.9 * float((before[:, :, 8] - before[:, :, 7]).abs().mean())
