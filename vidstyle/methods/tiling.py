"""In which tiles pictures are painted by a style term, in the memory there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from vidstyle.device import total_memory
from vidstyle.events import say_nothing
from vidstyle.features.convolutions import channels, reached
from vidstyle.features.recipes import Recipe, recipe_for
from vidstyle.features.vgg import reach, stride
from vidstyle.features.weights import Weights
from vidstyle.methods.base import Engine
from vidstyle.methods.styleterm import layers_of
from vidstyle.options.losses import StyleLossOptions

# Bytes that a step holds per pixel and byte of all responses to it, and those of the picture itself. Measured
# at 640x360 and 1280x720 with the bundled features (2120 in float32, 1300 in bfloat16).
_BYTES_OF_RESPONSES, _BYTES_OF_PICTURE = 2.8, 350
# Of the machine's memory, to paint pictures whole; tiles take half of that, pictures need the rest.
_SHARE_WHOLE = 0.4
_TILES = (256, 1024)  # sides: smaller ones run mostly over what overlaps, larger ones gain nothing
LIGHTER = ("--tile-size",)

_Options = TypeVar("_Options", bound=StyleLossOptions)


def tiled_within_memory(
    options: _Options,
    width: int,
    height: int,
    engine: Engine,
    more: Callable[[Recipe], Sequence[str]] = lambda recipe: (),
) -> _Options:
    """The options with the tiles in which frames of this size are painted; a notice tells of a choice.

    tile_size stays or becomes None where frames would be painted whole by themselves.
    more: the layers that are looked at beside those of the style, by the recipe.
    """
    total = total_memory(engine.device)
    if options.tile_size or total is None:
        return options
    weights = engine.weights
    layers = _used(options, weights, more)
    each = _BYTES_OF_PICTURE + _BYTES_OF_RESPONSES * engine.dtype.itemsize * sum(
        channels(weights.tensors, layer[4:]) / stride(layer) ** 2 for layer in layers
    )
    if width * height * each <= _SHARE_WHOLE * total:
        return replace(options, tile_size=None)
    if options.tile_size == 0:
        return options
    fitting = (_SHARE_WHOLE / 2 * total / each) ** 0.5 - 2 * max(map(reach, layers))
    least, most = _TILES
    side = int(min(max(fitting, least), most)) // 64 * 64
    engine.notice(
        f"painting {width}x{height} whole would take about {width * height * each / 1e9:.0f} GB: the network "
        f"goes over it in tiles of {side} pixels (--tile-size)"
    )
    return replace(options, tile_size=side)


def narrower_tiles(options: _Options, width: int, height: int) -> _Options | None:
    """The options with tiles of half the side; None where that does not help, and where none are wanted."""
    if options.tile_size == 0:
        return None
    least, most = _TILES
    # Of what is painted whole, no tile is as large as the half.
    side = (options.tile_size or min(2 * most, max(width, height))) // 2 // 64 * 64
    return replace(options, tile_size=side) if side >= least else None


def _used(options: StyleLossOptions, weights: Weights, more: Callable[[Recipe], Sequence[str]]) -> list[str]:
    """The layers that run to paint with these options, from the first to the deepest that is looked at."""
    there = [f"relu{suffix}" for suffix in reached(weights.tensors)]
    recipe = recipe_for(weights.source.kind, there, say_nothing)
    looked = [layer for loss in options.losses for layer in layers_of(options, recipe, loss)]
    looked = [layer.replace("conv", "relu") for layer in (*looked, *more(recipe))]
    deepest = max((there.index(layer) for layer in looked if layer in there), default=len(there) - 1)
    return there[: deepest + 1]
