"""What earlier frames tell of a new one, and how far each pixel of it has been painted."""

from __future__ import annotations

import pytest
import torch

from vidstyle.methods.style.priors import entered_in, held, known_in, ripened
from vidstyle.types import Prior

SIZE = 8, 12


def prior(weight: torch.Tensor, dx: float = 0, **carry: torch.Tensor) -> Prior:
    """A grey frame, warped by a shift of `dx` pixels."""
    vectors = torch.tensor([dx, 0.0]).view(2, 1, 1).expand(2, *SIZE)
    return Prior(torch.full((3, *SIZE), 0.5), weight, carry, vectors.contiguous())


def left(columns: int) -> torch.Tensor:
    """1 in the first columns, 0 in the others, (1, H, W)."""
    return (torch.arange(SIZE[1]) < columns).float().expand(1, *SIZE).contiguous()


def test_all_of_what_has_always_been_seen_is_ripe() -> None:
    assert ripened([prior(left(12))]) == {}
    assert torch.equal(known_in([prior(left(12))]), left(12))


def test_what_comes_into_view_ripens_along_the_flow() -> None:
    """Two columns enter at the right in every frame, and everything moves to the left by two."""
    carry = ripened([prior(left(10))])
    for _ in range(3):
        carry = ripened([prior(left(10), dx=2, **carry)])
    ripe = carry["ripe"][0, 0].float() / 255
    wanted = torch.tensor([1] * 4 + [4 / 6] * 2 + [3 / 6] * 2 + [2 / 6] * 2 + [1 / 6] * 2)
    assert torch.allclose(ripe, wanted, atol=0.01)
    entered = entered_in([prior(left(10), dx=2, **carry)])[0, 0]
    assert torch.allclose(
        entered, torch.tensor([0] * 4 + [0.5] * 2 + [4 / 6] * 2 + [5 / 6] * 2 + [1] * 2), atol=0.01
    )


def test_a_border_that_shakes_and_what_only_cannot_be_followed_have_not_entered() -> None:
    vectors = torch.zeros(2, 90, 120)
    vectors[0, :, 119] = 0.4
    nowhere = torch.zeros(1, 90, 120)
    assert not entered_in([Prior(torch.zeros(3, 90, 120), nowhere, {}, vectors)]).any()


def test_doubtful_flow_makes_nothing_unripe() -> None:
    assert ripened([prior(0.6 * left(12))]) == {}


def test_a_frame_is_held_to_what_is_ripe() -> None:
    carry = ripened([prior(left(10))])
    [found] = held([prior(left(12), **carry)])
    assert torch.equal(found.weight[..., :10], torch.ones(1, 8, 10))
    assert float(found.weight[..., 10:].max()) == pytest.approx(1 / 6, abs=0.03)


def test_a_nearer_prior_and_one_further_back_together() -> None:
    """What the frame before hides is known from an earlier one, and as ripe as it was there."""
    near, far = prior(left(6)), prior(1 - left(6), ripe=torch.full((1, *SIZE), 51, dtype=torch.uint8))
    assert torch.allclose(known_in([near, far]), left(6) + 0.2 * (1 - left(6)))
