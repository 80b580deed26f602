"""The painting methods. They share one contract (see `base`) and never import each other."""

from vidstyle.methods.neural import NeuralStyle

__all__ = ["METHODS", "NeuralStyle"]

METHODS = {"style": NeuralStyle}
"""Method name, as on the command line -> the class that keeps `base.Method`'s contract."""
