"""The screened Poisson equation, against its matrix."""

from __future__ import annotations

import torch

from vidstyle.image.poisson import gradients, screened_poisson, seamless


def _difference(count: int) -> torch.Tensor:
    return torch.eye(count, dtype=torch.float64).diff(dim=0)


def test_it_is_the_least_squares_solution() -> None:
    height, width, weight = 6, 9, 2.5
    generator = torch.Generator().manual_seed(1)
    image, down, right = (torch.rand(1, height, width, generator=generator) for _ in range(3))
    by_rows = torch.kron(_difference(height), torch.eye(width, dtype=torch.float64))
    by_columns = torch.kron(torch.eye(height, dtype=torch.float64), _difference(width))
    system = torch.cat(
        [torch.eye(height * width, dtype=torch.float64), weight * by_rows, weight * by_columns]
    )
    wanted = torch.cat(
        [image.flatten(), weight * down[:, :-1].flatten(), weight * right[:, :, :-1].flatten()]
    ).double()
    solved = torch.linalg.lstsq(system, wanted[:, None]).solution.reshape(1, height, width)
    found = screened_poisson(image, down, right, torch.tensor([weight]))
    assert torch.allclose(found.double(), solved, atol=1e-5)


def test_a_picture_with_its_own_gradients_is_itself() -> None:
    image = torch.rand(3, 17, 24, generator=torch.Generator().manual_seed(2))
    found = screened_poisson(image, *gradients(image), torch.tensor([2.5, 0.5, 10.0]))
    assert torch.allclose(found, image, atol=1e-5)


def test_a_picture_that_is_only_lighter_is_blended_in_without_a_trace() -> None:
    image = torch.rand(3, 40, 56, generator=torch.Generator().manual_seed(3))
    region = torch.zeros(1, 40, 56, dtype=torch.bool)
    region[:, 10:30, 20:] = True  # it reaches a border
    found = seamless(image + 0.4, image, region)
    assert torch.allclose(found, image, atol=5e-3) and torch.equal(found[:, ~region[0]], image[:, ~region[0]])
