"""Matching patches: the right answer is known where one map is a part of the other."""

from __future__ import annotations

import math

import pytest
import torch

from vidstyle.image import patches
from vidstyle.image.patches import Pool, components, lay, match, principal, variants
from vidstyle.losses.patch import patch_distance


def features(height: int, width: int, seed: int = 0, channels: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(channels, height, width, generator=generator) + 0.1


@pytest.mark.parametrize("known", ["every value", "components"])
def test_a_part_of_the_style_is_found_where_it_lies(known: str) -> None:
    whole = features(20, 30)
    part = whole[:, 4:15, 7:19]
    basis = components([whole], 3) if known == "components" else None
    pool = Pool([whole], 3, 1, basis=basis)
    found = match(3.0 * part, pool)  # correlation does not see the scale
    rows, columns = torch.meshgrid(torch.arange(9), torch.arange(10), indexing="ij")
    assert torch.equal(found, (rows + 4) * 28 + columns + 7)
    laid = lay(found, pool, (11, 12))
    assert torch.allclose(laid.mean, part, atol=1e-6)
    assert float(patch_distance(part[None], laid.mean, laid.count, laid.spread)) < 1e-3
    assert float(patch_distance(0 * part[None], laid.mean, laid.count, laid.spread)) > 100


def test_with_a_stride_every_position_is_covered() -> None:
    whole = features(21, 26)
    pool = Pool([whole], 3, 2)
    for size in ((9, 13), (10, 12), (3, 3), (4, 5)):
        part = whole[:, 6 : 6 + size[0], 4 : 4 + size[1]]
        laid = lay(match(part, pool), pool, size)
        assert float(laid.count.min()) >= 1
        covered = [(n - 3) // 2 * 2 + 3 for n in size]
        known = laid.mean[:, : covered[0] - 2, : covered[1] - 2]
        assert torch.allclose(known, part[:, : covered[0] - 2, : covered[1] - 2], atol=1e-6)


def test_the_loss_is_the_sum_over_all_patches() -> None:
    now, pool = features(7, 8, 1), Pool([features(9, 9, 2), features(5, 12, 3)], 3, 1)
    chosen = match(now, pool)
    laid = lay(chosen, pool, (7, 8))
    inside = [(dy, dx) for dy in range(3) for dx in range(3)]
    total = 0.0
    for row in range(5):
        for column in range(6):
            for dy, dx in inside:
                theirs = pool.at(chosen[row, column], dy, dx)
                total += float((now[:, row + dy, column + dx] - theirs).square().sum())
    found = patch_distance(now[None], laid.mean, laid.count, laid.spread)
    assert float(found) == pytest.approx(total, rel=1e-4)
    everything = torch.arange(len(pool.rows))
    each = sum(pool.at(everything, dy, dx).square().sum(dim=0) for dy, dx in inside)
    assert pool.energy == pytest.approx(float(each.mean()), rel=1e-5)  # type: ignore[union-attr]


@pytest.mark.parametrize("stride", [1, 2])
def test_wrapped_opposite_borders_are_neighbours(stride: int) -> None:
    """A map that repeats holds every patch of itself rolled, those across the seam as well."""
    tile = features(8, 10)
    pool = Pool([tile.repeat(1, 2, 2)], 3, 1)
    pool.stride = stride
    rolled = tile.roll((3, 5), dims=(1, 2))
    laid = lay(match(rolled, pool, wrap=True), pool, (8, 10), wrap=True)
    assert torch.allclose(laid.mean, rolled, atol=1e-6)
    if stride == 1:
        assert bool((laid.count == 9).all())


def test_memory_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    now, pool = features(9, 11, 4), Pool([features(12, 13, 5)], 3, 1)
    whole = match(now, pool)
    monkeypatch.setattr(patches, "_ENTRIES", 7 * len(pool.rows))
    assert torch.equal(match(now, pool), whole)


def test_a_favoured_map_is_chosen_where_both_fit() -> None:
    one = features(8, 8)
    for favours, first in (((0.0, -0.1), True), ((-0.1, 0.0), False)):
        chosen = match(one, Pool([one, one], 3, 1, favours))
        assert bool((chosen < 36).all()) == first and bool((chosen >= 36).all()) != first


@pytest.mark.parametrize("size", [(1, 1), (2, 9)])
def test_maps_smaller_than_a_patch(size: tuple[int, int]) -> None:
    pool = Pool([features(6, 6), features(*size)], 3, 2)
    for wrap in (False, True):
        laid = lay(match(features(4, 5), pool, wrap=wrap), pool, (4, 5), wrap=wrap)
        assert float(laid.count.min()) >= 1


def test_turned_and_scaled_copies_show_the_same() -> None:
    """A plane wave turned by an angle is a wave in that direction, scaled one of another length."""
    height, width, wave = 60, 80, 0.35
    x = torch.arange(width) - (width - 1) / 2
    picture = (0.5 + 0.4 * (wave * x).sin()).expand(3, height, width)
    copies = variants(picture, rotations=2, scales=1)
    assert len(copies) == 15 and torch.equal(copies[0], picture)
    for copy, turn, scale in ((copies[3], -1, 0), (copies[6], 1, 0), (copies[12], 2, 0), (copies[1], 0, -1)):
        rows, columns = (torch.arange(n) - (n - 1) / 2 for n in copy.shape[1:])
        angle = turn * math.pi / 24
        along = (columns * math.cos(angle) + rows[:, None] * math.sin(angle)) / 1.05**scale
        assert copy.shape[1] <= height and copy.shape[2] <= width and copy.shape[1] > 0.6 * height
        wanted = 0.5 + 0.4 * (wave * along).sin()
        assert float((copy[0] - wanted)[2:-2, 2:-2].abs().max()) < 0.03


@pytest.mark.parametrize("size", [(40, 6), (6, 40)], ids=["more rows", "more values"])
def test_principal_directions_are_those_of_the_largest_singular_values(size: tuple[int, int]) -> None:
    rows = torch.randn(size, generator=torch.Generator().manual_seed(1))
    found = principal(rows, 3)
    true = torch.linalg.svd(rows).Vh[:3].flip(0)  # the weakest first
    assert torch.allclose((true @ found).abs(), torch.eye(3), atol=1e-5)
    assert principal(torch.ones(size), 3).shape == (size[1], 1)
