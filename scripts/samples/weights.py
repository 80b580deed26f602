"""Weights of a feature network that has learnt nothing, to try what does not depend on what it responds to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file

from vidstyle.features.convolutions import CONV_INDEX, key


def write_weights(path: Path, channels: Sequence[int]) -> None:
    """VGG-19's first convolutions with so many channels each, random; always the same."""
    generator, tensors, incoming = torch.Generator().manual_seed(0), {}, 3
    for suffix, outgoing in zip(CONV_INDEX, channels, strict=False):
        filters = torch.randn(outgoing, incoming, 3, 3, generator=generator)
        tensors[key(suffix, "weight")] = filters * (2 / (9 * incoming)) ** 0.5
        tensors[key(suffix, "bias")] = torch.zeros(outgoing)
        incoming = outgoing
    save_file(tensors, path)
