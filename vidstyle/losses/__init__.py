"""The terms of a painting loss, each in a file of its own beside its equation.

A style loss is one `StyleLoss` and one line in `vidstyle.options.losses`; layers, regions and tiles are put
around it by `vidstyle.methods.styleterm` and `terms`.

Departure from Gatys, Ecker & Bethge (2016): where they have factors 1/(2 N M) and 1/(4 N² M²), the content
and style terms here are divided by the energy of their target, so that a picture without any response has
loss 1 at every layer. For one layer that is a constant factor; between layers it makes equal weights mean
equal importance, whatever the features' scale, the picture's size or the weights' origin.
"""

from __future__ import annotations

from importlib import import_module

from vidstyle.losses.loss import StyleLoss
from vidstyle.options.losses import LOSSES

__all__ = ["style_loss"]


def style_loss(name: str) -> type[StyleLoss]:
    """The loss that `--loss` calls `name`."""
    module, _, kind = LOSSES[name].partition(":")
    found: type[StyleLoss] = getattr(import_module(module), kind)
    return found
