"""How fast a clip flickers: the temporal spectrum of its brightness along the motion of its input."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from vidstyle.image.colour import luminance
from vidstyle.image.warp import warp

CELLS = 16
"""Cells down and across a picture: finer than a face, coarser than a brush stroke's edge."""
LENGTH = 32
"""Changes in a segment; the spectrum has LENGTH // 2 + 1 bands, whatever the length of the clip."""
_LEAST = 4  # changes; fewer have no spectrum


class FlickerSpectrum:
    """Power of the brightness changes of a clip at each frequency, added up pair by pair.

    The change of cell b from frame t to t + 1, seen by an eye that follows the motion of the input clip:
        d_b(t) = Σ M (warp(Y_t+1) − Y_t) / Σ M, over the pixels of the cell; 0 where M is 0 throughout,
    with Y the luma in [0, 1]. Its spectrum is estimated by Welch's method (1967): segments of N = LENGTH
    changes, each half over the one before, none across a cut, under a Hann window w, and the mean over cells
    and segments of
        P(k) = |Σ_n w_n d_b(n) exp(−2πi k n / N)|² / (N Σ w²),  k = 0 ... N/2.
    Brightness that alternates by ±a has changes of ±2a and its peak at the last band, half the frame rate.
    Random flicker rises towards that end, slow drift lies at the other. Memory does not grow with the clip.
    """

    def __init__(self) -> None:
        self._changes: deque[Tensor] = deque(maxlen=LENGTH)
        self._fresh = 0  # changes that are in no segment yet
        self._total = torch.zeros(LENGTH // 2 + 1, dtype=torch.float64)
        self._weight = 0

    def add(self, current: Tensor, following: Tensor, vectors: Tensor, mask: Tensor) -> None:
        """Add the next pair of a shot; the arguments of `vidstyle.metrics.warping_error`."""
        cells = min(CELLS, current.shape[1]), min(CELLS, current.shape[2])
        change = mask * (warp(luminance(following)[:1], vectors) - luminance(current)[:1])
        share = adaptive_avg_pool2d(mask.float(), cells)
        moved = adaptive_avg_pool2d(change.float(), cells)
        self._changes.append(torch.where(share > 0, moved / share, 0).flatten().double())
        self._fresh += 1
        if len(self._changes) == LENGTH and self._fresh >= LENGTH // 2:
            self._add_segment()

    def end_shot(self) -> None:
        """No segment reaches across this point. What is left makes one of its own, if it is long enough."""
        if self._fresh and len(self._changes) >= _LEAST:
            self._add_segment()
        self._changes.clear()
        self._fresh = 0

    @property
    def power(self) -> list[float] | None:
        """P at 0, 1 / LENGTH, ... 1/2 cycles per frame; None where no shot has had enough frames."""
        return (self._total / self._weight).tolist() if self._weight else None

    def _add_segment(self) -> None:
        changes = torch.stack(list(self._changes))
        # Without the window's zeros at both ends, so that short segments keep all they have.
        window = torch.hann_window(len(changes) + 2, periodic=False, dtype=torch.float64)[1:-1]
        found = torch.fft.rfft(changes * window[:, None], n=LENGTH, dim=0).abs().square().mean(dim=1)
        self._total += len(changes) * found / (LENGTH * window.square().sum())
        self._weight += len(changes)
        self._fresh = 0


def mean_square(power: Sequence[float], lowest: int = 0) -> float:
    """The mean square of the changes at band `lowest` and above: Σ P over both signs of the frequency."""
    both = [value if k in (0, len(power) - 1) else 2 * value for k, value in enumerate(power)]
    return sum(both[lowest:])
