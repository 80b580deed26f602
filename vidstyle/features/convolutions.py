"""The convolutions of a set of weights, each whole or divided in two."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

_CONVS_PER_BLOCK = (2, 2, 4, 4, 4)
_WHOLE = ("weight", "bias")
_DIVIDED = ("0.weight", "1.weight", "1.bias")


def _indices() -> dict[str, int]:
    names, index = {}, 0
    for block, count in enumerate(_CONVS_PER_BLOCK, start=1):
        for conv in range(1, count + 1):
            names[f"{block}_{conv}"] = index
            index += 2
        index += 1
    return names


CONV_INDEX = _indices()
"""Layer suffix, "1_1" … "5_4", in network order -> index in torchvision's `vgg19().features`."""


def parts(weights: Mapping[str, Tensor], suffix: str) -> dict[str, Tensor]:
    """The tensors of the convolution `suffix` ("1_1") by their names in the module that `built` makes.

    A whole convolution has "features.N.weight" (out, in, 3, 3) and "features.N.bias" (out,), torchvision's
    names. One of low rank k is divided in two (Jaderberg, Vedaldi & Zisserman 2014; Zhang et al. 2015), 3×3
    and 1×1, and has "features.N.0.weight" (k, in, 3, 3), "features.N.1.weight" (out, k, 1, 1) and
    "features.N.1.bias" (out,). Returns {} where neither is complete.
    """
    for names in (_WHOLE, _DIVIDED):
        found = {name: weights.get(key(suffix, name)) for name in names}
        if all(tensor is not None for tensor in found.values()):
            return found  # type: ignore[return-value]
    return {}


def key(suffix: str, name: str) -> str:
    """The name in a set of weights of a tensor that `parts` calls `name`."""
    return f"features.{CONV_INDEX[suffix]}.{name}"


def reached(weights: Mapping[str, Tensor]) -> list[str]:
    """Suffixes of the convolutions that are there from the first on without a gap, in order."""
    found = []
    for suffix in CONV_INDEX:
        if not parts(weights, suffix):
            break
        found.append(suffix)
    return found


def channels(weights: Mapping[str, Tensor], suffix: str) -> int:
    """How many channels the responses of a convolution that is there have."""
    found = parts(weights, suffix)
    return len(found[outer(found, "bias")])


def outer(found: Mapping[str, Tensor], name: str) -> str:
    """The name among `parts` of the "weight" or "bias" that makes the responses."""
    return name if name in found else f"1.{name}"


def fault(found: Mapping[str, Tensor], incoming: int, most: int) -> str | None:
    """What is wrong with `parts` that see `incoming` channels, or None. most: channels that are believed."""
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
    if "weight" in found:
        weight, bias = (shapes[name] for name in _WHOLE)
        wanted = f"VGG-19 needs (N, {incoming}, 3, 3)"
        fits = len(weight) == 4 and weight[1:] == (incoming, 3, 3) and bias == weight[:1]
        shown = weight
    else:
        first, weight, bias = (shapes[name] for name in _DIVIDED)
        wanted = f"a divided convolution needs (K, {incoming}, 3, 3) and (N, K, 1, 1)"
        fits = len(first) == 4 and first[1:] == (incoming, 3, 3) and weight[1:] == (first[0], 1, 1)
        fits = fits and len(weight) == 4 and bias == weight[:1]
        shown = first if first[1:] != (incoming, 3, 3) else weight
    fits = fits and all(1 <= len(tensor) <= most and tensor.is_floating_point() for tensor in found.values())
    return None if fits else f"has shape {shown}; {wanted}"


def built(found: Mapping[str, Tensor]) -> nn.Module:
    """The convolution of the `parts`; no padding."""
    if "weight" in found:
        module: nn.Module = _convolution(found["weight"], found["bias"])
    else:
        last = _convolution(found["1.weight"], found["1.bias"])
        module = nn.Sequential(_convolution(found["0.weight"], None), last)
    return module


def _convolution(weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    outgoing, incoming, side, _ = weight.shape
    module = nn.Conv2d(incoming, outgoing, side, bias=bias is not None)
    module.weight.data = weight.clone()
    if bias is not None:
        module.bias.data = bias.clone()  # type: ignore[union-attr]
    return module
