"""How frames are matched or painted in the memory there is."""

from __future__ import annotations

import os
from dataclasses import replace

import torch

from vidstyle.features.convolutions import channels, reached
from vidstyle.features.recipes import Recipe, recipe_for
from vidstyle.features.vgg import reach, stride
from vidstyle.features.weights import Weights
from vidstyle.methods.styleterm import layers_of
from vidstyle.options import AnalogyOptions, NeuralOptions, TextureOptions
from vidstyle.types import Notice

# Bytes per pixel that matching holds at its finest level, both ways and one way: mostly what L-BFGS remembers
# of the features. Measured at 700x500 and a quarter added (11 300 both ways, 8 500 one way).
_BYTES = {"deconvolve": (14_000, 10_500), "warp": (6_500, 5_500)}
_SHARE = 0.6  # of the machine's memory; by all of it, not what is free now, so that a resumed job is the same

# Bytes that a step holds per pixel and byte of all responses to it, and those of the picture itself. Measured
# at 640x360 and 1280x720 with the bundled features (2120 in float32, 1300 in bfloat16).
_BYTES_OF_RESPONSES, _BYTES_OF_PICTURE = 2.8, 350
_SHARE_WHOLE = 0.4  # of the memory, to paint pictures whole; tiles take half of that, pictures need the rest
_TILES = (256, 1024)  # sides: smaller ones run mostly over what overlaps, larger ones gain nothing


def within_memory(
    options: AnalogyOptions, width: int, height: int, device: torch.device, notice: Notice
) -> AnalogyOptions:
    """The options with a size of matching that fits into the memory; a notice tells where it is reduced."""
    total = total_memory(device)
    if options.match_size is not None or total is None:
        return options
    each = _BYTES[options.route][options.one_way]
    pixels = _SHARE * total / each
    if width * height <= pixels:
        return options
    longest = max(16, int(max(width, height) * (pixels / (width * height)) ** 0.5))
    notice(
        f"matching {width}x{height} would take about {width * height * each / 1e9:.0f} GB: frames are "
        f"matched at {longest} pixels; the result has full size (--match-size, --one-way, --route warp)"
    )
    return replace(options, match_size=longest)


def tiled_within_memory(
    options: NeuralOptions | TextureOptions,
    width: int,
    height: int,
    weights: Weights,
    dtype: torch.dtype,
    device: torch.device,
    notice: Notice,
) -> NeuralOptions | TextureOptions:
    """The options with the tiles in which frames of this size are judged; a notice tells of a choice.

    tile_size stays or becomes None where frames would be judged whole by themselves.
    """
    total = total_memory(device)
    if options.tile_size or total is None:
        return options
    layers = _used(options, weights)
    each = _BYTES_OF_PICTURE + _BYTES_OF_RESPONSES * dtype.itemsize * sum(
        channels(weights.tensors, layer[4:]) / stride(layer) ** 2 for layer in layers
    )
    if width * height * each <= _SHARE_WHOLE * total:
        return replace(options, tile_size=None)
    if options.tile_size == 0:
        return options
    fitting = (_SHARE_WHOLE / 2 * total / each) ** 0.5 - 2 * max(map(reach, layers))
    least, most = _TILES
    side = int(min(max(fitting, least), most)) // 64 * 64
    notice(
        f"painting {width}x{height} whole would take about {width * height * each / 1e9:.0f} GB: the network "
        f"goes over it in tiles of {side} pixels (--tile-size)"
    )
    return replace(options, tile_size=side)


def _used(options: NeuralOptions | TextureOptions, weights: Weights) -> list[str]:
    """The layers that run to paint with these options, from the first to the deepest that is looked at."""
    there = [f"relu{suffix}" for suffix in reached(weights.tensors)]
    looked = _looked_at(options, recipe_for(weights.source.kind, there, lambda line: None))
    deepest = max((there.index(layer) for layer in looked if layer in there), default=len(there) - 1)
    return there[: deepest + 1]


def _looked_at(options: NeuralOptions | TextureOptions, recipe: Recipe) -> list[str]:
    layers = [layer for loss in options.losses for layer in layers_of(options, recipe, loss)]
    if isinstance(options, NeuralOptions):
        layers += options.content_layers or recipe.content_layers
    return [layer.replace("conv", "relu") for layer in layers]


def total_memory(device: torch.device) -> int | None:
    """Bytes of memory of the device or the machine; None where it does not say."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
