"""Contact sheets: where pictures come to lie, and how large the whole may become."""

from __future__ import annotations

import pytest
import torch

from vidstyle.image.sheet import MOST_ROWS, cell_side, fitted, sheet


def test_pictures_lie_in_the_middle_of_their_cells() -> None:
    wide, high = torch.zeros(3, 10, 20), torch.full((3, 20, 10), 0.5)
    image = sheet([[None, wide], [high, wide]], side=20)
    # Cells are 24 pixels wide; the rows as high as the highest picture, and 4 between.
    assert image.shape == (3, 14 + 24, 2 * 24)
    assert bool((image[:, :14, :24] == 1).all())  # nothing there
    assert bool((image[:, 2:12, 26:46] == 0).all())
    assert bool((image[:, 16:36, 7:17] == 0.5).all())
    assert float((image == 1).float().sum()) == 3 * (38 * 48 - 2 * 200 - 200)


def test_large_pictures_are_reduced_and_small_ones_left() -> None:
    assert fitted(torch.rand(3, 40, 80), 20).shape == (3, 10, 20)
    small = torch.rand(3, 4, 8)
    assert torch.equal(fitted(small, 20), small)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 4), (50, 3), (3, 60), (MOST_ROWS, 2), (200, 60)])
def test_the_whole_stays_of_a_handy_size(rows: int, columns: int) -> None:
    side = cell_side(rows, columns)
    assert 32 <= side <= 256
    assert max(rows, columns) * (side + 4) <= 16384
    assert rows * columns * (side + 4) ** 2 <= 24_000_000 or side == 32


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one length.*\[1, 2\]"):
        sheet([[None], [None, None]], 8)
    with pytest.raises(ValueError, match="one length"):
        sheet([], 8)
