"""What the spine asks of Deep Image Analogy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vidstyle.device import total_memory
from vidstyle.methods.analogy.matches import save_matches
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.analogy.painter import Analogy
from vidstyle.methods.base import Engine, Finished, Inputs, Method

# Bytes per pixel that matching holds at its finest level, both ways and one way: mostly what L-BFGS remembers
# of the features. Measured at 700x500 and a quarter added (11 300 both ways, 8 500 one way).
_BYTES = {"deconvolve": (14_000, 10_500), "warp": (6_500, 5_500)}
_SHARE = 0.6  # of the machine's memory; by all of it, not what is free now, so that a resumed job is the same


class DeepImageAnalogy(Method):
    """See `painter`."""

    lighter = ("--match-size",)

    def fitted(self, options: AnalogyOptions, width: int, height: int, engine: Engine) -> AnalogyOptions:
        """With a size of matching that fits into the memory."""
        total = total_memory(engine.device)
        if options.match_size is not None or total is None:
            return options
        each = _BYTES[options.route][options.one_way]
        pixels = _SHARE * total / each
        if width * height <= pixels:
            return options
        longest = max(16, int(max(width, height) * (pixels / (width * height)) ** 0.5))
        engine.notice(
            f"matching {width}x{height} would take about {width * height * each / 1e9:.0f} GB: frames are "
            f"matched at {longest} pixels; the result has full size (--match-size, --one-way, --route warp)"
        )
        return replace(options, match_size=longest)

    def painter(self, inputs: Inputs, engine: Engine) -> Analogy:
        """With max pooling: as the features were trained, and better to match by."""
        (exemplar,) = engine.moved(inputs.pictures)
        return Analogy(engine.network("max"), exemplar, inputs.options, engine.notice, engine.observer)

    def beside(self, inputs: Inputs, finished: Finished) -> list[Path]:
        if inputs.options.save_fields is not None:
            save_matches(Path(inputs.options.save_fields), finished)
        return []


METHOD = DeepImageAnalogy()
