"""The made-up motion: nothing is compressed, nothing leaves, and the end is the beginning."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from vidstyle.flow.consistency import long_term
from vidstyle.image.warp import warp, warp_wrapped
from vidstyle.methods.texture.motion import Motion
from vidstyle.types import Frame

SIZES = [(64, 48), (33, 70)]


def frame(index: int, width: int = 64, height: int = 48) -> Frame:
    return Frame(np.zeros((3, height, width), np.uint8), index, index, Fraction(1, 25))


def grid(width: int, height: int) -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64)))


@pytest.mark.parametrize("wraps", [True, False])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_has_its_speed_and_no_sources(width: int, height: int, wraps: bool) -> None:
    motion, place, step = Motion(width, height, 20, 1.5, wraps), grid(width, height), 1e-3
    speed = np.sqrt((motion.velocity(place, 0.0) ** 2).sum(axis=0).mean())
    assert speed == pytest.approx(1.5, rel=0.05)
    shift_x, shift_y = np.array([step, 0])[:, None, None], np.array([0, step])[:, None, None]
    spread = motion.velocity(place + shift_x, 3.0)[0] - motion.velocity(place - shift_x, 3.0)[0]
    spread += motion.velocity(place + shift_y, 3.0)[1] - motion.velocity(place - shift_y, 3.0)[1]
    assert float(np.abs(spread).max()) / (2 * step) < 1e-6
    assert np.allclose(motion.velocity(place, 0.0), motion.velocity(place, 20.0), atol=1e-6)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_borders_meet_or_hold(width: int, height: int) -> None:
    tiled, walled = (Motion(width, height, 20, 1.0, wraps) for wraps in (True, False))
    place, beyond = grid(width, height), np.array([width, height])[:, None, None]
    assert np.allclose(tiled.velocity(place, 4.0), tiled.velocity(place + beyond, 4.0), atol=1e-6)
    still = walled.velocity(place, 4.0)
    assert np.allclose(still[0][:, [0, -1]], 0, atol=1e-6) and np.allclose(still[1][[0, -1]], 0, atol=1e-6)
    there = place + walled.vectors(0, 19)
    assert there.min() >= 0 and there[0].max() <= width - 1 and there[1].max() <= height - 1


def test_a_way_and_the_way_back_end_where_they_began() -> None:
    motion = Motion(64, 48, 20, 1.0, True)
    forth, back = (torch.from_numpy(motion.vectors(*times)) for times in ((5, 9), (9, 5)))
    assert float((forth + warp_wrapped(back, forth)).abs().max()) < 0.1
    assert float(forth.abs().max()) > 2


def test_frames_keep_to_the_one_before_and_then_to_the_first() -> None:
    """The share of what was painted on the way falls evenly, from 1 to 0 at the next turn."""
    motion = Motion(64, 48, 12, 1.0, False)
    left, shares = 1.0, []
    for index in range(1, 12):
        backs = motion.backs(index)
        assert backs == ([1] if index <= 6 else [1, index])
        found = [motion.between(frame(index), frame(index - back)) for back in backs]
        weights = [float(held.mean()) for held in long_term([weight for _, weight in found])]
        assert sum(weights) == pytest.approx(1)
        left *= weights[0]
        shares.append(left)
    assert shares[5:] == pytest.approx([6 / 6, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    last, _ = motion.between(frame(11), frame(0))
    assert np.allclose(last.vectors, motion.vectors(11, 12), atol=1e-6)
    before, _ = motion.between(frame(1), frame(0))
    assert np.allclose(before.vectors, motion.vectors(1, 0), atol=1e-6)


def test_a_wrapped_warp_is_that_of_many_tiles() -> None:
    tile = torch.rand(3, 10, 12)
    flow = (torch.rand(2, 10, 12) - 0.5) * 50
    many = tile.repeat(1, 9, 9)
    for mode in ("bicubic", "spline"):
        wanted = warp(many, flow + torch.tensor([48.0, 40.0]).view(2, 1, 1), mode)
        assert torch.allclose(warp_wrapped(tile, flow, mode), wanted, atol=1e-3)
    shift = torch.tensor([5.0, -3.0]).view(2, 1, 1).expand(2, 10, 12)
    assert torch.allclose(warp_wrapped(tile, shift), tile.roll((3, -5), dims=(1, 2)), atol=1e-6)
