from __future__ import annotations

import math

import pytest
import torch

from vidstyle.image.resize import fit, resize, resize_flow


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_the_same_size_gives_equal_values():
    image = noise(3, 7, 9)
    assert torch.equal(resize(image, (7, 9)), image)


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (20, 30), (3, 40), (21, 2)])
@pytest.mark.parametrize("shape", [(3, 10, 12), (2, 3, 10, 12), (1, 1, 1)])
def test_shape_and_range(shape, size):
    image = (noise(*shape) > 0.5).float()
    out = resize(image, size)
    assert out.shape == (*shape[:-2], *size)
    assert out.min() >= image.min() and out.max() <= image.max()


@pytest.mark.parametrize("size", [(5, 4), (33, 27)])
def test_a_constant_channel_stays_exactly_constant(size):
    image = torch.tensor([0.1, 0.7]).reshape(2, 1, 1).expand(2, 16, 16)
    assert torch.equal(resize(image, size), image[:, :1, :1].expand(2, *size))


def test_shrinking_does_not_alias():
    checkerboard = (torch.arange(64)[:, None] + torch.arange(64)) % 2
    out = resize(checkerboard[None].float(), (16, 16))
    assert (out[:, 2:-2, 2:-2] - 0.5).abs().max() < 0.01


@pytest.mark.parametrize("scale", [2, 3, 0.5])
def test_positions_scale_about_pixel_centres(scale):
    size = int(36 * scale)
    columns = (torch.arange(36).float() + 0.5) / 36
    expected = (torch.arange(size).float() + 0.5) / size
    out = resize(columns.expand(1, 36, 36), (size, size))
    inside = slice(math.ceil(3 * scale), -math.ceil(3 * scale))
    assert torch.allclose(out[0, 5, inside], expected[inside], atol=1e-5)


def test_the_gradient_flows_through():
    image = noise(1, 4, 4).requires_grad_()
    resize(image, (8, 8)).sum().backward()
    assert image.grad is not None and (image.grad > 0).all()


@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_a_flow_scales_with_its_grid(mode):
    flow = torch.tensor([4.0, 6.0]).reshape(2, 1, 1).expand(2, 10, 20)
    out = resize_flow(flow, (30, 10), mode)
    assert out.shape == (2, 30, 10)
    assert torch.allclose(out[0], torch.tensor(2.0)) and torch.allclose(out[1], torch.tensor(18.0))


def test_a_resized_zoom_is_the_same_zoom():
    # dx = 0.1 * (x + 0.5): zooming about the corner, whatever the grid.
    columns = 0.1 * (torch.arange(40).float() + 0.5)
    flow = torch.stack([columns.expand(40, 40), torch.zeros(40, 40)])
    assert torch.allclose(resize_flow(flow, (20, 20))[0, 5, 2:-2], flow[0, 5, 2:18], atol=1e-5)


def test_nearest_invents_no_vectors_and_the_same_size_changes_nothing():
    flow = (noise(2, 8, 8) > 0.5).float() * 3
    assert set(resize_flow(flow, (16, 16), "nearest").unique().tolist()) == {0, 6}
    assert torch.equal(resize_flow(flow, (8, 8)), flow)


@pytest.mark.parametrize(
    "given, longest, expected",
    [
        ((1920, 1080), 320, (320, 180)),
        ((1080, 1920), 320, (180, 320)),
        ((1920, 1080), None, (1920, 1080)),
        ((640, 640), 256, (256, 256)),
        ((100, 50), 200, (200, 100)),
        ((4000, 3), 100, (100, 1)),
        ((1, 9000), 1, (1, 1)),
        ((1024, 436), 512, (512, 218)),
        ((3, 2), 4, (4, 3)),
    ],
)
def test_fit(given, longest, expected):
    assert fit(*given, longest) == expected


@pytest.mark.parametrize(
    "call",
    [
        lambda: resize(noise(3, 4, 4), (0, 4)),
        lambda: resize(noise(4, 4), (2, 2)),
        lambda: resize_flow(noise(3, 4, 4), (2, 2)),
        lambda: resize_flow(noise(2, 4, 4), (2, 2), "cubic"),
        lambda: fit(0, 4, 10),
        lambda: fit(4, 4, 0),
    ],
)
def test_wrong_arguments_are_refused(call):
    with pytest.raises(ValueError):
        call()
