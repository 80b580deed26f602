"""The engine: what it paints is steady, the same every time, and lets go at cuts and with another look."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch

from tests.live.small import pan, untaught
from vidstyle.live.stream import Stream
from vidstyle.metrics import warping_error

SPEED = 3


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """A stream puts the number of threads back."""
    before = torch.get_num_threads()
    yield
    assert torch.get_num_threads() == before


def painted(frames: list[np.ndarray], **how: object) -> list[np.ndarray]:
    with Stream(untaught(1), **how) as stream:  # type: ignore[arg-type]
        return list(stream.painted(frames))


def unsteadiness(paintings: list[np.ndarray]) -> float:
    """Along the motion of `pan`: where a pixel is one frame later."""
    images = [torch.from_numpy(each.transpose(2, 0, 1) / np.float32(255)) for each in paintings]
    height, width = images[0].shape[1:]
    vectors = torch.zeros(2, height, width)
    vectors[0] = -SPEED
    seen_again = torch.zeros(1, height, width)
    seen_again[..., SPEED:] = 1
    pairs = pairwise(images[1:])
    return float(np.mean([warping_error(a, b, vectors, seen_again) for a, b in pairs]))


def test_what_moves_is_painted_steadily() -> None:
    frames = pan(8, speed=SPEED)
    carried, alone = painted(frames), painted(frames, carries=False)
    assert unsteadiness(frames) < 1e-9
    assert unsteadiness(carried) < 0.35 * unsteadiness(alone)


def test_the_same_frames_give_the_same_paintings_whoever_paints_them() -> None:
    frames = pan(6)
    with Stream(untaught(1), workers=1) as stream:
        one_by_one = [stream.paint(frame) for frame in frames]
    for workers in (1, 3):
        assert all(map(np.array_equal, painted(frames, workers=workers), one_by_one))
    assert one_by_one[0].dtype == np.uint8 and one_by_one[0].shape == frames[0].shape


def test_after_a_cut_nothing_is_kept() -> None:
    before, after = pan(3), pan(2, seed=9)
    assert all(map(np.array_equal, painted(before + after)[3:], painted(after)))


def test_nothing_is_kept_of_another_look() -> None:
    frames, other = pan(4), untaught(2)
    with Stream(untaught(1)) as stream, Stream(other, carries=False) as alone:
        for frame in frames[:2]:
            stream.paint(frame)
            alone.paint(frame)
        stream.brush = other
        first, second = (stream.paint(frame) for frame in frames[2:])
        assert np.array_equal(first, alone.paint(frames[2]))
        assert not np.array_equal(second, alone.paint(frames[3]))


@pytest.mark.parametrize("size", [(1, 1), (33, 50), (65, 64)])
def test_any_size_is_painted_and_may_change(size: tuple[int, int]) -> None:
    frames = pan(2, *size)
    assert all(map(np.array_equal, painted(pan(2) + frames)[2:], painted(frames)))
    assert painted(frames)[1].shape == (*size, 3)
