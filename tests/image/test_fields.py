"""Fields of matches whose right answer is known by construction."""

from __future__ import annotations

import pytest
import torch

from vidstyle.image.fields import carried_field, follow, grid, inside, offsets, resized_field, upsample, vote


def shifted(size: tuple[int, int], dx: int, dy: int) -> torch.Tensor:
    return inside(grid(size) + torch.tensor([dx, dy]).view(2, 1, 1), size)


def test_a_field_that_matches_every_place_with_itself_changes_nothing() -> None:
    picture = torch.rand(3, 9, 13)
    assert torch.equal(follow(picture, grid((9, 13))), picture)
    assert torch.equal(offsets(grid((9, 13))), torch.zeros(2, 9, 13))
    assert torch.allclose(vote(picture, grid((9, 13)), 5), picture, atol=1e-6)


@pytest.mark.parametrize("shift", [(2, -1), (-3, 0)])
def test_a_shift_votes_for_the_shifted_picture(shift: tuple[int, int]) -> None:
    picture = torch.rand(3, 20, 24)
    voted = vote(picture, shifted((20, 24), *shift), 5)
    true = torch.roll(picture, (-shift[1], -shift[0]), dims=(1, 2))
    assert torch.allclose(voted[:, 6:-6, 6:-6], true[:, 6:-6, 6:-6], atol=1e-6)


@pytest.mark.parametrize("size", [(8, 12), (7, 11), (15, 9)])
def test_a_shift_grows_with_the_grid(size: tuple[int, int]) -> None:
    """Odd sizes are those that pooling with a position for the last odd row leaves behind."""
    half = (size[0] + 1) // 2, (size[1] + 1) // 2
    grown = upsample(shifted(half, 2, 1), size, half, size)
    true = shifted(size, 4, 2)
    assert torch.equal(grown[:, : size[0] - 4, : size[1] - 6], true[:, : size[0] - 4, : size[1] - 6])
    assert torch.equal(upsample(grid(half), size, half, size), grid(size))


def test_sizes_of_both_grids_may_change_apart() -> None:
    field = torch.zeros(2, 4, 5, dtype=torch.long)
    field[0], field[1] = 9, 7
    grown = upsample(field, (16, 20), (8, 10), (32, 40))
    assert grown.shape == (2, 16, 20) and int(grown[0].min()) >= 36 and int(grown[1].min()) >= 28
    assert int(grown[0].max()) == 39 and int(grown[1].max()) == 31
    small = resized_field(grown, (4, 5), (32, 40), (8, 10))
    assert torch.equal(small, field)


def test_a_field_is_carried_along_the_motion() -> None:
    """The scene moves 3 to the right: what was matched at x is now matched, as it was, at x + 3."""
    field = grid((6, 10))
    vectors = torch.tensor([-3.0, 0.0]).view(2, 1, 1).expand(2, 6, 10)
    moved = carried_field(field, vectors, (6, 10))
    assert torch.equal(moved[:, :, 3:], field[:, :, :-3])
    vectors = torch.full((2, 6, 10), float("nan"))
    assert torch.equal(carried_field(field, vectors, (6, 10)), field)


def test_an_even_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="odd side"):
        vote(torch.rand(3, 4, 4), grid((4, 4)), 2)
