"""What the spine asks of filling."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.methods.base import Engine, Inputs, Method, Source, Work
from vidstyle.methods.fill.holes import Holes
from vidstyle.methods.fill.options import FillOptions
from vidstyle.methods.fill.painter import Filling
from vidstyle.methods.maps import open_map

_PASSES = 3  # forwards, backwards, and what is left
_FETCHED = 12  # times as quick as to search for: measured on a balloon that crosses a village


@dataclass(frozen=True, eq=False, kw_only=True)
class FillInputs(Inputs):
    """holes: where they are."""

    holes: Holes


class Fill(Method):
    """See `painter`."""

    uses_features = False

    def work(self, options: FillOptions, width: int, height: int) -> Work:
        """What other frames show is fetched; only what none does is searched for as in a picture."""
        pixels = width * height
        return Work(pixels, pixels / _FETCHED if options.sources else pixels)

    def open(self, options: FillOptions, source: Source) -> FillInputs:
        if options.hole is None:
            raise UsageError("give what is to be filled: --mask MASK, white where the hole is")
        clip = source.clip
        masks = open_map("--mask", options.hole, clip, source.start, source.stop)
        moves = clip.kind != "still" and clip.filmed
        holes = Holes(
            masks,
            follows=options.follow and moves,
            first=source.start,
            grow=options.grow,
            notice=source.engine.notice,
        )
        holes.check((clip.height, clip.width))
        return FillInputs(options, passes=_PASSES if moves and options.sources else 1, holes=holes)

    def painter(self, inputs: FillInputs, engine: Engine) -> Filling:
        return Filling(inputs.holes, inputs.passes, inputs.options.by)


METHOD = Fill()
