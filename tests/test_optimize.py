"""The minimiser on problems whose answer is known."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from vidstyle.events import StepInfo
from vidstyle.optimize import minimise, pyramid_sizes


def towards(target: Tensor) -> object:
    return lambda x: {"distance": (x - target).square().mean(), "other": 0.5 * (x - target).square().mean()}


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_it_finds_the_target(optimizer: str) -> None:
    torch.manual_seed(0)
    target, start = torch.rand(3, 8, 9), torch.rand(3, 8, 9)
    before = start.clone()
    found = minimise(start, towards(target), steps=150, optimizer=optimizer)
    assert float((found.image - target).abs().max()) < 0.02
    assert set(found.losses) == {"distance", "other"} and found.losses["distance"] < 1e-3
    assert torch.equal(start, before)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_result_stays_in_range(optimizer: str) -> None:
    found = minimise(
        torch.full((3, 4, 4), 0.5), towards(torch.full((3, 4, 4), 1.7)), steps=60, optimizer=optimizer
    )
    assert float(found.image.max()) <= 1 and float(found.image.min()) > 0.95


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_it_stops_when_the_loss_stands_still(optimizer: str) -> None:
    start = torch.full((3, 4, 4), 0.5)
    flat = lambda x: {"flat": (x * 0).sum() + 1}  # noqa: E731
    assert minimise(start, flat, steps=200, optimizer=optimizer, tolerance=1e-4).steps <= 20
    assert minimise(start, flat, steps=50, optimizer="adam", tolerance=0).steps == 50


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_it_takes_no_more_steps_than_allowed(optimizer: str) -> None:
    calls = 0

    def terms(x: Tensor) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        return {"rosenbrock": ((1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2).sum()}

    found = minimise(torch.zeros(3, 2, 2), terms, steps=7, optimizer=optimizer)
    assert calls == found.steps == 7


def test_without_a_step_the_picture_is_as_it_was() -> None:
    start = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(1))
    found = minimise(start, lambda x: {"loss": x.square().sum()}, steps=0, optimizer="lbfgs")
    assert torch.equal(found.image, start) and found.losses == {} and found.steps == 0


def test_lbfgs_needs_far_fewer_steps_on_a_smooth_problem() -> None:
    torch.manual_seed(0)
    scale = torch.logspace(0, 2, 64).view(1, 8, 8)
    target = torch.rand(3, 8, 8)
    terms = lambda x: {"scaled": (scale * (x - target).square()).mean()}  # noqa: E731
    start = torch.full((3, 8, 8), 0.5)
    losses = {o: minimise(start, terms, steps=25, optimizer=o).losses["scaled"] for o in ("adam", "lbfgs")}
    assert losses["lbfgs"] < 0.01 * losses["adam"]


def test_pyramid_sizes() -> None:
    assert pyramid_sizes(180, 320) == [(72, 128), (114, 202), (180, 320)]
    assert pyramid_sizes(100, 128) == [(100, 128)]
    assert pyramid_sizes(3, 5) == [(3, 5)]
    sizes = pyramid_sizes(1080, 1920)
    assert sizes[0] == (72, 128) and sizes[-1] == (1080, 1920)
    assert all(b[1] / a[1] <= 1.61 for a, b in pairwise(sizes))
    assert min(min(size) for size in pyramid_sizes(1, 4000)) == 1


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_an_observer_sees_every_step_and_changes_nothing(optimizer: str) -> None:
    torch.manual_seed(0)
    target, start = torch.rand(3, 8, 9) * 1.5, torch.rand(3, 8, 9)
    looks: list[StepInfo] = []
    pictures: list[Tensor] = []

    def observe(look: StepInfo) -> None:
        looks.append(look)
        pictures.append(look.image())

    plain = minimise(start, towards(target), steps=12, optimizer=optimizer)
    found = minimise(start, towards(target), steps=12, optimizer=optimizer, observer=observe)
    assert torch.equal(found.image, plain.image) and found.losses == plain.losses
    assert [look.step for look in looks] == list(range(1, 13))
    assert torch.equal(pictures[-1], found.image)  # what a search that ended there returns
    shorter = minimise(start, towards(target), steps=5, optimizer=optimizer)
    assert torch.equal(pictures[4], shorter.image)
    assert float(looks[0].losses["distance"]) == pytest.approx(float((start - target).square().mean()))
    assert float(looks[-1].losses["distance"]) < float(looks[0].losses["distance"])
    assert all(not value.requires_grad for look in looks for value in look.losses.values())


def test_smooth_steps_end_at_the_same_minimum_and_leave_pixels_for_last() -> None:
    """A sum of a coarse and a fine pattern is reached in full; on the way the fine one lags behind."""
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    coarse = (0.2 * torch.sin(columns / 5)).expand(3, -1, -1)
    fine = (0.1 * torch.cos(2.2 * (rows + columns))).expand(3, -1, -1)
    goal = 0.5 + coarse + fine
    start = torch.full((3, 16, 16), 0.5)

    def reached(steps: int, smooth: bool) -> tuple[float, float]:
        terms = lambda x: {"apart": (x - goal).square().mean()}  # noqa: E731
        found = minimise(start, terms, steps=steps, optimizer="lbfgs", smooth=smooth).image - 0.5
        return tuple(float((found * part).sum() / part.square().sum()) for part in (coarse, fine))

    assert reached(200, True) == pytest.approx((1, 1), abs=0.02)
    (coarse_part, fine_part), (plain_coarse, plain_fine) = reached(3, True), reached(3, False)
    assert fine_part < 0.7 * coarse_part
    assert plain_fine == pytest.approx(plain_coarse, rel=0.05)
