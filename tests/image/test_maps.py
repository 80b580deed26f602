"""Maps of labels read, carried under known motion, and masks laid over."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from vidstyle.image.correspondence import alike, at_start, carried, likest, looked_up, packed, unpacked
from vidstyle.image.labels import labelled, palette_of
from vidstyle.image.masks import between, cleaned, feathered, laid_over

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)


def painted(labels: np.ndarray, *colours: tuple[int, int, int]) -> np.ndarray:
    return np.array(colours, np.uint8)[labels].transpose(2, 0, 1)


def test_plain_colours_are_regions_most_frequent_first() -> None:
    labels = np.zeros((20, 30), int)
    labels[:, 20:], labels[:5, :5] = 1, 2
    found = palette_of(painted(labels, BLUE, RED, GREEN))
    assert found.colours == (BLUE, RED, GREEN) and found.exact
    assert np.array_equal(labelled(painted(labels, BLUE, RED, GREEN), found.colours)[0], labels)


def test_near_colours_of_exact_maps_are_different_and_of_lossy_ones_the_same() -> None:
    numbers = painted(np.arange(60).reshape(6, 10) // 20, (0, 0, 0), (1, 1, 1), (2, 2, 2))
    exact = palette_of(numbers)
    assert len(exact.colours) == 3 and exact.nearest((3, 3, 3), True) is None
    assert exact.nearest((3, 3, 3), False) is not None  # the other map was compressed


def test_mixed_colours_of_edges_and_compression_are_snapped() -> None:
    labels = np.zeros((64, 64), int)
    y, x = np.mgrid[:64, :64]
    labels[(x - 32) ** 2 + (y - 32) ** 2 < 400] = 1
    labels[:, :8] = 2
    clean = painted(labels, RED, BLUE, (128, 0, 128)).astype(float)  # the mixture of two is a third
    soft = (clean + np.roll(clean, 1, 2) + np.roll(clean, 1, 1)) / 3
    noisy = soft + np.random.default_rng(0).normal(0, 4, soft.shape)
    pixels = noisy.clip(0, 255).astype(np.uint8)
    found = palette_of(pixels)
    assert not found.exact and len(found.colours) == 3
    order = [found.nearest(colour, False) for colour in (RED, BLUE, (128, 0, 128))]
    wrong = labelled(pixels, found.colours)[0] != np.array(order)[labels]
    assert wrong[:, 12:-2].mean() < 0.03


def test_a_photograph_is_no_map() -> None:
    with pytest.raises(ValueError, match="too many colours"):
        palette_of(np.random.default_rng(0).integers(0, 255, (3, 40, 40)).astype(np.uint8))


def textured(height: int, width: int) -> Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(1))


def flow(dx: float, dy: float, height: int = 24, width: int = 40) -> Tensor:
    return torch.tensor([dx, dy]).view(2, 1, 1).expand(2, height, width).contiguous()


@pytest.mark.parametrize("step", [0.0, 1.0, 0.3, -0.45])
def test_places_follow_a_known_shift_without_drift(step: float) -> None:
    """After 50 frames, slow motion and quantised storage included, what stays in view is where it was."""
    image, places = textured(24, 40), packed(at_start(24, 40))
    sure = torch.ones(1, 24, 40)
    for _ in range(50):
        places = packed(carried([(unpacked(places), flow(step, 0), sure)], image))
    wanted = torch.arange(40) + 50 * step
    kept = (wanted >= 1) & (wanted <= 38)
    assert float((unpacked(places)[0] - wanted)[:, kept].abs().amax() if kept.any() else 0) < 0.1
    assert float((unpacked(places)[1] - torch.arange(24)[:, None]).abs().max()) < 0.01


def test_what_was_hidden_goes_with_its_like_and_what_enters_with_its_motion() -> None:
    image = torch.zeros(3, 24, 40)
    image[0, :, :20], image[2, :, 20:] = 1, 1
    known = torch.ones(1, 24, 40)
    known[..., 16:24] = 0
    found = carried([(at_start(24, 40), flow(0, 0), known)], image)
    assert float(found[0, :, 16:20].max()) < 20 <= float(found[0, :, 20:24].min())
    moving = flow(0, 0)
    moving[0, :12] = -5  # the upper half moves to the right: its first five columns have come into the frame
    image = torch.full((3, 24, 40), 0.5)
    image[:, :12, :5] = 0.9
    image[:, 12:, :5] = 0.9  # by its colour it belongs below
    entered = carried([(at_start(24, 40), moving, torch.ones(1, 24, 40))], image)
    assert float(entered[1, :12, :5].max()) < 12


def test_nothing_trusted_follows_the_flow() -> None:
    found = carried([(at_start(24, 40), flow(2, 0), torch.zeros(1, 24, 40))], textured(24, 40))
    assert torch.allclose(found[0, :, :38], (torch.arange(38) + 2).float())


def test_what_a_moving_thing_uncovers_is_not_of_its_kind() -> None:
    """A thing leaves the left border; what it uncovers looks exactly as it does itself."""
    image, shift = torch.full((3, 24, 40), 0.5), 4
    kinds = (at_start(24, 40)[:1] < 12).float()  # what moves, over the whole height
    moving = at_start(24, 40)[0] < 12 + shift
    vectors = torch.stack([torch.where(moving, -float(shift), 0.0), torch.zeros(24, 40)])
    weight = (~(at_start(24, 40)[:1] < shift)).float()
    place = at_start(24, 40)
    image[:, :, :shift] += 0.02  # hardly another colour than the thing, and than the ground behind it
    by_looks = carried([(place, vectors, weight)], image)
    image[:, 20:] = 0.55
    vectors[0, 20:], weight[0, 20:] = 0, 1  # ground below, which is in view already
    kinds[:, 20:] = 0
    found = carried([(place, vectors, weight)], image, kinds)
    assert bool(
        (looked_up((at_start(24, 40)[:1] < 12).float(), by_looks, "nearest")[0, :, :shift] == 1).all()
    )
    near = slice(15, 20)  # as far as one looks for its like
    assert bool((looked_up(kinds, found, "nearest")[0, near, :shift] == 0).all())


def test_only_what_is_near_is_alike() -> None:
    image = torch.zeros(3, 80, 80)
    known = torch.zeros(80, 80, dtype=torch.bool)
    known[:, :2] = True
    found = alike(known, ~known, image, *[torch.full((80, 80), -1.0)] * 2).view(80, 80)
    assert int(found[40, 8]) >= 0 and int(found[40, 60]) == -1 and int(found[5, 1]) == 5 * 80 + 1
    assert bool((likest(known, image).view(80, 80) % 80 < 2).all())


def test_stored_places_lose_little() -> None:
    places = torch.stack([torch.rand(9, 1000) * 999, torch.rand(9, 1000) * 8])
    assert float((unpacked(packed(places)) - places).abs().max()) < 0.01
    assert torch.equal(packed(unpacked(packed(places))), packed(places))
    one = packed(at_start(1, 1))
    assert float(looked_up(torch.full((1, 1, 1), 0.7), unpacked(one), "nearest")) == pytest.approx(0.7)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_a_mask_spares_is_exact(depth: type[np.generic]) -> None:
    rng = np.random.default_rng(0)
    below = rng.integers(0, np.iinfo(depth).max, (3, 20, 30), endpoint=True).astype(depth)
    above = rng.integers(0, 65535, (3, 20, 30), endpoint=True).astype(np.uint16)
    mask = torch.zeros(1, 20, 30)
    mask[:, 5:15, 5:25] = 1
    soft = feathered(mask, 3)
    found = laid_over(below, above, soft)
    ground = below.astype(np.uint16) * (257 if depth == np.uint8 else 1)
    spared = mask[0].numpy() == 0
    assert np.array_equal(found[:, spared], ground[:, spared])
    assert np.array_equal(found[:, 8:12, 8:22], above[:, 8:12, 8:22])
    assert soft[0, 10, 5:9].tolist() == pytest.approx([0.25, 0.5, 0.75, 1])
    assert feathered(mask, 0) is mask


def test_compression_leaves_masks_black_and_white() -> None:
    assert cleaned(torch.tensor([0.0, 0.02, 0.5, 0.98, 1.0])).tolist() == pytest.approx([0, 0, 0.5, 1, 1])


def square(top: int, left: int, side: int) -> Tensor:
    mask = torch.zeros(1, 40, 60, dtype=torch.bool)
    mask[:, top : top + side, left : left + side] = True
    return mask


def test_a_form_between_two_masks_has_moved_and_grown_as_far() -> None:
    first, last = square(4, 6, 9), square(20, 38, 9)
    assert torch.equal(between(first, last, 0.25), square(8, 14, 9))
    assert torch.equal(between(first, last, 0), first) and torch.equal(between(first, last, 1), last)
    half = between(square(10, 20, 7), square(6, 16, 15), 0.5)
    assert 7**2 < int(half.sum()) < 15**2 and torch.equal(half, half.flip(1).roll(-13, 1))
    nothing = torch.zeros_like(first)
    assert not bool(between(first, nothing, 0.5).any()) and not bool(between(nothing, last, 0.5).any())
