"""The matting Laplacian, the guided filter and photographs in another light, by known answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vidstyle.image.matting import GuidedFilter, Relight


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def affine(image: torch.Tensor) -> torch.Tensor:
    """Every pixel by one affine map of colour."""
    linear = torch.tensor([[0.5, 0.2, -0.1], [-0.3, 0.6, 0.2], [0.1, 0.0, 0.4]])
    return torch.einsum("ij,jhw->ihw", linear, image) + torch.tensor([0.2, 0.1, 0.3])[:, None, None]


def levin(image: torch.Tensor, radius: int, epsilon: float) -> np.ndarray:
    """The matrix, entry by entry: Σ_w δ_ij − (1 + (I_i − μ)ᵀ (Σ + ε U)⁻¹ (I_j − μ)) / |w|."""
    pixels = image.double().numpy()
    height, width = pixels.shape[1:]
    numbers = np.arange(height * width).reshape(height, width)
    matrix = np.zeros((height * width,) * 2)
    for y in range(height):
        for x in range(width):
            rows = slice(max(0, y - radius), y + radius + 1)
            columns = slice(max(0, x - radius), x + radius + 1)
            inside = numbers[rows, columns].ravel()
            centred = pixels[:, rows, columns].reshape(3, -1)
            centred = centred - centred.mean(axis=1, keepdims=True)
            covariance = centred @ centred.T / len(inside) + epsilon * np.eye(3)
            explained = (1 + centred.T @ np.linalg.solve(covariance, centred)) / len(inside)
            matrix[np.ix_(inside, inside)] += np.eye(len(inside)) - explained
    return matrix


@pytest.mark.parametrize("radius", [1, 2])
def test_the_product_is_that_with_the_matrix(radius: int) -> None:
    image, values = picture(10, 12), picture(10, 12, 1)
    matrix = levin(image, radius, 1e-3)
    guide = GuidedFilter(image, radius, 1e-3)
    flat = values.flatten(1).double().numpy()
    assert np.allclose(guide.laplacian(values).flatten(1).numpy(), flat @ matrix, atol=2e-5)
    form = np.trace(flat @ matrix @ flat.T) / (values.numel() * (2 * radius + 1) ** 2)
    assert float(guide.roughness(values)) == pytest.approx(form, rel=1e-4)


def test_affine_functions_of_the_guide_cost_nothing_and_others_do() -> None:
    image = picture(20, 30)
    guide = GuidedFilter(image, 2, 1e-6)
    assert float(guide.roughness(affine(image))) < 1e-6
    assert float(guide.roughness(picture(20, 30, 1))) > 0.03
    bent = torch.cat([affine(image)[..., :15], image[..., 15:]], dim=2)  # two maps: only where they meet
    assert 1e-4 < float(guide.roughness(bent)) < 0.01


def test_the_gradient_is_that_of_small_steps() -> None:
    image, values, step = picture(9, 11), picture(9, 11, 1), picture(9, 11, 2) - 0.5
    guide = GuidedFilter(image, 1, 1e-3)
    values.requires_grad_(True)
    (gradient,) = torch.autograd.grad(3 * guide.roughness(values), values)
    with torch.no_grad():
        rise = guide.roughness(values + 0.5 * step) - guide.roughness(values - 0.5 * step)
    assert float((gradient * step).sum()) == pytest.approx(3 * float(rise), rel=1e-3)


def test_inverses_hold_for_nearly_grey_pictures() -> None:
    """All colours on one line: the covariances have one large value and two of ε."""
    grey = picture(16, 16)[:1].expand(3, -1, -1) + 0.001 * picture(16, 16, 1)
    guide = GuidedFilter(grey, 2, 1e-4)
    products = torch.einsum("ijhw,jkhw->hwik", guide.inverse, guide._covariance(grey))
    assert torch.allclose(
        products + 1e-4 * guide.inverse.permute(2, 3, 0, 1), torch.eye(3).expand_as(products), atol=0.02
    )


def test_the_filter_gives_affine_functions_back_and_smooths_what_is_none() -> None:
    image = picture(24, 30)
    guide = GuidedFilter(image, 3, 1e-5)
    assert torch.allclose(guide.filter(affine(image)), affine(image), atol=2e-3)
    flat = GuidedFilter(torch.full((3, 24, 30), 0.5), 3, 1e-5)
    noise = picture(24, 30, 1)
    assert float(flat.filter(noise).std()) < 0.15 * float(noise.std())
    assert torch.allclose(flat.filter(torch.full_like(noise, 0.3)), torch.full_like(noise, 0.3), atol=1e-6)


@pytest.mark.parametrize(("radius", "epsilon"), [(0, 0.1), (1, 0.0)])
def test_no_window_and_no_epsilon_are_refused(radius: int, epsilon: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        GuidedFilter(picture(4, 4), radius, epsilon)


def steps_of_light(height: int, width: int) -> torch.Tensor:
    """A sharp slanted edge between two greys, with grain."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return 0.3 + 0.4 * (columns > 0.3 * rows + 40).float() + 0.05 * (picture(height, width) - 0.5)


def test_a_photograph_keeps_its_edges_whatever_is_painted_over_them() -> None:
    photo = steps_of_light(90, 160)
    painted = affine(photo) + 0.3 * (picture(90, 160, 3) - 0.5)  # noise that no light makes
    relit = Relight(photo).apply(painted)
    assert relit.shape == photo.shape
    judge = GuidedFilter(photo, 2, 1e-6)
    assert float(judge.roughness(relit)) < 0.01 * float(judge.roughness(painted))
    wide, changed = (photo[..., 60:] - photo[..., :-60], relit[..., 60:] - relit[..., :-60])
    assert float((changed - torch.einsum("ij,jhw->ihw", slope(), wide)).abs().mean()) < 0.03


def slope() -> torch.Tensor:
    return affine(torch.eye(3).reshape(3, 1, 3))[:, 0] - affine(torch.zeros(3, 1, 3))[:, 0]


def test_in_its_own_light_a_photograph_is_itself() -> None:
    for size in ((90, 160), (7, 5), (1, 1), (2, 150)):
        photo = picture(*size)
        light = Relight(photo)
        assert torch.equal(light.apply(photo), photo)
        assert torch.allclose(light.sketch(photo), photo, atol=1e-6)


def test_a_light_is_kept_however_often_it_is_taken_up() -> None:
    """Carried from frame to frame it would even out, were it not sketched first."""
    photo = steps_of_light(60, 100)
    local = torch.linspace(0.4, 1.0, 100).expand(3, 60, 100) * photo
    light = Relight(photo)
    kept = plain = first = light.apply(light.sketch(local)).clamp(0, 1)
    for _ in range(10):
        kept, plain = light.apply(light.sketch(kept)), light.apply(plain)
    assert float((kept - first).abs().mean()) < 0.01
    assert float((kept - first).abs().mean()) < 0.2 * float((plain - first).abs().mean())
