"""The colour wheel: known directions have known colours."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vidstyle.flow.colourwheel import colours, radius_for


def colour(dx: float, dy: float, radius: float = 1.0) -> list[int]:
    return [int(value) for value in colours(np.float32([[[dx]], [[dy]]]), radius)[:, 0, 0]]


def reference(u: float, v: float) -> list[int]:
    """Middlebury's colorcode.cpp, pixel by pixel."""
    wheel = []
    for count, make in (
        (15, lambda i, n: (255, 255 * i // n, 0)),
        (6, lambda i, n: (255 - 255 * i // n, 255, 0)),
        (4, lambda i, n: (0, 255, 255 * i // n)),
        (11, lambda i, n: (0, 255 - 255 * i // n, 255)),
        (13, lambda i, n: (255 * i // n, 0, 255)),
        (6, lambda i, n: (255, 0, 255 - 255 * i // n)),
    ):
        wheel += [make(i, count) for i in range(count)]
    length = math.hypot(u, v)
    place = (math.atan2(-v, -u) / math.pi + 1) / 2 * (len(wheel) - 1)
    first = int(place)
    share = place - first
    result = []
    for one, other in zip(wheel[first], wheel[(first + 1) % len(wheel)], strict=True):
        value = (1 - share) * one / 255 + share * other / 255
        value = 1 - length * (1 - value) if length <= 1 else 0.75 * value
        result.append(int(255 * value))
    return result


def test_no_motion_is_white_and_the_unknown_is_black() -> None:
    assert colour(0, 0) == colour(-0.0, -0.0) == [255, 255, 255]
    for unknown in (math.nan, math.inf, 1e10):
        assert colour(unknown, 0) == colour(0, unknown) == [0, 0, 0]


def test_to_the_right_is_red_and_half_as_fast_is_pale() -> None:
    assert colour(1, 0) == colour(1, -0.0) == [255, 0, 0]
    assert colour(3, 0, radius=6) == [255, 127, 127]
    assert colour(2, 0) == [191, 0, 0]


def test_every_direction_is_as_middlebury_paints_it() -> None:
    angles = np.linspace(-3, 3, 97)
    for length in (0.3, 0.99, 1.5):
        vectors = length * np.stack([np.cos(angles), np.sin(angles)])[:, None]
        found = colours(vectors.astype(np.float32), 1.0)[:, 0].T.astype(int)
        expected = np.array([reference(*vector) for vector in vectors[:, 0].T])
        assert np.abs(found - expected).max() <= 1  # float32 vectors, and rounding down


def test_opposite_directions_differ_and_hues_close_up() -> None:
    turn = np.linspace(0, 2 * np.pi, 721)[:-1]
    wheel = colours(np.stack([np.cos(turn), np.sin(turn)])[:, None].astype(np.float32) * 0.999, 1.0)
    wheel = wheel[:, 0].astype(int)
    assert np.abs(wheel - np.roll(wheel, 1, axis=1)).max() < 60
    assert np.abs(wheel - np.roll(wheel, 360, axis=1)).sum(0).min() > 200


def test_the_radius_is_not_that_of_one_wild_vector() -> None:
    vectors = np.zeros((2, 30, 30), np.float32)
    vectors[0] = 3
    vectors[:, 0, 0] = 500
    vectors[:, 0, 1] = np.nan
    assert radius_for(vectors) == 3
    assert radius_for(np.zeros((2, 4, 4), np.float32)) == 1
    assert radius_for(np.full((2, 4, 4), np.nan, np.float32)) == 1


def test_shapes_are_checked() -> None:
    picture = colours(np.zeros((2, 3, 5), np.float32), 1.0)
    assert picture.shape == (3, 3, 5) and picture.dtype == np.uint8 and picture.flags.c_contiguous
    with pytest.raises(ValueError, match="vectors"):
        colours(np.zeros((3, 3, 5), np.float32), 1.0)
    with pytest.raises(ValueError, match="radius"):
        colours(np.zeros((2, 3, 5), np.float32), 0.0)
