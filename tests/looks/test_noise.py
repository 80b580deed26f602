"""Noise that lies on what is seen: it moves as that does."""

from __future__ import annotations

import torch

from vidstyle.looks.noise import drift_after, no_drift, noise_at, pattern, some_noise

SIZE = 96, 128
NOWHERE = torch.device("cpu")


def moved(dx: float, dy: float, frames: int, holds: torch.Tensor | None = None) -> torch.Tensor:
    """The drift after as many frames in which everything moves by −dx, −dy."""
    drift, vectors = no_drift(*SIZE, NOWHERE), torch.tensor([dx, dy])[:, None, None].expand(2, *SIZE)
    sure = torch.ones(1, *SIZE) if holds is None else holds
    for _ in range(frames):
        drift = drift_after(drift, vectors, sure)
    return drift


def test_the_pattern_tiles_the_plane_and_is_of_deviation_one() -> None:
    noise = pattern()
    seam = (noise[..., 0] - noise[..., -1]).square().mean()
    assert seam < 3 * (noise[..., 1] - noise[..., 0]).square().mean()
    assert torch.allclose(noise.std((1, 2)), torch.ones(len(noise)), atol=1e-3)
    some = some_noise(300, 300, torch.Generator().manual_seed(1))
    assert torch.equal(some[:, :44, :44], some[:, 256:, 256:])


def test_it_moves_with_the_surface_and_never_wears_off() -> None:
    """40 frames of 1.3 pixels are one of 52."""
    still, later = noise_at(no_drift(*SIZE, NOWHERE), *SIZE), noise_at(moved(-1.3, 0, 40), *SIZE)
    assert torch.allclose(later[:, :, 26:], still[:, :, :-26], atol=2e-3)
    assert abs(float(later.std()) - float(still.std())) < 0.1


def test_what_comes_into_view_goes_on_from_what_is_beside_it() -> None:
    """In a pan to the right the right border is new in every frame; the pattern goes on there."""
    holds = torch.ones(1, *SIZE)
    holds[..., -10:] = 0
    drift = moved(10.0, 0, 12, holds)
    assert torch.allclose(drift[0], torch.full_like(drift[0], 120.0), atol=0.5)


def test_odd_sizes_and_where_nothing_holds() -> None:
    for height, width in ((1, 1), (33, 50), (7, 129)):
        drift = drift_after(
            no_drift(height, width, NOWHERE), torch.ones(2, height, width), torch.zeros(1, height, width)
        )
        noise = noise_at(drift, height, width)
        assert noise.shape == (4, -(-height // 2), -(-width // 2)) and bool(noise.isfinite().all())
