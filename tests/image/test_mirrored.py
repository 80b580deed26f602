"""Pictures go on by their reflections, and what is transparent is made of what is opaque."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vidstyle.image.mirrored import opaque_alone, tiled


def test_a_picture_goes_there_and_back() -> None:
    row = torch.tensor([[[1.0, 2.0, 3.0]]])
    assert tiled(row, 8)[0, 4].tolist() == [1, 2, 3, 3, 2, 1, 1, 2]
    wide = torch.rand(3, 4, 90)
    assert tiled(wide, 64).shape == (3, 64, 90)
    assert torch.equal(tiled(wide, 64)[:, :4], wide)


def test_what_is_transparent_reflects_what_is_not() -> None:
    pixels = np.tile(np.arange(12, dtype=np.uint8), (3, 6, 1))
    alpha = np.zeros((1, 6, 12), np.uint8)
    alpha[:, :, :4] = 255
    filled = (opaque_alone(pixels, alpha)[0, 2] * 255).round().tolist()
    assert filled[:7] == [0, 1, 2, 3, 2, 1, 0] and set(filled) <= {0, 1, 2, 3}


@pytest.mark.parametrize("share", [0.001, 0.03, 0.5])
def test_nothing_but_what_is_opaque_is_in_it(share: float) -> None:
    random = np.random.default_rng(2)
    pixels = random.integers(0, 2**16, (3, 40, 31)).astype(np.uint16)
    alpha = np.where(random.random((1, 40, 31)) < share, 2**16 - 1, 0).astype(np.uint16)
    alpha[0, 20, 7] = 2**16 - 1
    opaque = alpha[0] > 0
    pixels[0] = np.where(opaque, 100, 60_000)
    filled = opaque_alone(pixels, alpha)
    assert (filled[0] * 65535).round().unique().tolist() == [100]
    assert np.array_equal((filled * 65535).round().numpy()[:, opaque], pixels[:, opaque])
    with pytest.raises(ValueError, match="transparent all over"):
        opaque_alone(pixels, alpha * 0)
