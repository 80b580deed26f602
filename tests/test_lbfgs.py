"""L-BFGS against PyTorch's own."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from vidstyle.lbfgs import LBFGS


def rough(x: Tensor) -> Tensor:
    """A narrow valley that bends, in single precision."""
    return ((1 - x[..., :-1]).square() + 20 * (x[..., 1:] - x[..., :-1].square()).square()).sum()


def gradient_of(x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(rough(x), x)
    return gradient


def test_it_steps_bit_for_bit_as_pytorchs_does() -> None:
    """Longer than it remembers, with odd sizes and steps of half the length."""
    start = torch.rand(3, 5, 7, generator=torch.Generator().manual_seed(1))
    theirs, ours = start.clone().requires_grad_(), start.clone()
    other = torch.optim.LBFGS(
        [theirs], lr=0.5, max_iter=1, history_size=6, tolerance_grad=0, tolerance_change=0
    )
    search = LBFGS(history=6, rate=0.5)

    def closure() -> Tensor:
        theirs.grad = gradient_of(theirs)
        return rough(theirs)

    for _ in range(30):
        other.step(closure)
        search.step(ours, gradient_of(ours))
        assert torch.equal(ours, theirs)
    assert rough(ours) < 0.1 * rough(start)


def test_a_place_without_a_slope_is_not_left() -> None:
    x = torch.ones(4)
    search = LBFGS(history=3, rate=1.0)
    for _ in range(3):
        search.step(x, torch.zeros(4))
    assert torch.equal(x, torch.ones(4))


@pytest.mark.parametrize("broken", [1.0, math.nan, math.inf])
def test_restarted_it_steps_as_one_that_begins_there_with_half_the_rate(broken: float) -> None:
    """Also where the gradient was no number before it."""
    x = torch.rand(3, 5, generator=torch.Generator().manual_seed(1))
    search = LBFGS(history=4, rate=0.5)
    for again in range(6):
        search.step(x, gradient_of(x) * (broken if again == 5 else 1.0))
    x = torch.rand(3, 5, generator=torch.Generator().manual_seed(2))
    anew, fresh = x.clone(), LBFGS(history=4, rate=0.25)
    search.restart(torch.tensor(True))
    for _ in range(4):
        search.restart(torch.tensor(False))
        search.step(x, gradient_of(x))
        fresh.step(anew, gradient_of(anew))
        assert torch.equal(x, anew) and bool(x.isfinite().all())


def test_what_bends_the_wrong_way_teaches_nothing() -> None:
    """Beside a maximum a step along the slope is as long as the slope, whatever was seen before."""
    x = torch.tensor([0.5, -0.25])
    search = LBFGS(history=3, rate=1.0)
    for _ in range(3):
        before, gradient = x.clone(), -x
        search.step(x, gradient)
    assert torch.allclose(x - before, before)
