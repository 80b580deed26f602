"""Keeping to what earlier frames show: values that are known."""

from __future__ import annotations

import pytest
import torch

from vidstyle.losses.temporal import temporal_loss, tint_loss


def test_temporal_counts_only_what_is_seen() -> None:
    image, prior = torch.full((3, 2, 4), 0.5), torch.full((3, 2, 4), 0.3)
    weight = torch.zeros(1, 2, 4)
    assert float(temporal_loss(image, prior, weight)) == 0
    weight[..., :2] = 1
    assert float(temporal_loss(image, prior, weight)) == pytest.approx(0.04 / 2)


def test_the_gradient_is_that_of_the_values() -> None:
    image, prior = torch.rand(2, 3, 4, 4, dtype=torch.float64)
    weight = torch.rand(1, 4, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: temporal_loss(x, prior, weight), image.requires_grad_(True))


def test_the_smooth_l1_temporal_loss_bends_where_it_should() -> None:
    prior, weight = torch.zeros(3, 1, 1), torch.ones(1, 1, 1)
    values = torch.tensor([0.0, 0.02, 0.05, 0.3])
    found = [
        float(temporal_loss(torch.full((3, 1, 1), float(v)), prior, weight, "smooth-l1")) for v in values
    ]
    assert found == pytest.approx([0, 0.02**2, 0.05**2, 2 * 0.05 * 0.3 - 0.05**2])
    assert float(temporal_loss(torch.full((3, 1, 1), 0.3), prior, weight)) == pytest.approx(0.09)


def test_tint_is_the_colour_of_cells_where_nothing_is_known() -> None:
    """Off by 0.2 in a strip along the left border, half as wide as a cell."""
    wanted = torch.rand(3, 320, 320) * 0.5
    weight = torch.zeros(1, 320, 320)
    weight[..., :4] = 1  # of cells of 8 pixels the left half
    assert float(tint_loss(wanted + 0.2, wanted, weight)) == pytest.approx(0.04 * 4 / 320, rel=1e-4)
    strokes = torch.where(torch.arange(320) % 2 == 0, 0.1, -0.1).view(-1, 1)  # fine, and none at large
    assert float(tint_loss(wanted + strokes, wanted, weight)) == pytest.approx(0, abs=1e-9)
    assert float(tint_loss(wanted + 0.2, wanted, 0 * weight)) == 0
