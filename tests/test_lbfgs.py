"""L-BFGS against PyTorch's own."""

from __future__ import annotations

import torch
from torch import Tensor

from vidstyle.lbfgs import LBFGS


def rough(x: Tensor) -> Tensor:
    """A narrow valley that bends, in single precision."""
    return ((1 - x[..., :-1]).square() + 20 * (x[..., 1:] - x[..., :-1].square()).square()).sum()


def gradient_of(x: Tensor) -> Tensor:
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(rough(x), x)
    return gradient


def test_it_steps_bit_for_bit_as_pytorchs_does() -> None:
    """Longer than it remembers, with odd sizes and steps of half the length."""
    start = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(1))
    theirs, ours = (start.clone().requires_grad_() for _ in range(2))
    other = torch.optim.LBFGS(
        [theirs], lr=0.5, max_iter=1, history_size=6, tolerance_grad=0, tolerance_change=0
    )
    search = LBFGS(history=6, rate=0.5)

    def closure() -> Tensor:
        theirs.grad = gradient_of(theirs)
        return rough(theirs)

    for _ in range(30):
        other.step(closure)
        gradient = gradient_of(ours)
        curvature = search.curvature(gradient)
        search.step(ours.detach(), gradient, curvature, float(curvature))
        assert torch.equal(ours, theirs)
    assert rough(ours) < 0.1 * rough(start)


def test_a_place_without_a_slope_is_not_left() -> None:
    x = torch.ones(4)
    search = LBFGS(history=3, rate=1.0)
    for _ in range(3):
        gradient = torch.zeros(4)
        curvature = search.curvature(gradient)
        search.step(x, gradient, curvature, float(curvature))
    assert torch.equal(x, torch.ones(4))
