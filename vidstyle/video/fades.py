"""How far each frame of a clip is faded to black or to white, decided as frames stream by.

A fade mixes a shot with one colour: frame = share · scene + (1 − share) · colour. From frame to frame the
distance from that colour changes by a factor, and nothing else does. A run of such frames is a fade where it
begins or ends in nothing but the colour, at an end of the shot, or in a flash; what else changes the light
is filmed, and is left as it is.

What is said of a frame depends on frames within `REACH` alone, so that a run that begins so many frames
earlier says the same as an uninterrupted one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..types import Frame
from .shots import change_between, thumbnail_of

REACH = 50  # frames

_COLOURS = (0.0, 255.0)
_LEAST_STEP = 0.985  # Of the distance from the colour: what fades less from frame to frame is no fade.
_LEAST_DEPTH = 0.6  # Likewise from a fade's one end to the other.
_UNLIKE = 0.2  # Of a thumbnail's contrast, what may be left when it is faded as the other is.
_NOISE = 1.0  # In 8-bit levels.
_BLANK = 10.0  # Likewise: how far a frame of nothing but the colour may be from it anywhere.
_LEAST_SHARE = 0.04  # There are too few levels left to tell what is shown.


@dataclass(frozen=True)
class Fade:
    """frame = share · scene + (1 − share) · colour; colour: 0 is black, 1 is white."""

    share: float
    colour: float

    @property
    def blank(self) -> bool:
        """Whether as good as nothing but the colour is left."""
        return self.share < _LEAST_SHARE


@dataclass
class _Seen:
    """apart: mean distance from black and from white. steps: towards each from the frame before, see `_step`.

    last: whether it is known to be the last of its shot.
    """

    starts: bool
    thumbnail: np.ndarray
    apart: tuple[float, float]
    steps: tuple[int, int]
    last: bool = False


class FadeDetector:
    """Takes frames in order; gives each back, once it is known, with whether it starts a shot and its fade.

    It looks ahead as long as a fade goes on, and by a frame or two elsewhere.
    """

    def __init__(self) -> None:
        self._window: deque[_Seen] = deque()
        self._undecided: deque[Frame] = deque()  # At the window's end.

    def push(self, frame: Frame, starts: bool) -> Iterator[tuple[Frame, bool, Fade | None]]:
        """Take the next frame; gives all that is known by it."""
        thumbnail = thumbnail_of(frame)
        black, white = (float(np.abs(thumbnail - colour).mean()) for colour in _COLOURS)
        before = self._window[-1] if self._window else None
        seen = _Seen(starts, thumbnail, (black, white), (0, 0))
        if before is not None and starts:
            before.last = True
        elif before is not None:
            seen.steps = _step(before, seen, 0), _step(before, seen, 1)
        self._window.append(seen)
        self._undecided.append(frame)
        while self._undecided and (len(self._undecided) > REACH or self._is_known()):
            yield self._decide()

    def finish(self) -> Iterator[tuple[Frame, bool, Fade | None]]:
        """The last frames."""
        if self._window:
            self._window[-1].last = True
        while self._undecided:
            yield self._decide()

    def _is_known(self) -> bool:
        """Whether a run that goes on from the first frame that is not decided has ended."""
        at = len(self._window) - len(self._undecided)
        seen = list(self._window)[at:]
        if seen[0].last:
            return True
        return len(seen) > 1 and all(_ended([each.steps[which] for each in seen[1:]]) for which in (0, 1))

    def _decide(self) -> tuple[Frame, bool, Fade | None]:
        window = list(self._window)
        at = len(window) - len(self._undecided)
        found = [_fade(window, at, which) for which in (0, 1)]
        fade = min((each for each in found if each is not None), key=lambda each: each.share, default=None)
        frame = self._undecided.popleft()
        while len(self._window) - len(self._undecided) > REACH:
            self._window.popleft()
        return frame, window[at].starts, fade


def detect_fades(frames: Iterable[tuple[Frame, bool]]) -> Iterator[tuple[Frame, bool, Fade | None]]:
    """Each frame with whether it starts a shot and how far it is faded, None where it is not.

    To resume at frame k, begin `REACH` frames earlier and pass over what is said about those before k.
    """
    detector = FadeDetector()
    for frame, starts in frames:
        yield from detector.push(frame, starts)
    yield from detector.finish()


def _step(before: _Seen, after: _Seen, which: int) -> int:
    """1 where `after` is `before`, less faded to the colour; -1 where it is faded more; else 0."""
    one, other = before.apart[which], after.apart[which]
    if min(one, other) >= _LEAST_STEP * max(one, other):
        return 0
    faint, full = (before, after) if one < other else (after, before)
    share = min(one, other) / max(one, other)
    colour = _COLOURS[which]
    faded = colour + share * (full.thumbnail - colour)
    contrast = float(np.abs(faded - faded.mean(axis=(0, 1))).mean())
    if change_between(faded, faint.thumbnail) > _UNLIKE * contrast + _NOISE:
        return 0
    return 1 if one < other else -1


def _ended(steps: list[int]) -> bool:
    """Whether a run that begins with the first of these steps has ended, and how is known."""
    first = steps[0]
    return first == 0 or any(step != first for step in steps)


def _fade(window: list[_Seen], at: int, which: int) -> Fade | None:
    """Of the frame at a place of the window, towards one of the two colours."""
    colour = _COLOURS[which]
    if _is_blank(window[at], which):
        return Fade(0.0, colour / 255)
    shares = []
    for sign in (1, -1):
        first, last = at, at
        while last + 1 < len(window) and last - at < REACH and window[last + 1].steps[which] == sign:
            last += 1
        while first > 0 and at - first < REACH and window[first].steps[which] == sign:
            first -= 1
        faint, full = (first, last) if sign > 0 else (last, first)
        depth = window[faint].apart[which] / max(window[full].apart[which], 1e-6)
        if first < last and depth < _LEAST_DEPTH and _is_end(window, faint, at, which):
            shares.append(window[at].apart[which] / window[full].apart[which])
    share = min(shares, default=1.0)
    return Fade(share, colour / 255) if share < 1 else None


def _is_end(window: list[_Seen], faint: int, at: int, which: int) -> bool:
    """Whether a fade may begin or end with this frame: see the module."""
    seen = window[faint]
    after = window[faint + 1].steps[which] if faint + 1 < len(window) else 0
    flash = seen.steps[which] < 0 < after
    return _is_blank(seen, which) or seen.starts or seen.last or flash or abs(faint - at) == REACH


def _is_blank(seen: _Seen, which: int) -> bool:
    return float(np.abs(seen.thumbnail - _COLOURS[which]).max()) < _BLANK
