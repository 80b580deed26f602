"""VGG-19's convolutions to conv5_1 at any width: loading a teacher, calibrating, saving a student."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

# Name, index in torchvision's `features`, channels of VGG-19, channels of the student. A pooling stands
# before each later block. Where a style is compared the student has all channels; what lies between is as
# narrow as it can be, for there the time goes.
LAYERS = (
    ("conv1_1", 0, 64, 64),
    ("conv1_2", 2, 64, 24),
    ("conv2_1", 5, 128, 128),
    ("conv2_2", 7, 128, 64),
    ("conv3_1", 10, 256, 256),
    ("conv3_2", 12, 256, 128),
    ("conv3_3", 14, 256, 96),
    ("conv3_4", 16, 256, 128),
    ("conv4_1", 19, 512, 512),
    ("conv4_2", 21, 512, 192),
    ("conv4_3", 23, 512, 128),
    ("conv4_4", 25, 512, 128),
    ("conv5_1", 28, 512, 512),
)
NAMES = tuple(name for name, *_ in LAYERS)
TEACHER = tuple(full for _, _, full, _ in LAYERS)
STUDENT = tuple(thin for *_, thin in LAYERS)
POOLED = ("conv2_1", "conv3_1", "conv4_1", "conv5_1")
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class Network(nn.Module):
    """The convolutions with replicate padding; `widths` are the channels of each, VGG-19's by default."""

    def __init__(self, widths: tuple[int, ...] = TEACHER) -> None:
        super().__init__()
        inputs = (3, *widths[:-1])
        self.convolutions = nn.ModuleList(nn.Conv2d(i, o, 3) for i, o in zip(inputs, widths, strict=True))
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        for convolution in self.convolutions:
            nn.init.kaiming_normal_(convolution.weight)
            nn.init.zeros_(convolution.bias)
        self.to(memory_format=torch.channels_last)

    def widths(self) -> tuple[int, ...]:
        """Channels of each convolution."""
        return tuple(convolution.out_channels for convolution in self.convolutions)

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
            response = convolution(F.pad(x, (1, 1, 1, 1), mode="replicate"))
            x = F.relu(response)
            outputs[name] = response if linear else x
        return outputs


def load(path: Path, least: int = 1) -> Network:
    """A teacher or a student from torchvision's keys (`features.0.weight` …), `.pth` or `.safetensors`.

    Reads as many layers as the file has, to conv5_1, and refuses fewer than `least`.
    """
    if path.suffix == ".safetensors":
        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    return from_tensors(state, str(path), least)


def from_tensors(state: Mapping[str, Tensor], name: str, least: int = 1) -> Network:
    """The network of the tensors of a file that is called `name`; see `load`."""
    there = [index for _, index, *_ in LAYERS if all(key in state for key in _keys(index))]
    if there != [index for _, index, *_ in LAYERS[: len(there)]] or len(there) < least:
        missing = next(key for _, index, *_ in LAYERS for key in _keys(index) if key not in state)
        raise SystemExit(f"{name} has no {missing}: a VGG-19 file with torchvision's names is needed")
    network = Network(tuple(state[_keys(index)[0]].shape[0] for index in there))
    with torch.no_grad():
        for convolution, index in zip(network.convolutions, there, strict=True):
            weight, bias = _keys(index)
            convolution.weight.copy_(state[weight])
            convolution.bias.copy_(state[bias])
    return network.requires_grad_(False)


def save(network: Network, path: Path, metadata: dict[str, str]) -> None:
    """Writes half-precision weights under torchvision's keys."""
    state = {}
    for convolution, (_, index, *_) in zip(network.convolutions, LAYERS, strict=False):
        for key, tensor in zip(_keys(index), (convolution.weight, convolution.bias), strict=True):
            state[key] = tensor.detach().to(torch.float16).contiguous()
            if not torch.isfinite(state[key]).all():
                raise SystemExit(f"{key} does not fit half precision")
    save_file(state, path, metadata)


def _keys(index: int) -> tuple[str, str]:
    return f"features.{index}.weight", f"features.{index}.bias"


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
        convolution.weight.mul_(incoming / mean)
        convolution.bias.div_(mean)
        incoming = mean
    return means
