"""The painting methods. They share one contract (see `base`) and never import each other."""

from vidstyle.methods import analogy, dfi, neural, texture
from vidstyle.methods.analogy import Analogy
from vidstyle.methods.base import Kind
from vidstyle.methods.dfi import Dfi
from vidstyle.methods.neural import NeuralStyle
from vidstyle.methods.texture import Texture
from vidstyle.options import AnalogyOptions, DfiOptions, NeuralOptions, PaintOptions, TextureOptions

__all__ = ["METHODS", "Analogy", "Dfi", "NeuralStyle", "Texture", "method_name"]

METHODS = {
    "style": Kind(NeuralOptions, neural.prepare),
    "analogy": Kind(AnalogyOptions, analogy.prepare, most=1),
    "dfi": Kind(DfiOptions, dfi.prepare, least=0, most=0),
    "texture": Kind(TextureOptions, texture.prepare),
}
"""Method name, as on the command line -> its options, and how it is made."""


def method_name(options: PaintOptions) -> str:
    """The name of the method that these options belong to."""
    return next(name for name, kind in METHODS.items() if kind.options is type(options))
