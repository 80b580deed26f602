"""Small inputs of the method for the tests that all methods share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.methods.colour.method import ColourInputs
from vidstyle.methods.colour.network import Colours
from vidstyle.methods.colour.options import LEARNT_ON, ColourOptions


def untaught() -> Colours:
    torch.manual_seed(0)
    return Colours().eval().requires_grad_(False)


def inputs(
    options: ColourOptions, pictures: Sequence[Tensor], guidance: object, folder: Path
) -> ColourInputs:
    return ColourInputs(options, colours=untaught(), seen_by=VGG(load(find(LEARNT_ON)).tensors))
