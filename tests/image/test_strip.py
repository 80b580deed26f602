"""Pictures side by side."""

from __future__ import annotations

import pytest
import torch

from vidstyle.image.strip import strip


def test_pictures_side_by_side() -> None:
    pictures = [torch.rand(3, 5, 7) for _ in range(3)]
    found = strip(pictures, gap=2)
    assert found.shape == (3, 5, 7 * 3 + 2 * 2)
    assert torch.equal(found[:, :, 9:16], pictures[1]) and bool((found[:, :, 7:9] == 1).all())
    with pytest.raises(ValueError, match="one size"):
        strip([torch.rand(3, 5, 7), torch.rand(3, 5, 8)])
