"""Gram matrices whose value is known."""

from __future__ import annotations

import pytest
import torch

from vidstyle.losses.gram import gram_distance, gram_matrix


def test_gram_of_known_features() -> None:
    features = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0]]).view(1, 2, 2, 2)
    assert gram_matrix(features).tolist() == [[7.5, 1.5], [1.5, 0.5]]


def test_gram_does_not_depend_on_size_or_place() -> None:
    features = torch.rand(1, 5, 6, 8)
    moved = features.roll((2, 3), dims=(2, 3))
    tiled = features.repeat(1, 1, 2, 3)
    for other in (moved, tiled):
        assert torch.allclose(gram_matrix(other), gram_matrix(features), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e3])
def test_no_response_costs_one_and_the_target_nothing(scale: float) -> None:
    gram = gram_matrix(torch.rand(1, 4, 5, 5) * scale)
    assert float(gram_distance(gram, gram)) == 0
    assert float(gram_distance(torch.zeros_like(gram), gram)) == pytest.approx(1)


def test_nothing_to_compare_with_is_finite() -> None:
    nothing = gram_matrix(torch.zeros(1, 3, 4, 4))
    assert float(gram_distance(nothing, nothing)) == 0


def test_gradients_are_those_of_the_values() -> None:
    gram = torch.rand(2, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda g: gram_distance(g, gram.T), gram.clone().requires_grad_(True))
    features = torch.rand(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    numbers = torch.rand(2, 2, dtype=torch.float64)  # not symmetric: both halves of the gradient count
    flat = features[0].flatten(1)
    expected = torch.autograd.grad((flat @ flat.T / 12 * numbers).sum(), features)[0]
    found = torch.autograd.grad((gram_matrix(features) * numbers.float()).sum(), features)[0]
    assert torch.allclose(found, expected, atol=1e-6)
