"""The file of what was learnt of colours: weights in half precision, checked when read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file

from vidstyle.atomic import whole
from vidstyle.checkpoints import read_tensors
from vidstyle.errors import WeightsError
from vidstyle.methods.colour.network import Colours
from vidstyle.plain import json_text

SHIPPED = Path(__file__).with_name("colours.safetensors")
_ENTRY, _VERSION = "vidstyle_colours", 1


def write_colours(path: Path, colours: Colours, made: Mapping[str, str]) -> None:
    """Write a network whole or not at all. made: how it came about, in words and numbers."""
    halves = {name: each.detach().cpu().half().contiguous() for name, each in colours.state_dict().items()}
    with whole(path) as part:
        save_file(halves, part, {_ENTRY: json_text({"version": _VERSION, "made": dict(made)})})


def read_colours(path: Path) -> Colours:
    """Raises WeightsError for what is no such file, or damaged."""
    tensors, metadata = read_tensors(path)
    if _ENTRY not in metadata:
        raise WeightsError(f"{path} holds no colours that were learnt; reinstall vidstyle")
    colours = Colours()
    wanted = {name: each.shape for name, each in colours.state_dict().items()}
    if {name: each.shape for name, each in tensors.items()} != wanted or not all(
        bool(each.isfinite().all()) for each in tensors.values()
    ):
        raise WeightsError(f"{path} is damaged: its weights are not those of the network; reinstall vidstyle")
    colours.load_state_dict({name: each.float() for name, each in tensors.items()})
    return colours.eval().requires_grad_(False)


def as_stored(colours: Colours) -> Colours:
    """A network as it comes back from its file."""
    found = Colours()
    found.load_state_dict({name: each.cpu().half().float() for name, each in colours.state_dict().items()})
    return found.eval().requires_grad_(False)


def digest(path: Path) -> str:
    """sha256 of the file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
