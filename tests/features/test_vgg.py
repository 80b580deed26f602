"""The network: VGG-19's topology, its names, its padding, its normalisation."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from vidstyle.errors import UsageError
from vidstyle.features.calibration import pictures
from vidstyle.features.convolutions import CONV_INDEX
from vidstyle.features.vgg import VGG, calibrated, stride


def random_weights(widths: dict[int, int], convolutions: int = 16, seed: int = 0) -> dict[str, torch.Tensor]:
    """He-initialised weights; widths: channels of each block."""
    generator = torch.Generator().manual_seed(seed)
    weights, incoming = {}, 3
    for suffix, index in list(CONV_INDEX.items())[:convolutions]:
        channels = widths[int(suffix[0])]
        scale = (2 / (9 * incoming)) ** 0.5
        weight = torch.randn(channels, incoming, 3, 3, generator=generator) * scale
        weights[f"features.{index}.weight"] = weight
        weights[f"features.{index}.bias"] = torch.randn(channels, generator=generator) * 0.05
        incoming = channels
    return weights


THIN = {1: 8, 2: 8, 3: 12, 4: 12, 5: 16}


def test_it_is_torchvisions_vgg19_away_from_the_border() -> None:
    from torchvision.models import vgg19

    torch.manual_seed(0)
    reference = vgg19(weights=None).features.eval()
    network = VGG({f"features.{k}": v for k, v in reference.state_dict().items()}, pooling="max")
    assert network.layers[-1] == "relu5_4" and len(network.layers) == 16
    image = torch.rand(1, 3, 112, 112)
    mean, std = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))
    x = (image - mean.view(1, 3, 1, 1)) / std.view(1, 3, 1, 1)
    expected = {}
    with torch.no_grad():
        for index, module in enumerate(reference[:21]):
            x = module(x)
            expected[index] = x.clone()
        found = network(image, ["relu1_1", "conv2_2", "relu3_1", "relu4_1"])
    for layer, index, margin in (
        ("relu1_1", 1, 1),
        ("conv2_2", 7, 4),
        ("relu3_1", 11, 4),
        ("relu4_1", 20, 8),
    ):
        inner = (..., slice(margin, -margin), slice(margin, -margin))
        assert torch.allclose(found[layer][inner], expected[index][inner], atol=1e-5)


def test_a_plain_picture_has_plain_responses() -> None:
    """Replication leaves no trace of the border; zero padding would."""
    network = VGG(random_weights(THIN))
    for response in network(torch.full((1, 3, 40, 56), 0.3), network.layers).values():
        assert float(response.flatten(2).std(dim=2).max()) < 1e-5


def test_calibration_changes_the_scale_only() -> None:
    weights = random_weights(THIN)
    batches = pictures(count=2, size=64)
    before, after = VGG(weights), VGG(calibrated(weights, batches))
    batch = torch.cat(batches)
    for layer, response in after(batch, after.layers).items():
        assert float(response.mean()) == pytest.approx(1, abs=1e-3)
        old = before(batch, [layer])[layer]
        assert torch.allclose(response * old.mean(), old * response.mean(), atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (33, 18)])
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_tiny_pictures_pool_to_something(size: tuple[int, int], pooling: str) -> None:
    found = VGG(random_weights(THIN), pooling)(torch.rand(1, 3, *size), ["relu5_1"])["relu5_1"]
    assert tuple(found.shape[2:]) == tuple(-(-side // 16) for side in size)
    assert bool(found.isfinite().all())


def test_average_pooling_of_an_odd_row_is_the_mean_of_what_is_there() -> None:
    network = VGG(random_weights(THIN))
    pooled = network._pool(torch.arange(15.0).view(1, 1, 3, 5))
    assert pooled[0, 0].tolist() == [[3.0, 5.0, 6.5], [10.5, 12.5, 14.0]]


def test_it_runs_no_deeper_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    network = VGG(random_weights(THIN))
    monkeypatch.setattr(network.conv3_2, "forward", lambda x: pytest.fail("ran too deep"))
    assert list(network(torch.rand(1, 3, 16, 16), ["relu3_1", "conv1_2"])) == ["relu3_1", "conv1_2"]


def test_weights_that_stop_early() -> None:
    network = VGG(random_weights(THIN, convolutions=8))
    assert network.layers[-1] == "relu3_4"
    with pytest.raises(UsageError, match=r"stop at relu3_4; they have no relu4_1"):
        network(torch.rand(1, 3, 16, 16), ["relu1_1", "relu4_1"])


@pytest.mark.parametrize("name", ["relu6_1", "relu1_3", "pool1", ""])
def test_a_name_that_is_no_layer(name: str) -> None:
    with pytest.raises(UsageError, match="is not a layer of VGG-19"):
        VGG(random_weights(THIN))(torch.rand(1, 3, 16, 16), [name])


def test_strides() -> None:
    assert [stride(f"relu{block}_1") for block in range(1, 6)] == [1, 2, 4, 8, 16]


def pulled(network: VGG, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """A sum over two layers, and its gradient."""
    x = image.clone().requires_grad_()
    found = network(x, ["relu1_1", "conv2_1"])
    loss = torch.stack([each.square().mean() for each in found.values()]).sum()
    return loss.detach(), torch.autograd.grad(loss, x)[0]


def test_compiled_it_answers_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced, with its gradient, as for any compiler; targets are seen by the network as it is."""
    traced = list[str]()

    def trace(run: Any, **how: Any) -> Any:
        traced.append(how["mode"])
        return torch._dynamo.optimize("aot_eager", nopython=True, dynamic=False)(run)

    monkeypatch.setattr(torch, "compile", trace)
    weights, image = random_weights(THIN, 3), torch.rand(1, 3, 17, 22)
    network = VGG(weights).compile_steps()
    assert traced == ["reduce-overhead"]
    for one, other in zip(pulled(network, image), pulled(VGG(weights), image), strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-8)
    assert torch.equal(network(image, ["relu2_1"])["relu2_1"], VGG(weights)(image, ["relu2_1"])["relu2_1"])


def test_where_nothing_can_compile_a_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(graph: Any, inputs: Any) -> Any:
        raise RuntimeError("no compiler here")

    monkeypatch.setattr(torch, "compile", lambda run, **how: torch._dynamo.optimize(fails)(run))
    with pytest.raises(
        UsageError, match=r"--compile: PyTorch cannot compile here \(.*no compiler here.*leave it out"
    ):
        pulled(VGG(random_weights(THIN, 3)).compile_steps(), torch.rand(1, 3, 16, 16))


@pytest.mark.slow
def test_compiled_for_this_machine_it_answers_alike() -> None:
    weights, image = random_weights(THIN, 3), torch.rand(1, 3, 17, 22)
    for one, other in zip(
        pulled(VGG(weights).compile_steps(), image), pulled(VGG(weights), image), strict=True
    ):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-7)
