"""Layers and balance of the painting loss, in one place; what weights that stop early do without.

The balance was found by painting 24 photographs with twelve styles at 192 px and looking: the subject
recognised by anyone, the style unmistakable (scripts/BENCHMARKS.md, "Balance"). VGG-19 and the bundled
features, which answer as it does, share one recipe: what is tuned with one holds for the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vidstyle.errors import UsageError
from vidstyle.events import Notice


@dataclass(frozen=True)
class Recipe:
    """Layers and factors; a factor multiplies the user's weight of 1.

    style_layers: of statistics over all positions; patch_layers: where patches are matched.
    """

    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    patch_layers: tuple[str, ...]
    content: float
    style: float
    tv: float
    grain: float
    temporal: float


_STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_RECIPE = Recipe(
    ("relu3_2", "relu4_2"),
    _STYLE,
    ("relu3_1", "relu4_1"),
    content=5.0,
    style=30.0,
    tv=7.0,
    grain=1000.0,
    temporal=5000.0,
)
# Where the weights stop early, the subject is taken from the deepest of these that they reach.
_CONTENT_FALLBACK = ("relu4_2", "relu3_2", "relu2_2", "relu1_2")


def recipe_for(kind: str, layers: Sequence[str], notice: Notice) -> Recipe:
    """The recipe for weights of `kind` (see `weights.Source`) that reach `layers`, deepest last.

    Layers that they do not reach are left out, or replaced by the deepest sensible ones, with a notice.
    """
    recipe = _RECIPE
    style = tuple(layer for layer in recipe.style_layers if layer in layers)
    patch = tuple(layer for layer in recipe.patch_layers if layer in layers) or style[-1:]
    content = tuple(layer for layer in recipe.content_layers if layer in layers)
    if not content:
        content = next(((layer,) for layer in _CONTENT_FALLBACK if layer in layers), (layers[-1],))
    if (style, content) != (recipe.style_layers, recipe.content_layers) and kind == "file":
        notice(
            f"these weights stop at {layers[-1]}: style from {', '.join(style)}, "
            f"patches from {', '.join(patch)}, "
            f"content from {', '.join(content)}"
        )
    return replace(recipe, style_layers=style, patch_layers=patch, content_layers=content)


def strengthened(recipe: Recipe, strength: float) -> Recipe:
    """The recipe for `strength` times the style: 0 is none, 1 the recipe as it is, to the bit.

    The ratio of style to content is strength² times that of the recipe: below 1 the style's weight is
    multiplied by it, above 1 the content's divided, so that neither grows beyond what the other terms are
    balanced against. Total variation and grain, there against the noise of the style, fall with the strength
    itself.

    The law was found by measurement (scripts/BENCHMARKS.md, "Strength") and by eye: neighbouring strengths in
    steps of a quarter look about equally different from one another, until little is left to gain.
    """
    ratio = strength**2
    less, more = min(1.0, ratio), max(1.0, ratio)
    quiet = min(1.0, strength)
    return replace(
        recipe,
        style=recipe.style * less,
        content=recipe.content / more,
        tv=recipe.tv * quiet,
        grain=recipe.grain * quiet,
    )


def check_layers(asked: Sequence[str], layers: Sequence[str]) -> None:
    """Raise UsageError for a layer in `asked` that is not among `layers`."""
    for layer in asked:
        if layer.replace("conv", "relu") not in layers:
            raise UsageError(f"layer {layer!r} is not in these features; they have relu1_1 to {layers[-1]}")
