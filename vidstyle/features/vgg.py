"""VGG-19's convolutions with layers by name (Simonyan & Zisserman 2014).

The topology is VGG-19's; the channels and the rank of a convolution are whatever the weights say, so thinner
networks fit too, and weights that stop early give a network that stops early.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vidstyle.device import constant
from vidstyle.errors import UsageError
from vidstyle.features.compiling import compiled
from vidstyle.features.convolutions import CONV_INDEX, built, key, outer, parts, reached

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


_ORDER = list(CONV_INDEX)


def _suffix(layer: str) -> str:
    match = re.fullmatch(r"(?:relu|conv)([1-5]_[1-4])", layer)
    if not match or match[1] not in CONV_INDEX:
        raise UsageError(
            f"{layer!r} is not a layer of VGG-19; layers are conv1_1 ... conv5_4 and relu1_1 ... relu5_4"
        )
    return match[1]


def stride(layer: str) -> int:
    """Pixels of the picture per position of `layer`: 1, 2, 4, 8 or 16."""
    return int(2 ** (int(_suffix(layer)[0]) - 1))


def reach(layer: str) -> int:
    """Pixels beside those of a position of `layer` on which its response depends, on any side, at most.

    As many positions of the layer as a wrong border of the picture spoils, in pixels.
    """
    spoilt, last = 0, _suffix(layer)
    for suffix in _ORDER[: _ORDER.index(last) + 1]:
        if _pools_before(suffix):
            spoilt = -(-spoilt // 2)
        spoilt += 1
    return spoilt * stride(layer)


def _pools_before(suffix: str) -> bool:
    return suffix.endswith("_1") and suffix != "1_1"


Joins = tuple[Sequence[int], Sequence[int]]
"""Heights and widths of the parts that a picture is laid together from; see `VGG.forward`."""


class VGG(nn.Module):
    """The network up to the deepest convolution whose weights are given.

    weights: by torchvision's names, float; see `convolutions.parts`, also for ones of low rank.
    pooling: "average" (smoother gradients: for painting) or "max" (as trained: for matching).
    Responses are continued by reflection at every convolution. Zeros would darken the borders and give them
    textures of their own; repeated pixels make strokes crowd along them, because a stroke at the border goes
    on for ever there.
    """

    def __init__(self, weights: Mapping[str, Tensor], pooling: str = "average") -> None:
        super().__init__()
        self.pooling = pooling
        suffixes = reached(weights)
        self.depth = len(suffixes)
        for suffix in suffixes:
            self.add_module(f"conv{suffix}", built(parts(weights, suffix)))
        self.requires_grad_(False)
        self.to(memory_format=torch.channels_last)
        self._compiled: Callable[..., dict[str, Tensor]] | None = None

    def compile_steps(self) -> VGG:
        """Compile what runs where a gradient is asked for; see `compiling.compiled`. Returns the network.

        All else runs as before: responses that are kept as targets outlast the next call.
        """
        self._compiled = compiled(self._run)
        return self

    @property
    def dtype(self) -> torch.dtype:
        """In which it computes."""
        return next(self.parameters()).dtype

    @property
    def layers(self) -> list[str]:
        """The names relu1_1 … of the layers that the weights reach, in order."""
        return [f"relu{suffix}" for suffix in _ORDER[: self.depth]]

    def forward(
        self, image: Tensor, layers: Iterable[str], *, wrap: bool = False, joins: Joins = ((), ())
    ) -> dict[str, Tensor]:
        """Responses of `layers` to `image` float32 (N, 3, H, W) in [0, 1].

        wrap: beyond a border lies the opposite side, as in a picture that tiles the plane, not the border.
        joins: heights and widths of the parts of a picture that is laid together from parts of one that
            wraps: pooling goes over their joins as over the borders of the whole.

        Returns {layer: (N, C, h, w)} in the network's dtype; runs no deeper than the deepest layer asked for.
        Raises UsageError for a layer that the weights do not reach.
        """
        wanted = {layer: _suffix(layer) for layer in layers}
        stop = max((_ORDER.index(suffix) for suffix in wanted.values()), default=-1)
        if stop >= self.depth:
            missing = [layer for layer, suffix in wanted.items() if _ORDER.index(suffix) >= self.depth]
            raise UsageError(f"these features stop at {self.layers[-1]}; they have no {', '.join(missing)}")
        x = (image - constant(MEAN, image).view(1, 3, 1, 1)) / constant(STD, image).view(1, 3, 1, 1)
        run = self._compiled if self._compiled is not None and x.requires_grad else self._run
        return run(x, tuple(wanted), stop, wrap, joins)

    def _run(
        self, x: Tensor, wanted: Sequence[str], stop: int, wrap: bool, joins: Joins
    ) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        x = x.to(dtype=self.dtype, memory_format=torch.channels_last)
        for suffix in _ORDER[: stop + 1]:
            if _pools_before(suffix):
                x, joins = self._pool(_evened(x, joins), wrap), _halved(joins)
            x = self._convolved(x, suffix, wrap)
            if (conv := f"conv{suffix}") in wanted:
                found[conv] = x
            # What nobody asked for is not kept: of a large picture it is gigabytes.
            x = F.relu(x, inplace=conv not in wanted)
            if (relu := f"relu{suffix}") in wanted:
                found[relu] = x
        return {layer: found[layer] for layer in wanted}

    def onward(self, response: Tensor, start: str, layer: str) -> Tensor:
        """The response of `layer`, a relu layer after `start`, to `response` (N, C, h, w) of `start`.

        The part of the network between the two, which is all that has to run: {relu4_1 → relu5_1}, say.
        """
        first, last = (_ORDER.index(_suffix(name)) for name in (start, layer))
        x = response.to(dtype=self.dtype, memory_format=torch.channels_last)
        for suffix in _ORDER[first + 1 : last + 1]:
            x = F.relu(self._convolved(self._pool(x) if _pools_before(suffix) else x, suffix))
        return x

    def _convolved(self, x: Tensor, suffix: str, wrap: bool = False) -> Tensor:
        # A single row or column has nothing that it could be reflected from.
        mode = "circular" if wrap else "reflect" if min(x.shape[2:]) > 1 else "replicate"
        convolved: Tensor = self.get_submodule(f"conv{suffix}")(F.pad(x, (1, 1, 1, 1), mode=mode))
        return convolved

    def _pool(self, x: Tensor, wrap: bool = False) -> Tensor:
        if wrap:
            x = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2), mode="circular")
        # ceil_mode keeps a position for a last odd row, so that tiny pictures never pool to nothing.
        if self.pooling == "max":
            return F.max_pool2d(x, 2, ceil_mode=True)
        return F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)


def _evened(x: Tensor, joins: Joins) -> Tensor:
    """Responses (N, C, h, w) with every part of odd length continued by what follows it, but for the last."""
    for dim, lengths in zip((2, 3), joins, strict=True):
        if any(length % 2 for length in lengths[:-1]):
            parts = x.split(list(lengths), dim)
            laid = [parts[0]]
            for before, part in pairwise(parts):
                laid += [part.narrow(dim, 0, 1)] * (before.shape[dim] % 2) + [part]
            x = torch.cat(laid, dim)
    return x


def _halved(joins: Joins) -> Joins:
    """What pooling makes of the lengths."""
    rows, columns = ([-(-length // 2) for length in lengths] for lengths in joins)
    return rows, columns


def calibrated(weights: Mapping[str, Tensor], pictures: Sequence[Tensor]) -> dict[str, Tensor]:
    """`weights` rescaled so that every layer's mean activation over `pictures` is 1 ("normalised VGG").

    pictures: batches float32 (N, 3, H, W) in [0, 1]. ReLU networks are positively homogeneous, so scaling a
    layer by 1/m and what the next layer takes from it by m changes no function, only the scale of the
    responses (Gatys, Ecker & Bethge 2015).

    Departure: they rescale every channel by itself. Many of VGG-19's channels hardly ever fire; brought to
    the same mean they have by far the largest Gram entries, and the painting breaks up into coloured specks
    (style loss after 240 steps 0.18 against 0.03 with one factor per layer).
    """
    network = VGG(weights)
    totals = dict.fromkeys(network.layers, 0.0)
    for batch in pictures:
        for layer, response in network(batch, network.layers).items():
            totals[layer] += float(response.mean()) / len(pictures)
    result = dict(weights)
    incoming = 1.0
    for layer in network.layers:
        mean, suffix = totals[layer] or 1.0, _suffix(layer)
        found = parts(weights, suffix)
        weight, bias = (outer(found, name) for name in ("weight", "bias"))
        result[key(suffix, weight)] = found[weight] * (incoming / mean)
        result[key(suffix, bias)] = found[bias] / mean
        incoming = mean
    return result
