"""Where one shot dissolves into the next, decided as frames stream by.

A dissolve mixes two shots: frame = share · its own scene + (1 − share) · another frame. Of a run of frames
each is then a mixture of the first and the last, more and more of the last; of what moves, this holds of
thumbnails, roughly. Up to its middle a frame belongs to the shot before, and is mixed with the frame that
the dissolve leads to; from there on to the shot after, and is mixed with the frame that it comes from.

What is said of a frame depends on frames within `REACH` alone, so that a run that begins so many frames
earlier says the same as an uninterrupted one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

import numpy as np

from ..types import Frame
from .fades import Fade
from .shots import LEAST_STRUCTURE, change_between, standard, thumbnail_of

REACH = 36  # frames from the last one before a dissolve to the first one after it

_SHORTEST = 8  # likewise
_UNEVEN = 0.2  # How far a share may be from one that grows evenly.
_UNLIKE = 0.25  # Of the change from one end to the other, what may be in a frame beside the mixture.
_PALER = 0.93  # Of the contrast of either, what the other must have: a mixture is paler than what moves.
_LEAST_MIXED = 0.02  # Of another frame: less is not taken away.
_LEAST_CHANGE = 10.0  # In 8-bit levels, from one end to the other.
_LEAST_CONTRAST = 6.0  # Likewise, the deviation of what is at either end: fades are none of these.


@dataclass(frozen=True, eq=False)
class Dissolve:
    """frame = share · scene + (1 − share) · other; share: at least 0.5."""

    share: float
    other: Frame


@dataclass(frozen=True, eq=False)
class _Seen:
    """frame: None where it has been given back and is not mixed with any that follows."""

    frame: Frame | None
    starts: bool
    fade: Fade | None
    thumbnail: np.ndarray


@dataclass(frozen=True, eq=False)
class _Span:
    """What may be a dissolve, from the frame of one place to that of another, counted from the beginning.

    run: thumbnails. shares: of the last frame in each, from 0 to 1. score: the greater, the better it fits.
    """

    first: int
    last: int
    run: Sequence[np.ndarray]
    shares: np.ndarray
    score: float

    @property
    def middle(self) -> int:
        """The place of the first frame of the shot after."""
        return self.first + int(np.argmax(self.shares >= 0.5))

    @cached_property
    def is_mixed(self) -> bool:
        """Whether the first and the last frame show different scenes, and those between mix the two."""
        run, whole = self.run, self.run[-1] - self.run[0]
        inside = (len(run) // 4, len(run) // 2, len(run) - 1 - len(run) // 4)
        mixed = [(run[0] + self.shares[at] * whole, run[at]) for at in inside]
        # The cheap comparison comes first; nothing that moves is taken into account by it.
        most = _UNLIKE * float(np.abs(whole).mean())
        for each, seen in mixed:
            one, other = each.std(), seen.std()
            if float(np.abs(each - seen).mean()) > most or min(one, other) < _PALER * max(one, other):
                return False
        if change_between(standard(run[0]), standard(run[-1])) < LEAST_STRUCTURE:
            return False
        most = _UNLIKE * change_between(run[0], run[-1])
        return all(change_between(each, seen) <= most for each, seen in mixed)


Seen = tuple[Frame, bool, Fade | None]


class DissolveDetector:
    """Takes frames in order; gives each back, `REACH` frames later, with what it is mixed with."""

    def __init__(self) -> None:
        self._window: deque[_Seen] = deque()
        self._begin = 0  # the place of the window's first frame
        self._next = 0  # the place of the first frame that is not decided
        self._spans: list[_Span] = []

    def push(self, frame: Frame, starts: bool, fade: Fade | None) -> Iterator[tuple[Seen, Dissolve | None]]:
        """Take the next frame; gives what is known by it."""
        self._window.append(_Seen(frame, starts, fade, thumbnail_of(frame)))
        self._spans += _spans(list(self._window), self._begin)
        if self._begin + len(self._window) - self._next > REACH:
            yield self._decide()

    def finish(self) -> Iterator[tuple[Seen, Dissolve | None]]:
        """The last frames."""
        while self._next < self._begin + len(self._window):
            yield self._decide()

    def _decide(self) -> tuple[Seen, Dissolve | None]:
        at = self._next
        seen = self._window[at - self._begin]
        assert seen.frame is not None
        around = [span for span in self._spans if span.first < at < span.last]
        around.sort(key=lambda span: span.score, reverse=True)
        best = next((span for span in around if span.is_mixed), None)
        starts, dissolve = seen.starts, None
        if best is not None:
            starts = starts or at == best.middle
            dissolve = None if seen.fade is not None else self._dissolve(best, at)
        # By now every run that begins here is known.
        if not any(span.first == at and span.is_mixed for span in self._spans):
            self._window[at - self._begin] = replace(seen, frame=None)
        self._next += 1
        self._spans = [span for span in self._spans if span.last > self._next]
        while self._next - self._begin > REACH:
            self._window.popleft()
            self._begin += 1
        return (seen.frame, starts, seen.fade), dissolve

    def _dissolve(self, span: _Span, at: int) -> Dissolve | None:
        after = at >= span.middle
        share = float(span.shares[at - span.first])
        share = share if after else 1 - share
        if share > 1 - _LEAST_MIXED:
            return None
        other = self._window[(span.first if after else span.last) - self._begin].frame
        assert other is not None
        return Dissolve(share, other)


def detect_dissolves(frames: Iterable[Seen]) -> Iterator[tuple[Seen, Dissolve | None]]:
    """Each frame with whether it starts a shot and its fade, and what it is mixed with, if anything.

    To resume at frame k, begin `REACH` frames earlier and pass over what is said about those before k.
    """
    detector = DissolveDetector()
    for frame, starts, fade in frames:
        yield from detector.push(frame, starts, fade)
    yield from detector.finish()


def _spans(window: list[_Seen], begin: int) -> Iterator[_Span]:
    """Every run up to the window's last frame in which the share of that one grows evenly."""
    last = first = len(window) - 1
    while first > 0 and last - first < REACH and not window[first].starts:
        first -= 1
    for start in range(first, last - _SHORTEST + 1):
        run = [seen.thumbnail for seen in islice(window, start, None)]
        whole = run[-1] - run[0]
        change = float(np.abs(whole).mean())
        if change < _LEAST_CHANGE or min(run[0].std(), run[-1].std()) < _LEAST_CONTRAST:
            continue
        shares = np.array([float(((each - run[0]) * whole).mean()) for each in run])
        shares /= float((whole**2).mean())
        uneven = float(np.abs(shares - np.linspace(0, 1, len(run))).max())
        if uneven <= _UNEVEN:
            yield _Span(begin + start, begin + last, run, shares.clip(0, 1), change * (1 - 2 * uneven))
