"""Where one shot ends and the next begins, decided as frames stream by.

Whether frame i starts a shot depends on frames i - LOOKBEHIND to i + LOOKAHEAD alone, so that a run that
begins at frame k - LOOKBEHIND decides about frame k and all later ones as an uninterrupted run does.

PySceneDetect's AdaptiveDetector was tried first. It counts scene lengths from the beginning, is blind at both
ends of a clip, cuts at flashes, at fades, and at every drawing of animation shot on threes, and misses cuts
in dark noise and during pans; hence the measure below, which looks for the content of one frame in the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from ..types import Frame

_NEAR = 4  # A cut stands out among the changes of so many frames on either side.
_FLASH = 3  # What is gone after so many frames was a flash, or something passing by.
LOOKAHEAD = _NEAR
LOOKBEHIND = _NEAR + 1

_LONG_SIDE = 48  # Thumbnails: noise and grain average out.
_REACH = 3  # Thumbnail pixels that content may move between frames: 1/16 of the picture.
_PATCH = 5
_LEAST_CHANGE = 1.5  # In 8-bit levels.
_PROMINENCE = (
    2.0  # Against the second largest change nearby: the largest may be the other end of a short shot.
)
_LASTING = 0.5  # Of the change, the part that must remain across a flash.
LEAST_STRUCTURE = (
    0.4  # Unrelated scenes come out at 0.5 to 0.8, brighter or moved versions of one below 0.35.
)


class _Seen(NamedTuple):
    frame: Frame
    thumbnail: np.ndarray  # float32 (h, w, 3), 0..255
    change: float  # from the frame before


class CutDetector:
    """Takes frames in order; gives each back, LOOKAHEAD frames later, with whether it starts a shot."""

    def __init__(self) -> None:
        self._window: deque[_Seen] = deque()
        self._ahead = 0  # How many frames at the window's end are not yet decided.

    def push(self, frame: Frame) -> tuple[Frame, bool] | None:
        """Take the next frame; returns the decision that it completes, if any."""
        thumbnail = thumbnail_of(frame)
        change = change_between(self._window[-1].thumbnail, thumbnail) if self._window else 0.0
        self._window.append(_Seen(frame, thumbnail, change))
        self._ahead += 1
        return self._decide() if self._ahead > LOOKAHEAD else None

    def finish(self) -> Iterator[tuple[Frame, bool]]:
        """The decisions about the last frames."""
        while self._ahead:
            yield self._decide()

    def _decide(self) -> tuple[Frame, bool]:
        at = len(self._window) - self._ahead
        decision = self._window[at].frame, at == 0 or self._is_cut(at)
        self._ahead -= 1
        while len(self._window) - self._ahead > LOOKBEHIND:
            self._window.popleft()
        return decision

    def _is_cut(self, at: int) -> bool:
        window = list(self._window)
        change = window[at].change
        # The first frame of all has no change of its own.
        near = [s.change for s in window[max(at - _NEAR, 0) : at + _NEAR + 1] if s is not window[at]]
        rival = sorted(near)[-2] if len(near) > 1 else 0.0
        if change < _LEAST_CHANGE or change < _PROMINENCE * rival:
            return False
        before, after = window[at - 1].thumbnail, window[at].thumbnail
        across = [change_between(before, s.thumbnail) for s in window[at + 1 : at + 1 + _FLASH]]
        across += [change_between(s.thumbnail, after) for s in window[max(at - 1 - _FLASH, 0) : at - 1]]
        if min(across, default=change) < _LASTING * change:
            return False
        later = [s.thumbnail for s in window[at : at + 2]]
        return min(change_between(standard(before), standard(t)) for t in later) >= LEAST_STRUCTURE


def detect_cuts(
    frames: Iterable[Frame], cuts: bool = True, explicit: Collection[int] = ()
) -> Iterator[tuple[Frame, bool]]:
    """Each frame with whether it starts a new shot, LOOKAHEAD frames behind the source.

    cuts: False finds none; explicit: indices of frames that start a shot whatever they show.
    The first frame always does. To resume at frame k, begin LOOKBEHIND frames earlier (or at the beginning,
    if that is nearer) and pass over what is said about the frames before k.
    """
    for frame, cut in _detected(frames) if cuts else _undetected(frames):
        yield frame, cut or frame.index in explicit


def _detected(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    detector = CutDetector()
    for frame in frames:
        decision = detector.push(frame)
        if decision is not None:
            yield decision
    yield from detector.finish()


def _undetected(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    for position, frame in enumerate(frames):
        yield frame, position == 0


def change_between(before: np.ndarray, after: np.ndarray) -> float:
    """How much of one thumbnail is not in the other, in their units; motion within _REACH counts little."""
    return max(_unmatched(before, after), _unmatched(after, before))


def _unmatched(source: np.ndarray, target: np.ndarray) -> float:
    height, width = target.shape[:2]
    padded = cv2.copyMakeBorder(source, *(_REACH,) * 4, cv2.BORDER_REPLICATE)
    best = np.full((height, width), np.inf, np.float32)
    for dy in range(2 * _REACH + 1):
        for dx in range(2 * _REACH + 1):
            difference = np.abs(padded[dy : dy + height, dx : dx + width] - target).mean(axis=2)
            np.minimum(best, cv2.blur(difference, (_PATCH, _PATCH)), out=best)
    return float(best.mean())


def thumbnail_of(frame: Frame) -> np.ndarray:
    """float32 (h, w, 3), RGB, 0 to 255; the longer side has 48 pixels."""
    scale = _LONG_SIDE / max(frame.width, frame.height)
    size = (max(_PATCH, round(frame.width * scale)), max(_PATCH, round(frame.height * scale)))
    channels = [cv2.resize(channel, size, interpolation=cv2.INTER_AREA) for channel in frame.pixels]
    return np.stack(channels, axis=-1).astype(np.float32) / (1 if frame.pixels.dtype == np.uint8 else 257)


def standard(thumbnail: np.ndarray) -> np.ndarray:
    """Without its brightness and contrast, so that a fade or a lamp changes nothing."""
    return (thumbnail - thumbnail.mean()) / (thumbnail.std() + 2)
