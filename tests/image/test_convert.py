from __future__ import annotations

import numpy as np
import pytest
import torch

from vidstyle.image.convert import reduce_to_uint8, to_float, to_uint8, to_uint16


def every_value(dtype: type) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.arange(top + 1, dtype=dtype).reshape(1, 16, -1)


def test_every_16_bit_value_survives_the_round_trip():
    pixels = every_value(np.uint16)
    back = to_uint16(to_float(pixels))
    assert back.dtype == np.uint16
    assert np.array_equal(back, pixels)


def test_every_8_bit_value_survives_the_round_trip_and_widens_by_257():
    pixels = every_value(np.uint8)
    assert np.array_equal(to_uint8(to_float(pixels)), pixels)
    assert np.array_equal(to_uint16(to_float(pixels)), pixels.astype(np.uint16) * 257)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_full_scale_is_exactly_one(dtype):
    pixels = np.full((3, 2, 2), np.iinfo(dtype).max, dtype)
    assert torch.equal(to_float(pixels), torch.ones(3, 2, 2))


def test_values_outside_the_range_are_clamped_and_halves_go_to_even():
    image = torch.tensor([-0.5, 1.5, 0.5 / 255, 1.5 / 255, 2.5 / 255]).reshape(1, 1, 5)
    assert to_uint8(image).flatten().tolist() == [0, 255, 0, 2, 2]
    assert to_uint16(image).flatten().tolist()[:2] == [0, 65535]


def test_a_tensor_that_carries_a_gradient_can_be_stored():
    assert to_uint8(torch.ones(3, 2, 2, requires_grad=True)).min() == 255


def test_the_source_is_neither_shared_nor_needs_to_be_contiguous():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3).transpose(2, 0, 1)
    pixels.flags.writeable = False
    image = to_float(pixels)
    image += 1
    assert pixels[0, 0, 0] == 0
    assert image.shape == (3, 2, 4)


def test_16_bit_values_are_reduced_to_the_nearest_8_bit_value():
    pixels = every_value(np.uint16)
    expected = np.floor(pixels / 65535 * 255 + 0.5)
    assert np.array_equal(reduce_to_uint8(pixels), expected)
    assert np.array_equal(reduce_to_uint8(every_value(np.uint8)), every_value(np.uint8))


def test_other_types_are_refused():
    with pytest.raises(ValueError, match="uint8 or uint16"):
        to_float(np.zeros((3, 2, 2), np.float32))
