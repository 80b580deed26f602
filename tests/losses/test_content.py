"""The content loss, whose value is known."""

from __future__ import annotations

import pytest
import torch

from vidstyle.losses.content import content_distance


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e3])
def test_no_response_costs_one_and_the_target_nothing(scale: float) -> None:
    target = torch.rand(1, 4, 5, 5) * scale
    assert float(content_distance(target, target)) == 0
    assert float(content_distance(torch.zeros_like(target), target)) == pytest.approx(1)


def test_nothing_to_compare_with_is_finite() -> None:
    nothing = torch.zeros(1, 3, 4, 4)
    assert float(content_distance(nothing, nothing)) == 0


def test_the_gradient_is_that_of_the_values() -> None:
    target, features = torch.rand(1, 2, 3, 3), torch.rand(1, 2, 3, 3, requires_grad=True)
    content_distance(features, target).backward()
    assert torch.allclose(features.grad, 2 * (features - target) / target.square().sum(), atol=1e-6)
