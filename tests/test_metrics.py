from __future__ import annotations

import math

import pytest
import torch

from vidstyle.metrics import (
    change_map,
    endpoint_error,
    gradient_energy,
    mean_change,
    normalised_by_contrast,
    occlusion_f1,
    psnr,
    warping_error,
)

STILL = torch.zeros(2, 4, 5)
ALL = torch.ones(1, 4, 5)


def noise(seed: int = 0) -> torch.Tensor:
    return torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(seed))


def left_half() -> torch.Tensor:
    mask = torch.zeros(1, 4, 5)
    mask[..., :2] = 1
    return mask


def test_a_difference_of_a_tenth_everywhere():
    assert warping_error(torch.full((3, 4, 5), 0.5), torch.full((3, 4, 5), 0.6), STILL, ALL) == pytest.approx(
        0.01
    )


def test_the_two_normalisations_differ_by_the_share_of_the_mask():
    a, b = noise(0), noise(1)
    lai = warping_error(a, b, STILL, left_half())
    assert lai == pytest.approx((a - b)[..., :2].square().mean().item())
    assert warping_error(a, b, STILL, left_half(), "ruder") == pytest.approx(0.4 * lai)


def test_a_clip_that_follows_its_motion_has_no_error():
    clip = torch.rand(3, 4, 9, generator=torch.Generator().manual_seed(0))
    # What frame t shows at x, frame t + 1 shows at x + 2.
    current, following = clip[..., 2:7], clip[..., 0:5]
    vectors = torch.zeros(2, 4, 5)
    vectors[0] = 2
    seen = torch.ones(1, 4, 5, dtype=torch.bool)
    seen[..., 3:] = False
    assert warping_error(current, following, vectors, seen) == 0
    assert warping_error(current, following, -vectors, seen) > 0.01


def test_pixels_outside_the_mask_do_not_count():
    a, b = noise(), noise()
    b[..., 2:] = 0
    assert warping_error(a, b, STILL, left_half()) == 0


def test_an_empty_mask_says_nothing_under_lai_and_nothing_wrong_under_ruder():
    assert math.isnan(warping_error(noise(0), noise(1), STILL, 0 * ALL))
    assert warping_error(noise(0), noise(1), STILL, 0 * ALL, "ruder") == 0


def test_endpoint_error_of_known_vectors():
    vectors = torch.zeros(2, 1, 4)
    vectors[:, 0] = torch.tensor([[0.0, 1.0, 3.0, 0.0], [0.0, 0.0, 4.0, 2.0]])
    found = endpoint_error(vectors, torch.zeros(2, 1, 4))
    assert (found.mean, found.over_1, found.over_3, found.over_5) == (2.0, 0.5, 0.25, 0.0)
    masked = endpoint_error(vectors, torch.zeros(2, 1, 4), torch.tensor([[[False, True, True, False]]]))
    assert (masked.mean, masked.over_1) == (3.0, 0.5)


def test_occlusion_f1():
    truth = torch.tensor([True, True, True, False, False])
    found = torch.tensor([True, True, False, True, False])
    assert occlusion_f1(found, truth) == pytest.approx(4 / 6)
    assert occlusion_f1(truth, truth) == 1
    assert occlusion_f1(~truth, truth) == 0
    assert occlusion_f1(
        found, truth, ignore=torch.tensor([False, False, False, True, False])
    ) == pytest.approx(4 / 5)
    assert occlusion_f1(torch.zeros(3, dtype=torch.bool), torch.zeros(3, dtype=torch.bool)) == 1


def test_psnr():
    assert psnr(torch.zeros(3, 4, 4), torch.full((3, 4, 4), 0.1)) == pytest.approx(20, abs=1e-5)
    assert psnr(noise(), noise()) == math.inf


def test_the_map_of_the_change_adds_up_to_the_warping_error():
    a, b, mask = noise(0), noise(1), left_half()
    change = change_map(a, b, STILL, mask)
    assert change.shape == (1, 4, 5) and change[..., 2:].sum() == 0
    assert torch.allclose(change[0, :, :2].float(), (a - b).square().mean(dim=0)[:, :2])
    for normalisation in ("lai", "ruder"):
        assert mean_change(change, mask, normalisation) == warping_error(a, b, STILL, mask, normalisation)


def test_gradient_energy_of_stripes_and_of_plain_pictures():
    stripes = torch.zeros(3, 4, 6)
    stripes[..., ::2] = 0.5
    assert gradient_energy(stripes) == pytest.approx(0.25)
    assert gradient_energy(stripes.transpose(1, 2)) == pytest.approx(0.25)
    assert gradient_energy(torch.full((3, 4, 6), 0.7)) == 0
    assert gradient_energy(torch.rand(3, 1, 1)) == 0


def test_gradient_energy_counts_neighbours_of_which_both_are_in_the_mask():
    image = torch.tensor([[[0.0, 0.1, 0.3], [0.2, 0.5, 0.9]]])
    mask = torch.tensor([[[True, True, False], [True, True, False]]])
    assert gradient_energy(image, mask) == pytest.approx(
        (0.2**2 + 0.4**2) / 2 + (0.1**2 + 0.3**2) / 2  # down, across
    )
    halves = torch.tensor([[[1.0, 1.0, 0.0], [0.5, 0.0, 0.0]]])
    assert gradient_energy(image, halves) == pytest.approx(0.2**2 + 0.1**2)
    corners = torch.tensor([[[True, False, False], [False, True, False]]])
    assert gradient_energy(image, corners) == 0
    assert gradient_energy(image, torch.ones(1, 2, 3)) == gradient_energy(image)


def by_contrast(
    first: torch.Tensor, second: torch.Tensor, vectors: torch.Tensor, mask: torch.Tensor
) -> float:
    error = warping_error(first, second, vectors, mask)
    return normalised_by_contrast(error, gradient_energy(first, mask))


def test_contrast_raises_the_error_by_its_square_and_is_divided_out():
    a, b = noise(0), noise(1)
    level = a.mean(dim=(1, 2), keepdim=True)
    for k in (0.5, 0.1):
        faint, then = (level + k * (frame - level) for frame in (a, b))
        assert warping_error(faint, then, STILL, ALL) == pytest.approx(k**2 * warping_error(a, b, STILL, ALL))
        assert by_contrast(faint, then, STILL, ALL) == pytest.approx(by_contrast(a, b, STILL, ALL), rel=1e-5)
    assert math.isnan(by_contrast(0 * a + 0.5, b, STILL, ALL))


@pytest.mark.parametrize("contrast", [1.0, 0.2])
def test_a_flow_that_is_off_by_part_of_a_pixel(contrast: float):
    """A slope (a, b): (a dx + b dy)² over a² + b². A wave of ω: sin²(ω dx / 2) over sin²(ω / 2)."""
    y, x = torch.meshgrid(torch.arange(8.0), torch.arange(12.0), indexing="ij")
    inside = torch.zeros(1, 8, 12)
    inside[..., 1:-1, 1:-1] = 1

    def shifted_slope(dx: float, dy: float) -> torch.Tensor:
        return (contrast * (0.04 * (x - dx) + 0.03 * (y - dy))).expand(3, 8, 12)

    told = torch.zeros(2, 8, 12)
    told[0] = 1  # the slope moves by 1.25 and 0.5
    found = by_contrast(shifted_slope(0, 0), shifted_slope(1.25, 0.5), told, inside)
    assert found == pytest.approx((0.04 * 0.25 + 0.03 * 0.5) ** 2 / 0.05**2, rel=1e-4)

    omega = 2 * math.pi / 8
    across = torch.arange(801.0)
    waves = [(0.5 + 0.4 * contrast * torch.sin(omega * (across - dx))).expand(1, 1, 801) for dx in (0, 0.25)]
    expected = math.sin(omega * 0.25 / 2) ** 2 / math.sin(omega / 2) ** 2
    found = by_contrast(*waves, torch.zeros(2, 1, 801), torch.ones(1, 1, 801))
    assert found == pytest.approx(expected, rel=3e-3)


@pytest.mark.parametrize(
    "call",
    [
        lambda: warping_error(noise(), noise()[:, :3], STILL, ALL),
        lambda: warping_error(noise(), noise(), STILL, ALL[0]),
        lambda: warping_error(noise(), noise(), STILL, ALL, "mean"),
        lambda: gradient_energy(noise(), ALL[0]),
        lambda: gradient_energy(noise(), ALL[..., :1]),
        lambda: endpoint_error(STILL, STILL[:, :1]),
        lambda: psnr(noise(), noise()[:1]),
    ],
)
def test_shapes_and_names_that_do_not_fit_are_refused(call):
    with pytest.raises(ValueError):
        call()
