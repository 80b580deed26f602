"""What no earlier frame shows takes on the colours that its like was painted in."""

from __future__ import annotations

import torch

from vidstyle.image.recolour import recolour_unpainted


def halves(left: float, right: float, channel: int = 0) -> torch.Tensor:
    """A grey picture of two halves, (3, 40, 80), one of whose channels differs between them."""
    image = torch.full((3, 40, 80), 0.5)
    image[channel, :, :40], image[channel, :, 40:] = left, right
    return image


def test_like_takes_the_colour_of_like() -> None:
    """Two materials, each painted in a colour of its own; a hole over both is filled by material."""
    subject, painted = halves(0.2, 0.8), halves(0.9, 0.1, channel=2)
    covered = torch.ones(1, 40, 80)
    covered[:, 12:28, 20:60] = 0
    found = recolour_unpainted(subject, painted, covered)
    # Away from the seam between the materials, where the small grid mixes them.
    assert float((found - painted)[:, 13:27, 21:36].abs().max()) < 0.01
    assert float((found - painted)[:, 13:27, 44:59].abs().max()) < 0.01


def test_detail_of_the_subject_stays() -> None:
    subject = torch.rand(3, 64, 64) * 0.1 + 0.4
    covered = torch.ones(1, 64, 64)
    covered[:, 20:40, 20:40] = 0
    found = recolour_unpainted(subject, subject + 0.2, covered)
    assert float((found - subject - 0.2)[:, 22:38, 22:38].abs().max()) < 1e-3


def test_nothing_covered_or_everything_changes_nothing() -> None:
    subject, painted = halves(0.2, 0.8), halves(0.9, 0.1)
    for share in (0.0, 1.0):
        assert torch.equal(recolour_unpainted(subject, painted, torch.full((1, 40, 80), share)), subject)


def test_any_size_and_range() -> None:
    for height, width in ((1, 1), (1, 300), (7, 3), (300, 200)):
        covered = (torch.rand(1, height, width) > 0.5).float()
        found = recolour_unpainted(torch.rand(3, height, width), torch.rand(3, height, width), covered)
        assert found.shape == (3, height, width)
        assert float(found.min()) >= 0 and float(found.max()) <= 1
