"""Places to parts of a pixel: followed, brought to other sizes, looked through."""

from __future__ import annotations

import torch

from vidstyle.image.correspondence import at_start
from vidstyle.image.places import broken, followed, rescaled, seen


def picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(5))


def test_own_places_show_the_picture_itself() -> None:
    image = picture(20, 31)
    assert torch.allclose(seen(image, at_start(20, 31), 3), image, atol=2e-3)


def test_slow_motion_is_not_lost() -> None:
    places = at_start(30, 40)
    for _ in range(20):
        places = followed(places, torch.full((2, 30, 40), 0.1))
    inner = (places - at_start(30, 40))[:, :20, :28]
    assert torch.allclose(inner, torch.full_like(inner, 2.0), atol=1e-3)


def test_a_shift_stays_a_shift_at_every_size() -> None:
    places = at_start(16, 24) + 2
    larger = rescaled(places, (32, 48), (64, 96), (128, 192))
    shift = (larger - at_start(32, 48))[:, 2:-2, 2:-2]
    # Of the middle of a pixel, twice as far: 2 · (x / 2 − 1/4 + 2) + 1/2.
    assert torch.allclose(shift, torch.full_like(shift, 4.0), atol=1e-4)
    assert torch.allclose(
        rescaled(larger, (16, 24), (128, 192), (64, 96))[:, 2:-2, 2:-2], places[:, 2:-2, 2:-2]
    )


def test_patches_vote_where_neighbours_do_not_belong_together() -> None:
    places = at_start(12, 12)
    places[:, :, 6:] = places[:, :, 6:].flip(1)
    torn = broken(places)
    assert bool(torn[:, 6:].any()) and not bool(torn[:, :5].any())
    image = picture(12, 12)
    found = seen(image, places, 1)
    assert torch.allclose(found[:, :, 7:], image.flip(1)[:, :, 7:], atol=2e-3)
    assert torch.allclose(found[:, :, :5], image[:, :, :5], atol=2e-3)
