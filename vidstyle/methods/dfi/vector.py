"""The vector of an attribute: what has to be added to a picture's features to give the picture it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors.torch import save
from torch import Tensor

from vidstyle.atomic import write_whole
from vidstyle.checkpoints import read_tensors
from vidstyle.device import to_device
from vidstyle.errors import WeightsError
from vidstyle.image.resize import resize

_FORMAT = "vidstyle attribute vector 1"


@dataclass(frozen=True, eq=False, repr=False)
class AttributeVector:
    """w = mean φ(target neighbours) − mean φ(source neighbours) (Upchurch et al. 2017, section 3).

    layers: {layer: float32 (C, h, w)}. size: (height, width) in pixels of the pictures it comes from.
    fingerprint: of the weights, without which the numbers mean nothing.
    """

    layers: Mapping[str, Tensor]
    size: tuple[int, int]
    fingerprint: str

    def __post_init__(self) -> None:
        if not self.layers or any(part.ndim != 3 for part in self.layers.values()):
            raise ValueError("layers must be {name: (C, h, w)}, at least one")
        object.__setattr__(self, "layers", MappingProxyType(dict(self.layers)))

    @property
    def mean_square(self) -> float:
        """mean(w²) over all numbers of all layers."""
        total = sum(float(part.cpu().double().square().sum()) for part in self.layers.values())
        return total / sum(part.numel() for part in self.layers.values())

    def alpha(self, scaling: str) -> float:
        """The factor α of α·w at strength 1, to which it is in proportion.

        "raw": 1; the whole difference between the neighbours is added. "beta": 1 / mean(w²) (Upchurch et al.
            2017): less for what differs a lot anyway. An empty vector has α = 0.
        """
        if scaling == "raw":
            return 1.0
        return 1 / self.mean_square if self.mean_square > 0 else 0.0

    def on(self, device: torch.device) -> AttributeVector:
        """The same there."""
        parts = {layer: to_device(part, device) for layer, part in self.layers.items()}
        return AttributeVector(parts, self.size, self.fingerprint)

    def fitted(self, size: tuple[int, int], shapes: Mapping[str, tuple[int, ...]]) -> AttributeVector:
        """The same for pictures of another size, whose φ has `shapes` {layer: (C, h, w)}.

        Raises WeightsError where the network does not have these layers with as many channels.
        """
        have = {layer: part.shape[0] for layer, part in self.layers.items()}
        if have != {layer: shape[0] for layer, shape in shapes.items()}:
            raise WeightsError(f"the vector is for layers {_words(have)}, not for those of this network")
        parts = {layer: resize(part, shapes[layer][1:]) for layer, part in self.layers.items()}  # type: ignore[arg-type]
        return AttributeVector(parts, size, self.fingerprint)

    def save(self, path: Path) -> None:
        """Write it as .safetensors, whole or not at all. Raises OutputError."""
        facts = {
            "format": _FORMAT,
            "weights": self.fingerprint,
            "size": f"{self.size[0]} {self.size[1]}",
            "mean_square": repr(self.mean_square),
        }
        tensors = {layer: part.detach().cpu().contiguous() for layer, part in self.layers.items()}
        write_whole(path, save(tensors, facts))

    def __repr__(self) -> str:
        return f"AttributeVector({self.size[1]}x{self.size[0]}, {', '.join(self.layers)})"


def load_vector(path: Path, fingerprint: str) -> AttributeVector:
    """A vector that `AttributeVector.save` wrote.

    Raises WeightsError for another file, and for a vector of weights other than those of `fingerprint`.
    """
    tensors, facts = read_tensors(path) if path.suffix == ".safetensors" else ({}, {})
    if facts.get("format") != _FORMAT:
        raise WeightsError(f"{path}: not an attribute vector that vidstyle has saved")
    if facts.get("weights") != fingerprint:
        raise WeightsError(
            f"{path}: made with other features (sha256 {facts.get('weights', '?')[:12]}...) than these "
            f"({fingerprint[:12]}...); choose the same with --features, or make the vector anew"
        )
    ordered = {layer: tensors[layer].float() for layer in sorted(tensors)}
    if not all(bool(torch.isfinite(part).all()) for part in ordered.values()):
        raise WeightsError(f"{path}: holds values that are not finite; the file is damaged")
    try:
        height, width = (int(number) for number in facts["size"].split())
        return AttributeVector(ordered, (height, width), fingerprint)
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{path}: damaged, or not an attribute vector ({error})") from None


def _words(channels: Mapping[str, int]) -> str:
    return ", ".join(f"{layer} ({count} channels)" for layer, count in channels.items())
