"""VGG-19's convolutions to conv5_1 at any width: loading a teacher, calibrating, saving a student."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from vidstyle.features.convolutions import CONV_INDEX, channels, key, parts, reached
from vidstyle.features.vgg import MEAN, STD

NAMES = tuple(f"conv{suffix}" for suffix in CONV_INDEX)[:13]
WIDTHS = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512)
"""Channels of VGG-19's convolutions."""
RANKS = (0, 16, 32, 32, 64, 48, 32, 32, 64, 96, 128, 192, 320)
"""Of the student's convolutions; 0 where one is undivided."""
POOLED = ("conv2_1", "conv3_1", "conv4_1", "conv5_1")


class Network(nn.Module):
    """The convolutions, continued by reflection, of `widths` channels each, VGG-19's by default.

    ranks: where one is not 0 the convolution is divided in two: 3×3 to that many channels, then 1×1. Without,
    none is.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, ranks: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self.widths, self.ranks = widths, ranks or (0,) * len(widths)
        inputs = (3, *widths[:-1])
        shapes = zip(inputs, widths, self.ranks, strict=True)
        self.convolutions = nn.ModuleList(_convolution(*shape) for shape in shapes)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        for module in self.convolutions.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        self.to(memory_format=torch.channels_last)

    def normalise(self, pictures: Tensor) -> Tensor:
        """By ImageNet's mean and deviation."""
        return (pictures - self.mean) / self.std

    @property
    def names(self) -> tuple[str, ...]:
        """The convolutions that this network has."""
        return NAMES[: len(self.convolutions)]

    def forward(
        self, pictures: Tensor, depth: int | None = None, maximum: bool = False, linear: bool = False
    ) -> dict[str, Tensor]:
        """(n, 3, H, W) in [0, 1] -> ReLU outputs by convolution name, (n, C, h, w) each.

        Runs the first `depth` convolutions, or all. Pools by average, or by `maximum`. With `linear`, the
        outputs are those before ReLU.
        """
        x = self.normalise(pictures).contiguous(memory_format=torch.channels_last)
        pool = F.max_pool2d if maximum else F.avg_pool2d
        outputs = {}
        for name, convolution in zip(self.names[:depth], self.convolutions, strict=False):
            if name in POOLED:
                x = pool(x, 2)
            response = convolution(continued(x))
            x = F.relu(response)
            outputs[name] = response if linear else x
        return outputs


def _convolution(inputs: int, outputs: int, rank: int) -> nn.Module:
    """3×3, undivided or by way of `rank` channels; biases 0."""
    last = nn.Conv2d(rank, outputs, 1) if rank else nn.Conv2d(inputs, outputs, 3)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Conv2d(inputs, rank, 3, bias=False), last) if rank else last


def continued(responses: Tensor) -> Tensor:
    """(n, C, h, w) with a pixel more on every side, mirrored where there is anything to mirror."""
    mode = "reflect" if min(responses.shape[2:]) > 1 else "replicate"
    return F.pad(responses, (1, 1, 1, 1), mode=mode)


def outer(convolution: nn.Module) -> nn.Conv2d:
    """The part of one of a network's convolutions that makes its responses, and has the bias."""
    return convolution[-1] if isinstance(convolution, nn.Sequential) else convolution


def load(path: Path, least: int = 1) -> Network:
    """A teacher or a student, under the names of `vidstyle.features.convolutions`, `.pth` or `.safetensors`.

    Reads as many layers as the file has, to conv5_1, and refuses fewer than `least`.
    """
    if path.suffix == ".safetensors":
        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    return from_tensors(state, str(path), least)


def from_tensors(state: Mapping[str, Tensor], name: str, least: int = 1) -> Network:
    """The network of the tensors of a file that is called `name`; see `load`."""
    suffixes = reached(state)[: len(NAMES)]
    if len(suffixes) < max(1, least):
        index = list(CONV_INDEX.values())[len(suffixes)]
        raise SystemExit(f"{name} lacks features.{index}: a VGG-19 file with torchvision's names is needed")
    found = [parts(state, suffix) for suffix in suffixes]
    ranks = tuple(len(part["0.weight"]) if "0.weight" in part else 0 for part in found)
    network = Network(tuple(channels(state, suffix) for suffix in suffixes), ranks)
    for convolution, part in zip(network.convolutions, found, strict=True):
        convolution.load_state_dict(part)
    return network.requires_grad_(False)


def save(network: Network, path: Path, metadata: dict[str, str]) -> None:
    """Writes half-precision weights under the names that `load` reads."""
    state = {}
    for convolution, suffix in zip(network.convolutions, CONV_INDEX, strict=False):
        for name, tensor in convolution.state_dict().items():
            state[key(suffix, name)] = half = tensor.to(torch.float16).contiguous()
            if not torch.isfinite(half).all():
                raise SystemExit(f"{key(suffix, name)} does not fit half precision")
    save_file(state, path, metadata)


@torch.no_grad()
def mean_activations(network: Network, pictures: Tensor, batch: int = 16) -> dict[str, Tensor]:
    """Mean of each channel, (C,) by layer, with average pooling."""
    sums: dict[str, Tensor] = {}
    for part in pictures.split(batch):
        for name, output in network(part).items():
            sums[name] = sums.get(name, torch.zeros(())) + output.mean((2, 3)).sum(0)
    return {name: total / len(pictures) for name, total in sums.items()}


@torch.no_grad()
def calibrate(network: Network, pictures: Tensor) -> dict[str, Tensor]:
    """Rescales each layer to mean activation 1 in place, undone in the next one; returns former means.

    ReLU(s x) = s ReLU(x) for s > 0, so the function stays the same up to those scales. One factor a layer, as
    the package has it: the proportions of the channels are the network's own.
    """
    means = mean_activations(network, pictures)
    incoming = 1.0
    for name, convolution in zip(network.names, network.convolutions, strict=True):
        mean = float(means[name].mean())
        outer(convolution).weight.mul_(incoming / mean)
        outer(convolution).bias.div_(mean)
        incoming = mean
    return means
