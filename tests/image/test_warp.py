"""warp: known answers by construction."""

from __future__ import annotations

import pytest
import torch

from vidstyle.image.warp import MODES, in_frame, warp


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def constant_flow(dx: float, dy: float, height: int, width: int) -> torch.Tensor:
    return torch.tensor([float(dx), float(dy)]).reshape(2, 1, 1).expand(2, height, width).contiguous()


def ramp(height: int, width: int) -> torch.Tensor:
    """A plane: what either interpolation reproduces exactly, up to rounding."""
    rows, columns = torch.arange(height).float(), torch.arange(width).float()
    return (3 * columns + 5 * rows[:, None])[None]


EXACT = [mode for mode in MODES if mode != "quick"]


@pytest.mark.parametrize("mode", EXACT)
@pytest.mark.parametrize("shape", [(3, 7, 5), (2, 3, 6, 9), (1, 1, 1), (3, 1, 8), (4, 9, 1)])
def test_zero_flow_is_the_identity_bit_for_bit(mode, shape):
    image = noise(*shape)
    assert torch.equal(warp(image, torch.zeros(2, *shape[-2:]), mode), image)


@pytest.mark.parametrize("mode", EXACT)
@pytest.mark.parametrize("dx, dy", [(1, 0), (0, -2), (-3, 2), (100, -100)])
def test_whole_pixel_shifts_copy_pixels_and_clamp_at_the_border(mode, dx, dy):
    image = noise(3, 11, 13)
    rows = (torch.arange(11) + dy).clamp(0, 10)
    columns = (torch.arange(13) + dx).clamp(0, 12)
    assert torch.equal(warp(image, constant_flow(dx, dy, 11, 13), mode), image[:, rows][:, :, columns])


def test_the_sign_of_the_flow():
    image = torch.zeros(1, 5, 5)
    image[0, 2, 3] = 1
    # out[y, x] = image[y + dy, x + dx]: with (dx, dy) = (2, 1) the spot moves to x = 3 - 2, y = 2 - 1.
    expected = torch.zeros(1, 5, 5)
    expected[0, 1, 1] = 1
    assert torch.equal(warp(image, constant_flow(2, 1, 5, 5)), expected)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_a_ramp_is_interpolated_exactly_in_the_interior(mode):
    dx, dy = 1.25, -0.625
    out = warp(ramp(12, 14), constant_flow(dx, dy, 12, 14), mode)
    expected = ramp(12, 14) + 3 * dx + 5 * dy
    inside = (slice(None), slice(3, -3), slice(3, -3))
    assert torch.allclose(out[inside], expected[inside], atol=1e-5, rtol=0)


def test_bilinear_weights_at_a_known_fraction():
    image = torch.tensor([[[0.0, 1.0], [2.0, 4.0]]])
    flow = torch.zeros(2, 2, 2)
    flow[:, 0, 0] = torch.tensor([0.25, 0.5])
    # 0.5 * (0.75 * 0 + 0.25 * 1) + 0.5 * (0.75 * 2 + 0.25 * 4)
    assert warp(image, flow)[0, 0, 0].item() == 1.375


def test_bicubic_is_catmull_rom():
    image = torch.tensor([0.0, 0.5, 0.75, 1.0]).expand(1, 1, 4).contiguous()
    # Weights at one half are (-1, 9, 9, -1) / 16.
    expected = (-0.0 + 9 * 0.5 + 9 * 0.75 - 1.0) / 16
    assert warp(image, constant_flow(0.5, 0, 1, 4), "bicubic")[0, 0, 1].item() == pytest.approx(expected)


@pytest.mark.parametrize("mode", ["bicubic", "spline"])
def test_cubics_do_not_ring_at_an_edge(mode):
    edge = torch.zeros(1, 6, 12)
    edge[..., 6:] = 1
    out = warp(edge, constant_flow(0.37, 0.41, 6, 12), mode)
    assert out.min() == 0 and out.max() == 1
    assert 0 < out[0, 3, 5] < 1


def test_bicubic_is_closer_to_a_smooth_picture_than_bilinear():
    x = torch.arange(64).float()
    flow = constant_flow(0.5, 0, 4, 64)
    wave, truth = torch.sin(x / 2).expand(1, 4, 64), torch.sin((x + 0.5) / 2).expand(1, 4, 64)
    error = {m: (warp(wave, flow, m) - truth)[..., 2:-3].abs().mean() for m in ("bilinear", "bicubic")}
    assert error["bicubic"] < 0.5 * error["bilinear"]


@pytest.mark.parametrize(("period", "kept"), [(3, 0.76), (4, 0.972), (6, 0.995)])
def test_a_spline_keeps_fine_waves_that_bicubic_blurs(period, kept):
    x = torch.arange(50)
    there, truth = (
        (0.5 + 0.4 * torch.sin(2 * torch.pi * place / period + 0.3)).expand(1, 40, 50)
        for place in (x, x + 0.5)
    )
    energy = {m: warp(there, constant_flow(0.5, 0, 40, 50), m)[..., 10:-10].std() for m in MODES}
    assert energy["spline"] / truth[..., 10:-10].std() == pytest.approx(kept, abs=0.01)
    assert energy["bicubic"] < energy["spline"]


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 2), (5, 3)])
def test_a_spline_of_few_pixels_stays_within_them(size):
    image = noise(3, *size)
    out = warp(image, constant_flow(0.3, 0.6, *size), "spline")
    assert image.min() <= out.min() and out.max() <= image.max()


def test_a_spline_follows_a_parabola_far_from_the_border():
    x = torch.arange(60).float()
    out = warp((x * x).expand(1, 4, 60), constant_flow(0.3, 0, 4, 60), "spline")
    assert torch.allclose(out[..., 14:-14], ((x + 0.3) ** 2).expand(1, 4, 60)[..., 14:-14], rtol=1e-4)


@pytest.mark.parametrize("dx", [0, 3, -2])
def test_the_quick_way_copies_whole_pixels_but_for_rounding(dx: int) -> None:
    picture = noise(3, 20, 31)
    wanted = warp(picture, constant_flow(dx, 1, 20, 31), "nearest")
    assert torch.allclose(warp(picture, constant_flow(dx, 1, 20, 31), "quick"), wanted, atol=1e-4)


@pytest.mark.parametrize("mode", EXACT)
def test_a_constant_picture_stays_exactly_constant(mode):
    flow = 10 * noise(2, 9, 9) - 5
    assert torch.equal(warp(torch.full((1, 9, 9), 0.3), flow, mode), torch.full((1, 9, 9), 0.3))


def test_nearest_takes_the_closest_pixel():
    image = torch.arange(5.0).reshape(1, 1, 5)
    assert warp(image, constant_flow(0.4, 0, 1, 5), "nearest").flatten().tolist() == [0, 1, 2, 3, 4]
    assert warp(image, constant_flow(0.6, 0, 1, 5), "nearest").flatten().tolist() == [1, 2, 3, 4, 4]


@pytest.mark.parametrize("mode", MODES)
def test_a_batch_is_warped_picture_by_picture(mode):
    batch, flow = noise(3, 2, 8, 10), 4 * noise(2, 8, 10, seed=1) - 2
    assert torch.equal(warp(batch, flow, mode), torch.stack([warp(image, flow, mode) for image in batch]))


def test_the_result_lies_on_the_grid_of_the_flow():
    image = noise(3, 8, 10)
    assert torch.equal(warp(image, constant_flow(4, 2, 3, 5)), image[:, 2:5, 4:9])


@pytest.mark.parametrize("mode", MODES)
def test_extreme_vectors_stay_inside_the_picture(mode):
    flow = torch.zeros(2, 4, 4)
    flow[0, 0] = torch.tensor([1e10, -1e10, float("inf"), float("nan")])
    out = warp(ramp(4, 4), flow, mode)
    assert out[0, 0].tolist() == [9, 0, 9, 0]
    assert torch.equal(out[:, 1:], ramp(4, 4)[:, 1:])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "spline"])
def test_the_gradient_with_respect_to_the_image(mode):
    image = noise(2, 5, 6).double().requires_grad_()
    flow = (3 * noise(2, 5, 6, seed=2) - 1.5).double()
    assert torch.autograd.gradcheck(lambda x: warp(x, flow, mode), (image,))


def test_the_input_is_not_changed():
    image, flow = noise(3, 6, 6), noise(2, 6, 6, seed=1)
    before = image.clone(), flow.clone()
    warp(image, flow, "bicubic")
    assert torch.equal(image, before[0]) and torch.equal(flow, before[1])


def test_a_strided_view_is_warped_like_its_copy():
    view, flow = noise(8, 6, 3).permute(2, 0, 1), noise(2, 8, 6)
    assert torch.equal(warp(view, flow), warp(view.contiguous(), flow))


@pytest.mark.parametrize(
    "image, vectors, mode",
    [((5, 5), (2, 5, 5), "bilinear"), ((3, 5, 5), (3, 5, 5), "bilinear"), ((3, 5, 5), (2, 5, 5), "lanczos")],
)
def test_wrong_arguments_are_refused(image, vectors, mode):
    with pytest.raises(ValueError):
        warp(torch.zeros(image), torch.zeros(vectors), mode)


def test_in_frame_marks_the_edge_of_the_source():
    inside = in_frame(constant_flow(2, -1, 4, 6), (4, 6))
    expected = torch.zeros(1, 4, 6, dtype=torch.bool)
    expected[:, 1:, :4] = True
    assert torch.equal(inside, expected)


def test_in_frame_with_a_margin():
    flow = constant_flow(-0.4, 0, 3, 3)
    assert not in_frame(flow, (3, 3))[..., 0].any()
    assert in_frame(flow, (3, 3), margin=0.5).all()
    assert not in_frame(constant_flow(0, 0.6, 3, 3), (3, 3), margin=0.5)[:, -1].any()


def test_in_frame_of_a_still_picture_and_of_nonsense():
    assert in_frame(torch.zeros(2, 3, 3), (3, 3)).all()
    assert not in_frame(torch.full((2, 3, 3), float("nan")), (3, 3)).any()
    assert not in_frame(constant_flow(-0.01, 0, 3, 3), (3, 3))[0, :, 0].any()
