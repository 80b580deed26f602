"""The colours of one picture on another: all of their distribution."""

from __future__ import annotations

import pytest
import torch

from vidstyle.image.colour import match_palette, palette
from vidstyle.image.distribution import distribution, match_distribution


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def two_heaps(height: int, width: int) -> torch.Tensor:
    """A third of blues and two thirds of yellows, nothing between: no Gaussian."""
    blue = torch.tensor([0.1, 0.2, 0.7]).view(3, 1, 1)
    yellow = torch.tensor([0.8, 0.7, 0.2]).view(3, 1, 1)
    return torch.where(random(1, height, width) < 1 / 3, blue, yellow) + 0.1 * random(
        3, height, width, seed=1
    )


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Largest over R, G, B and twenty other directions of the mean distance of quantiles (Wasserstein-1)."""
    directions = torch.randn(20, 3, generator=torch.Generator().manual_seed(7))
    directions = torch.cat([torch.eye(3), directions / directions.norm(dim=1, keepdim=True)])
    ordered = [(directions @ image.reshape(3, -1)).sort(dim=1).values for image in (one, other)]
    shares = torch.linspace(0, 1, 400)
    found = [rows[:, (shares * (rows.shape[1] - 1)).long()] for rows in ordered]
    return float((found[0] - found[1]).abs().mean(dim=1).max())


def test_every_projection_matches_afterwards() -> None:
    source, target = random(3, 50, 60) ** 2, two_heaps(40, 70)
    matched = match_distribution(source, distribution(target))
    by_moments = match_palette(source, palette(target))
    assert distance(source, target) > 0.15
    assert distance(matched, target) < 0.02
    assert distance(matched, target) < 0.4 * distance(by_moments, target)


def test_nothing_changes_where_the_distribution_is_the_same() -> None:
    image = two_heaps(30, 40)
    assert torch.allclose(match_distribution(image, distribution(image)), image, atol=1e-5)
    posterised = (image * 3).round() / 3  # many pixels of few colours
    assert torch.allclose(match_distribution(posterised, distribution(posterised)), posterised, atol=1e-5)
    elsewhere = image.flip(2)  # the same colours in other places
    assert torch.allclose(match_distribution(elsewhere, distribution(image)), elsewhere, atol=1e-5)


def test_a_shifted_distribution_is_shifted_back() -> None:
    image = 0.5 * random(3, 40, 40)
    shift = torch.tensor([0.3, 0.1, 0.2]).view(3, 1, 1)
    assert torch.allclose(match_distribution(image + shift, distribution(image)), image, atol=1e-4)


def test_a_picture_is_known_by_a_few_kilobytes() -> None:
    known = distribution(random(3, 300, 300))  # more pixels than are looked at
    assert known.shape == (27, 64) and known.dtype == torch.float32
    assert bool((known.diff(dim=1) >= 0).all())
    assert torch.allclose(known[-3:, [0, -1]], torch.tensor([0.0, 1.0]).expand(3, 2), atol=1e-3)
    assert torch.allclose(known[-3:, 31:33].mean(dim=1), torch.full((3,), 0.5), atol=0.01)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 5)])
def test_pictures_of_one_colour_and_of_few_pixels(size: tuple[int, int]) -> None:
    target = distribution(random(3, 20, 20))
    for image in (torch.full((3, *size), 0.4), random(3, *size)):
        matched = match_distribution(image, target)
        assert matched.shape == image.shape and 0 <= float(matched.min()) <= float(matched.max()) <= 1
        grey = match_distribution(image, distribution(torch.full((3, 4, 4), 0.25)))
        assert torch.allclose(grey, torch.full_like(grey, 0.25), atol=1e-5)
