"""Convolutions whole and divided, as sets of weights have them."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from vidstyle.errors import WeightsError
from vidstyle.features.calibration import pictures
from vidstyle.features.convolutions import channels, key, parts, reached
from vidstyle.features.vgg import VGG, calibrated
from vidstyle.features.weights import WeightsFile, load


def _whole() -> dict[str, torch.Tensor]:
    """Three layers of 6, 8 and 5 channels; the second of rank 3."""
    random = torch.Generator().manual_seed(4)
    weights, incoming = {}, 3
    for suffix, outgoing in (("1_1", 6), ("1_2", 8), ("2_1", 5)):
        weight = torch.randn(outgoing, 9 * incoming, generator=random) * 0.2
        if suffix == "1_2":
            u, s, v = torch.linalg.svd(weight, full_matrices=False)
            weight = u[:, :3] * s[:3] @ v[:3]
        weights[key(suffix, "weight")] = weight.reshape(outgoing, incoming, 3, 3)
        weights[key(suffix, "bias")] = torch.randn(outgoing, generator=random) * 0.1
        incoming = outgoing
    return weights


def _divided() -> dict[str, torch.Tensor]:
    """The same network, the second layer in two."""
    weights = _whole()
    weight, bias = (weights.pop(key("1_2", name)) for name in ("weight", "bias"))
    u, s, v = torch.linalg.svd(weight.flatten(1), full_matrices=False)
    weights[key("1_2", "0.weight")] = (s[:3, None] * v[:3]).reshape(3, 6, 3, 3)
    weights[key("1_2", "1.weight")] = u[:, :3, None, None]
    return {name: tensor.contiguous() for name, tensor in (weights | {key("1_2", "1.bias"): bias}).items()}


def test_a_divided_convolution_of_full_rank_is_the_whole_one() -> None:
    picture = pictures(1, 48)[0]
    layers = ["relu1_1", "relu1_2", "conv2_1"]
    whole, divided = (VGG(weights)(picture, layers) for weights in (_whole(), _divided()))
    for layer in layers:
        torch.testing.assert_close(divided[layer], whole[layer], rtol=1e-4, atol=1e-5)


def test_what_is_there_is_known_by_its_parts() -> None:
    weights = _divided()
    assert reached(weights) == ["1_1", "1_2", "2_1"]
    assert sorted(parts(weights, "1_2")) == ["0.weight", "1.bias", "1.weight"]
    assert [channels(weights, suffix) for suffix in reached(weights)] == [6, 8, 5]
    del weights[key("1_2", "1.weight")]
    assert reached(weights) == ["1_1"]


def test_calibration_scales_a_divided_one_alike() -> None:
    batches = pictures(2, 48)
    networks = [VGG(calibrated(weights, batches)) for weights in (_whole(), _divided())]
    for layer in networks[0].layers:
        whole, divided = (network(batches[0], [layer])[layer] for network in networks)
        torch.testing.assert_close(divided, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("0.weight", (3, 7, 3, 3), r"conv1_2 has shape \(3, 7, 3, 3\); .* needs \(K, 6, 3, 3\)"),
        ("1.weight", (8, 4, 1, 1), r"conv1_2 has shape \(8, 4, 1, 1\); .* and \(N, K, 1, 1\)"),
        ("0.weight", (), "conv1_2 has shape"),
        ("1.bias", (9,), "conv1_2 has shape"),
    ],
)
def test_parts_that_do_not_fit_are_one_line(
    tmp_path_factory: pytest.TempPathFactory, name: str, shape: tuple[int, ...], words: str
) -> None:
    path = tmp_path_factory.mktemp("weights") / "divided.safetensors"
    save_file(_divided() | {key("1_2", name): torch.zeros(shape)}, path)
    with pytest.raises(WeightsError, match=words):
        load(WeightsFile("file", path))
