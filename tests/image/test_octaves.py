"""The finest octave, and how strong it is in a style."""

from __future__ import annotations

import torch

from vidstyle.image.octaves import finest_octave, grain_quantiles


def checks(step: int, size: int = 32) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(size) // step, torch.arange(size) // step, indexing="ij")
    return ((rows + columns) % 2).float().expand(3, -1, -1).contiguous()


def test_checks_of_one_pixel_are_in_it_whole_and_ramps_are_not() -> None:
    """The binomial kernel takes all of the Nyquist frequency and leaves what is linear."""
    fine = finest_octave(checks(1))
    torch.testing.assert_close(fine[0, 2:-2, 2:-2].abs(), torch.full((28, 28), 0.5 * 3**0.5))
    assert float(fine[1:].abs().max()) < 1e-5  # grey has no colour
    ramp = (torch.arange(32) / 40).expand(3, 32, 32)
    assert float(finest_octave(ramp)[..., 2:-2].abs().max()) < 1e-5


def test_its_axes_keep_lengths() -> None:
    """A pattern in one channel has a third of the energy that it has in all three, whichever it is."""
    grey = finest_octave(checks(2)).square().sum()
    for channel in range(3):
        image = torch.zeros(3, 32, 32)
        image[channel] = checks(2)[0]
        torch.testing.assert_close(finest_octave(image).square().sum(), grey / 3)


def test_wrapped_every_place_is_alike() -> None:
    image = torch.rand(3, 12, 16)
    rolled = finest_octave(image.roll((3, 5), dims=(1, 2)), wrap=True)
    torch.testing.assert_close(rolled, finest_octave(image, wrap=True).roll((3, 5), dims=(1, 2)))


def test_quantiles_of_another_size_are_the_same_distribution() -> None:
    style = checks(8, 64)
    few, many = grain_quantiles(style, 100), grain_quantiles(style, 10_000)
    assert few.shape == (3, 100) and bool((many.diff(dim=1) >= 0).all())
    torch.testing.assert_close(few.square().mean(), many.square().mean(), rtol=0.1, atol=1e-5)
