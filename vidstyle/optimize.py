"""Minimising a loss over the pixels of a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.events import Observer, StepInfo
from vidstyle.lbfgs import LBFGS

HISTORY = 20
"""Pairs that L-BFGS keeps, two pictures each."""
# Bytes that it keeps of a picture that is judged in tiles, and pairs at least. With 8 pairs the loss ends up
# to 1 % higher than with 20, with 4 up to 4 %.
_HISTORY_BYTES, _LEAST_HISTORY = 1.6e9, 4

Terms = Callable[[Tensor], Mapping[str, Tensor]]
"""image float32 (3, H, W) -> the weighted loss terms by name; their sum is what is minimised."""


# What the first step of L-BFGS changes a value by, on average. Left to itself it changes all of them by 1
# together, and two steps more are gone before it knows how far to go.
_FIRST_CHANGE = 1e-3
_WINDOW = 10
_RANGE_WEIGHT = 100.0


@dataclass(frozen=True)
class Minimum:
    """image: float32 (3, H, W) in [0, 1]; losses: the last value of each term; steps: evaluations made.

    fall: by which share of itself the sum of the terms fell from the first evaluation to the last.
    """

    image: Tensor
    losses: Mapping[str, float]
    steps: int
    fall: float = 0.0


def pyramid_sizes(height: int, width: int, coarsest: int = 128, ratio: float = 1.6) -> list[tuple[int, int]]:
    """Sizes (height, width) from coarse to fine.

    The longest side grows from `coarsest` pixels to its full length, by the same factor of at most `ratio`. A
    picture no longer than `coarsest` has one size, its own.
    """
    longest = max(height, width)
    levels = max(0, math.ceil(math.log(longest / coarsest) / math.log(ratio) - 1e-9))
    sizes = []
    for level in range(levels, -1, -1):
        factor = (coarsest / longest) ** (level / levels) if levels else 1.0
        sizes.append((max(1, round(height * factor)), max(1, round(width * factor))))
    return sizes


def history_for(image: Tensor, tile: int | None) -> int:
    """How many pairs L-BFGS keeps of a picture float32 (3, H, W); fewer of one that is judged in tiles.

    tile: side in pixels of such tiles, where the picture is larger; None or 0 for none.
    """
    if not tile or max(image.shape[1:]) <= tile:
        return HISTORY
    return max(_LEAST_HISTORY, min(HISTORY, int(_HISTORY_BYTES / (2 * 4 * image.numel()))))


def minimise(
    image: Tensor,
    terms: Terms,
    *,
    steps: int,
    optimizer: str = "adam",
    rate: float = 0.03,
    tolerance: float = 0.0,
    limits: tuple[float, float] = (0.0, 1.0),
    history: int = HISTORY,
    smooth: bool = False,
    observer: Observer | None = None,
) -> Minimum:
    """The picture near `image`, float32 (3, H, W) in [0, 1], that makes the sum of `terms` small.

    steps: evaluations of the loss and its gradient, at most. rate: Adam's step in pixel values.
    tolerance: stop when the loss falls by less than this share of itself per step, over the last ten.

    "adam" returns the average of its iterates (weight 0.95), which is free of the noise that single steps
    leave; "lbfgs" keeps `history` pairs and returns its best iterate. Both work on any device.

    smooth: let "lbfgs" change the picture in blurred steps, as a preconditioner: what changes from pixel to
    pixel comes last, so that noise is not there before strokes are. The minimum is the same.

    With other `limits` than those of pixels the same searches a map of features, of any shape.
    observer: is shown every step, and changes nothing.
    """
    if optimizer == "adam":
        return _adam(image, terms, steps, rate, _Watch(tolerance, limits, observer))
    return _lbfgs(_Quasi(image, terms, limits, history, smooth), steps, _Watch(tolerance, limits, observer))


class _Watch:
    """Notes the loss of every step; says when it has stopped falling. Reads from the device once a window."""

    def __init__(self, tolerance: float, limits: tuple[float, float], observer: Observer | None) -> None:
        self.tolerance = tolerance
        self.limits = limits
        self.observer = observer
        self.window: list[Tensor] = []
        self.previous = math.inf
        self.steps = 0
        self.first: Tensor | None = None

    def add(self, loss: Tensor) -> bool:
        self.steps += 1
        if self.first is None:
            self.first = loss.detach()
        if self.tolerance <= 0:
            return False
        self.window.append(loss.detach())
        if len(self.window) < _WINDOW:
            return False
        mean = float(torch.stack(self.window).mean())
        self.window.clear()
        settled = self.previous - mean < self.tolerance * _WINDOW * abs(self.previous)
        settled = settled and math.isfinite(self.previous)
        self.previous = mean
        return settled

    def show(self, losses: Mapping[str, Tensor], image: Callable[[], Tensor]) -> None:
        """Let the observer see the step that has just been made; image: before it is clamped."""
        if self.observer is not None:
            values = {name: value.detach() for name, value in losses.items()}
            self.observer(StepInfo(self.steps + 1, values, lambda: image().detach().clamp(*self.limits)))

    def minimum(self, image: Tensor, losses: Mapping[str, float]) -> Minimum:
        """The result, once `image` and its `losses` are known."""
        first = math.nan if self.first is None else float(self.first)
        fall = 1 - sum(losses.values()) / first if first > 0 else 0.0
        return Minimum(image.clamp(*self.limits), losses, self.steps, fall)


def _values(terms: Mapping[str, Tensor]) -> dict[str, float]:
    if not terms:  # no step was made
        return {}
    numbers = torch.stack([value.detach() for value in terms.values()]).tolist()
    return dict(zip(terms, numbers, strict=True))


def _adam(image: Tensor, terms: Terms, steps: int, rate: float, watch: _Watch) -> Minimum:
    """Adam (Kingma & Ba 2015) on one tensor, with the pixels kept in range and the iterates averaged.

    Written out, because torch.optim.Adam takes seconds to import what it needs at its first step.
    """
    x = image.clone().requires_grad_(True)
    mean, square, average = (torch.zeros_like(image) for _ in range(3))
    beta_mean, beta_square, beta_average = 0.9, 0.99, 0.95
    last: Mapping[str, Tensor] = {}
    for step in range(1, steps + 1):
        last = terms(x)
        loss = torch.stack(list(last.values())).sum()
        (gradient,) = torch.autograd.grad(loss, x)
        with torch.no_grad():
            mean.lerp_(gradient, 1 - beta_mean)
            square.lerp_(gradient.square(), 1 - beta_square)
            deviation = (square / (1 - beta_square**step)).sqrt_().add_(1e-8)
            x.addcdiv_(mean, deviation, value=-rate / (1 - beta_mean**step)).clamp_(*watch.limits)
            average.lerp_(x, 1 - beta_average)
        watch.show(last, partial(_unbiased, average, beta_average, step))
        if watch.add(loss):
            break
    return watch.minimum(_unbiased(average, beta_average, watch.steps), _values(last))


def _unbiased(average: Tensor, beta: float, steps: int) -> Tensor:
    """A running average that began with 0, after some steps."""
    return average / (1 - beta**steps)


class _Quasi:
    """L-BFGS without a line search, as the video method's authors use it, and a guard in its place.

    A line search spends every other evaluation on distrust. Here each evaluation is a step; when one makes
    the loss twice the least so far, the search goes back there with half the step and a fresh memory.
    """

    def __init__(
        self, image: Tensor, terms: Terms, limits: tuple[float, float], history: int, smooth: bool
    ) -> None:
        self.terms, self.limits = terms, limits
        self.begin, self.smooth = image, smooth
        self.unit = _FIRST_CHANGE * image.numel()
        self.change = torch.zeros_like(image, requires_grad=True)
        self.best, self.best_change = image.clone(), torch.zeros_like(image)
        self.least, self.losses = image.new_full((), math.inf), dict[str, Tensor]()
        self.now = dict[str, Tensor]()
        self.search = LBFGS(history, rate=1.0)

    @torch.enable_grad()
    def _evaluated(self) -> tuple[Tensor, Tensor, Tensor]:
        """The picture, the loss and its gradient."""
        x = self.begin + self.unit * (_blurred(self.change) if self.smooth else self.change)
        last = dict(self.terms(x))
        # Clamping between steps would falsify the curvature that L-BFGS collects.
        outside = _RANGE_WEIGHT * (x - x.clamp(*self.limits)).square().mean()
        loss = torch.stack([*last.values(), outside]).sum()
        (gradient,) = torch.autograd.grad(loss, self.change)
        self.now = {name: value.detach() for name, value in last.items()}
        return x.detach(), loss.detach(), gradient

    @torch.no_grad()
    def step(self) -> Tensor:
        """One evaluation and the step from there; returns the loss before the step.

        Nothing is read from the device: where the loss is the least so far the picture is kept there, and
        where it has become twice that it is taken back there.
        """
        x, loss, gradient = self._evaluated()
        better = loss < self.least
        for kept, new in ((self.least, loss), (self.best, x), (self.best_change, self.change)):
            torch.where(better, new, kept, out=kept)
        for name, value in self.now.items():
            self.losses[name] = torch.where(better, value, self.losses.get(name, value))
        self.search.step(self.change.detach(), gradient)
        worse = ~(loss <= 2 * self.least)
        self.change.detach().copy_(torch.where(worse, self.best_change, self.change))
        self.search.restart(worse)
        return loss


def _blurred(change: Tensor) -> Tensor:
    """(C, H, W) with the kernel 1 2 1 down and across, its borders repeated."""
    padded = F.pad(change[None], (1, 1, 1, 1), mode="replicate")
    return F.avg_pool2d(F.avg_pool2d(padded, 2, 1), 2, 1)[0]


def _lbfgs(search: _Quasi, steps: int, watch: _Watch) -> Minimum:
    for _ in range(steps):
        loss = search.step()
        watch.show(search.now, lambda: search.best)
        if watch.add(loss):
            break
    return watch.minimum(search.best, _values(search.losses))
