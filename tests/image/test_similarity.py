"""Similarity transforms that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vidstyle.image.similarity import Similarity, apply_similarity, covered, estimate_similarity


@pytest.mark.parametrize("known", [Similarity(1.7, 0.4, 12, -5), Similarity(0.3, -3.0, 0, 8)])
@pytest.mark.parametrize("count", [2, 3, 68])
def test_a_known_transform_is_recovered(known: Similarity, count: int) -> None:
    points = np.random.default_rng(count).uniform(0, 100, (count, 2))
    found = estimate_similarity(points, known(points))
    assert np.allclose(found.matrix, known.matrix, atol=1e-8)


def test_a_mirror_is_not_taken() -> None:
    points = np.random.default_rng(0).uniform(0, 100, (20, 2))
    found = estimate_similarity(points, points * [-1, 1])
    assert np.linalg.det(found.matrix[:, :2]) > 0


def test_points_that_say_nothing() -> None:
    with pytest.raises(ValueError, match="one place"):
        estimate_similarity(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="N >= 2"):
        estimate_similarity(np.ones((1, 2)), np.ones((1, 2)))


def test_the_identity_is_exact_and_a_quarter_turn_moves_each_pixel() -> None:
    image = torch.rand(3, 20, 20)
    unmoved = Similarity(1, 0, 0, 0)
    assert torch.equal(apply_similarity(image, unmoved, (20, 20)), image)
    assert bool(covered((20, 20), unmoved, (20, 20)).all())
    # (x, y) -> (19 - y, x): clockwise, as y points down.
    turned = apply_similarity(image, Similarity(1, math.pi / 2, 19, 0), (20, 20))
    assert torch.allclose(turned, image.rot90(-1, (1, 2)), atol=1e-4)


def test_shrinking_keeps_places_and_does_not_alias() -> None:
    """A ramp stays a ramp; a fine chequer turns grey; what lies outside is marked."""
    ramp = (torch.arange(120.0) / 120).expand(3, 120, 120).clone()
    transform = Similarity(0.25, 0, 5, 0)
    small = apply_similarity(ramp, transform, (30, 40))
    known = covered((120, 120), transform, (30, 40))
    wanted = (torch.arange(40.0) - 5) * 4 / 120
    assert torch.allclose(small[0, 10, 8:32], wanted[8:32], atol=2e-3)
    assert not bool(known[0, 10, 3]) and bool(known[0, 10, 6]) and not bool(known[0, 10, 37])
    chequer = ((torch.arange(120)[:, None] + torch.arange(120)) % 2).float().expand(3, -1, -1).clone()
    small = apply_similarity(chequer, Similarity(0.25, 0, 0, 0), (30, 30))
    assert float((small[:, 5:25, 5:25] - 0.5).abs().max()) < 0.02
