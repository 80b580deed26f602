"""How many steps a painting takes at which size, and by which minimiser."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.methods.style.options import NeuralOptions
from vidstyle.optimize import pyramid_sizes

_RATE = 0.03
# A warped frame is nearly right already: larger steps would only shake it.
_RATE_AFTER = 0.01
# Shares of a frame that no earlier frame shows: up to the first, there is time to paint it in the frames that
# follow; from the second on, it takes as many steps as a shot's first frame.
_FEW, _AS_NEW = 0.05, 0.5


@dataclass(frozen=True)
class Search:
    """How a picture is minimised; see `minimise`."""

    optimizer: str
    steps: int
    rate: float


@dataclass(frozen=True)
class _Steps:
    """Steps at each small size, the last but one and the full size of a shot's first frame, and after it."""

    coarse: int
    middle: int
    fine: int
    after: int


_STEPS = {
    "draft": _Steps(40, 15, 35, 7),
    "standard": _Steps(50, 25, 60, 10),
    "high": _Steps(80, 60, 140, 30),
}


class Schedule:
    """The searches that paint a frame, as the options ask for them. after: steps of a frame after others."""

    def __init__(self, options: NeuralOptions) -> None:
        usual = _STEPS[options.quality]
        self._chosen = options.optimizer
        self._fine, self.after = options.steps or usual.fine, options.next_steps or usual.after
        self._coarse, self._middle = (
            round(steps * self._fine / usual.fine) for steps in (usual.coarse, usual.middle)
        )

    def levels(self, height: int, width: int) -> list[tuple[tuple[int, int], Search]]:
        """Sizes of a shot's first frame, coarse to fine, and how the picture is searched at each.

        Adam's equal steps everywhere fill plain areas with strokes, which is decided while the picture is
        small; L-BFGS gets furthest with the steps that cost most.
        """
        sizes = pyramid_sizes(height, width)
        coarse, middle, fine = (
            self._search(self._coarse, _RATE, "adam"),
            self._search(self._middle, _RATE, "lbfgs"),
            self._search(self._fine, _RATE, "lbfgs"),
        )
        if len(sizes) == 1:
            # From a plain picture L-BFGS alone would take a first step without measure.
            half = self._fine // 2
            halves = self._search(half, _RATE, "adam"), self._search(self._fine - half, _RATE, "lbfgs")
            return [(sizes[0], each) for each in halves if each.steps]
        searches = [*[coarse] * (len(sizes) - 2), middle, fine] if len(sizes) > 2 else [coarse, fine]
        return list(zip(sizes, searches, strict=True))

    def later(self, fresh: float = 0.0) -> Search:
        """Of a frame after others. fresh: the share of it that none of them shows."""
        more = min(1.0, max(0.0, fresh - _FEW) / (_AS_NEW - _FEW))
        steps = self.after + round(more * max(0, self._fine - self.after))
        return self._search(steps, _RATE_AFTER, "lbfgs")

    def _search(self, steps: int, rate: float, best: str) -> Search:
        """`best`: the minimiser for this where the options leave it open."""
        return Search(best if self._chosen == "auto" else self._chosen, steps, rate)
