"""Matching pictures whose true field is known, and against comparing everything with everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from vidstyle.device import KINDS
from vidstyle.image import patchmatch
from vidstyle.image.fields import grid
from vidstyle.image.patchmatch import Target, distances, normalised, search, search_exact, search_in
from vidstyle.image.resize import resize


def scene(height: int = 40, width: int = 56, depth: int = 3, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(depth, height // 4, width // 4, generator=generator)
    return resize(coarse, (height, width)) + 0.2 * torch.rand(depth, height, width, generator=generator)


def seen_again() -> tuple[torch.Tensor, torch.Tensor]:
    """Features of a scene, and of the same larger, cropped and with noise."""
    a = scene(depth=64)
    b = resize(a, (46, 50))[:, 3:, 2:]
    return normalised(a), normalised(b + 0.05 * torch.rand(b.shape))


@pytest.fixture(autouse=True)
def as_many_samples_as_in_a_run(few_samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patchmatch, "_SAMPLES", few_samples)


@pytest.fixture
def searching(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small maps, too, are searched and not compared in full."""
    monkeypatch.setitem(KINDS, "cpu", replace(KINDS["cpu"], pairs_exact=0))


@pytest.mark.usefixtures("searching")
class TestKnownFields:
    @pytest.mark.parametrize("patch", [3, 5])
    @pytest.mark.parametrize("depth", [3, 200])
    def test_a_shifted_picture(self, patch: int, depth: int) -> None:
        a = scene(depth=depth)
        b = torch.roll(a, (5, -7), dims=(1, 2))
        found = search(a, b, patch=patch).field
        true = (grid((40, 56)) + torch.tensor([-7, 5]).view(2, 1, 1))[:, 3:-8, 10:-3]
        assert float((found[:, 3:-8, 10:-3] == true).all(dim=0).float().mean()) >= 0.99

    def test_a_picture_turned_by_whole_patches(self) -> None:
        """B is A with its quarters exchanged; away from the seams every patch is somewhere else."""
        a = scene(48, 48)
        b = torch.roll(a, (24, 24), dims=(1, 2))
        found = search(a, b, patch=5).field
        true = (grid((48, 48)) + 24) % 48
        inner = torch.ones(48, dtype=torch.bool)
        inner[[0, 1, 22, 23, 24, 25, 46, 47]] = False
        right = (found == true).all(dim=0)[inner][:, inner]
        assert float(right.float().mean()) >= 0.99

    def test_from_a_start_nearby_it_stays_near(self) -> None:
        a = scene()
        b = torch.roll(a, (4, 6), dims=(1, 2))
        start = grid((40, 56)) + 2
        found = search(a, b, start=start, radius=6, sweeps=4).field
        true = (grid((40, 56)) + torch.tensor([6, 4]).view(2, 1, 1))[:, 3:-6, 3:-8]
        assert float((found[:, 3:-6, 3:-8] == true).all(dim=0).float().mean()) >= 0.99


@pytest.mark.usefixtures("searching")
class TestEnergy:
    def test_it_never_rises(self) -> None:
        a, b = scene(), scene(30, 70, seed=1)
        energies = [search(a, b, sweeps=sweeps).energy for sweeps in range(8)]
        assert all(later <= before for before, later in pairwise(energies))
        assert energies[-1] < 0.6 * energies[0]

    @pytest.mark.parametrize("patch", [3, 5])
    def test_it_is_near_that_of_comparing_everything(self, patch: int) -> None:
        a, b = seen_again()
        exact = search_exact(a, b, patch).energy
        assert search(a, b, patch=patch, components=None).energy <= 1.02 * exact

    def test_principal_components_lose_little(self) -> None:
        a, b = seen_again()
        found = search(a, b, patch=5)
        assert float(distances(a, b, found.field, 5).sum()) <= 1.03 * search_exact(a, b, 5).energy


@pytest.mark.parametrize("ways", [(2,), (1,), (1, 2)])
def test_a_flipped_picture_of_symmetric_patches(ways: tuple[int, ...]) -> None:
    """Three by three pixels of one colour look the same in a mirror: the field is the mirror's."""
    blocks = torch.rand(3, 12, 16).repeat_interleave(3, 1).repeat_interleave(3, 2)
    found = search(blocks, torch.flip(blocks, ways), patch=3).field
    mirror = torch.flip(grid((36, 48)), ways)
    centres = (slice(None), slice(4, -3, 3), slice(4, -3, 3))
    assert float((found[centres] == mirror[centres]).all(dim=0).float().mean()) >= 0.99


def test_comparing_everything_finds_the_least() -> None:
    a, b = scene(12, 16), scene(8, 20, seed=3)
    found = search_exact(a, b)
    rng = torch.Generator().manual_seed(0)
    for _ in range(20):
        other = torch.stack([torch.randint(n, (12, 16), generator=rng) for n in (20, 8)])
        assert bool((found.distance <= distances(a, b, other) + 1e-6).all())
    assert torch.allclose(found.distance, distances(a, b, found.field))


def test_the_same_seed_finds_the_same() -> None:
    a, b = scene(depth=32), scene(30, 70, 32, seed=1)
    first, again, other = (search(a, b, radius=9, sweeps=2, seed=seed).field for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("sizes", [((1, 1), (5, 7)), ((5, 7), (1, 1)), ((2, 90), (33, 1))])
def test_any_size(sizes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    a, b = (torch.rand(100, *size) for size in sizes)
    for found in (search(a, b), search(a, b, patch=5, radius=4)):
        assert found.field.shape == (2, *sizes[0]) and bool(found.distance.isfinite().all())
        assert int(found.field[0].max()) < sizes[1][1] and int(found.field[1].max()) < sizes[1][0]


def test_maps_without_features_match_anything() -> None:
    blank = normalised(torch.zeros(100, 9, 9))
    assert search(blank, blank, radius=3).energy == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In parts as in one piece."""
    a, b = scene(depth=8), scene(seed=2, depth=8)
    whole = search(a, b), search(a, b, radius=5)
    monkeypatch.setattr(patchmatch, "_ENTRIES", 5000)
    parts = search(a, b), search(a, b, radius=5)
    assert all(torch.equal(one.field, other.field) for one, other in zip(whole, parts, strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_finds_the_same() -> None:
    a, b = scene(depth=32), scene(30, 70, 32, seed=1)
    there = search(a.cuda(), b.cuda(), radius=20)
    assert abs(there.energy / search(a, b, radius=20).energy - 1) < 0.02


@pytest.mark.parametrize("pairs", [0, 2**30])
def test_only_what_is_wanted_is_matched_and_only_with_what_may_be(
    monkeypatch: pytest.MonkeyPatch, pairs: int
) -> None:
    monkeypatch.setitem(KINDS, "cpu", replace(KINDS["cpu"], pairs_exact=pairs))
    a, where, among = (
        scene(),
        torch.zeros(1, 40, 56, dtype=torch.bool),
        torch.ones(1, 40, 56, dtype=torch.bool),
    )
    where[:, 10:20, 10:30] = True
    among[:, 8:25, 8:40] = False
    for start in (grid((40, 56)), None):  # itself, where what is wanted may not be matched with
        found = search_in(Target(a, among=among), a, where=where, start=start, sweeps=6)
        x, y = found.field[:, where[0]]
        assert bool(among[0, y, x].all()) and float(found.distance[~where[0]].abs().max()) == 0
        apart = distances(a, a, found.field)
        assert torch.allclose(found.distance[where[0]], apart[where[0]], rtol=1e-3)
        if start is not None:
            assert torch.equal(found.field[:, ~where[0]], start[:, ~where[0]])


def test_depths_must_agree() -> None:
    with pytest.raises(ValueError, match="of one depth"):
        search(torch.rand(3, 4, 4), torch.rand(2, 4, 4))
