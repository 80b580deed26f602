"""Weights of RAFT as its authors published them (Teed & Deng 2020), under torchvision's names.

Both networks compute the same, from RGB in [-1, 1]; only their parts are called differently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_PARALLEL = "module."  # what DataParallel, which they trained with, puts before every name
_ENCODERS = {"fnet": "feature_encoder", "cnet": "context_encoder"}
# A block's third normalisation is stored twice: it is the second part of `downsample`, too.
_TWICE = re.compile(r".net\.layer\d\.0\.norm3\.")
_RULES = {
    r"(.net)\.conv1": "{0}.convnormrelu.0",
    r"(.net)\.norm1": "{0}.convnormrelu.1",
    r"(.net)\.conv2": "{0}.conv",
    r"(.net)\.(layer\d\.\d)\.conv(\d)": "{0}.{1}.convnormrelu{2}.0",
    r"(.net)\.(layer\d\.\d)\.norm(\d)": "{0}.{1}.convnormrelu{2}.1",
    r"(.net)\.(layer\d\.\d\.downsample\.\d)": "{0}.{1}",
    r"update_block\.encoder\.convc(\d)": "update_block.motion_encoder.convcorr{0}.0",
    r"update_block\.encoder\.convf(\d)": "update_block.motion_encoder.convflow{0}.0",
    r"update_block\.encoder\.conv": "update_block.motion_encoder.conv.0",
    # The small one has a single recurrent unit, without a number.
    r"update_block\.gru\.(conv[zrq])": "update_block.recurrent_block.convgru1.{0}",
    r"update_block\.gru\.(conv[zrq])(\d)": "update_block.recurrent_block.convgru{1}.{0}",
    r"update_block\.(flow_head\.conv\d)": "update_block.{0}",
    r"update_block\.mask\.0": "mask_predictor.convrelu.0",
    r"update_block\.mask\.2": "mask_predictor.conv",
}


def is_original(tensors: Mapping[str, Tensor]) -> bool:
    """Whether a state dict is of the original network, by its names."""
    return any(name.removeprefix(_PARALLEL).partition(".")[0] in _ENCODERS for name in tensors)


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of the original under torchvision's names. Raises ValueError for a name it has not."""
    plain = {name.removeprefix(_PARALLEL): tensor for name, tensor in tensors.items()}
    return {_name(name): tensor for name, tensor in plain.items() if not _TWICE.match(name)}


def _name(original: str) -> str:
    part, _, parameter = original.rpartition(".")
    for pattern, name in _RULES.items():
        if found := re.fullmatch(pattern, part):
            return f"{name.format(*(_ENCODERS.get(group, group) for group in found.groups()))}.{parameter}"
    raise ValueError(f"the original RAFT has no {original}")
