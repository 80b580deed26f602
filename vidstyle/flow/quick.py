"""Flow for live use: in one direction, of small pictures, in a few milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vidstyle.flow.consistency import HALF_A_PIXEL, alike
from vidstyle.flow.grey import LEAST_SIDE, large_enough, no_motion
from vidstyle.image.interleaved import places_of, remap

_Seen = tuple[np.ndarray, np.ndarray]  # a small frame, in colour and in grey
_LONGEST = 480  # pixels of its longer side
_LEAST_SEEN_AGAIN = 0.25  # share of a frame; after a cut it is less


@dataclass(frozen=True, eq=False)
class Motion:
    """Where a frame was in the one before.

    vectors: float32 (H, W, 2), (dx, dy) in pixels on the frame's grid. trust: float32 (H, W) in [0, 1].
    """

    vectors: np.ndarray
    trust: np.ndarray


class QuickFlow:
    """Follows frames in their order, by dense inverse search (Kroeger et al. 2016).

    The opposite direction would take as long again: a vector is trusted where both frames look alike along it
    (see `agreement`), and where it leads into the frame.

    Until it is closed OpenCV has one thread in this process: of so small pictures a second one takes more of
    a processor than it saves.
    """

    def __init__(self) -> None:
        self._threads_before = cv2.getNumThreads()
        cv2.setNumThreads(1)
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        # Down to the pixels, with a little refinement, it takes twice to three times as long as the preset by
        # itself, by which what moves is painted five times as unsteadily.
        self._search.setFinestScale(0)
        self._search.setPatchStride(5)
        self._search.setGradientDescentIterations(8)
        self._search.setVariationalRefinementIterations(2)
        self._search.setVariationalRefinementAlpha(60)
        self._size: tuple[int, int] | None = None
        self._before: _Seen | None = None

    def __call__(self, frame: np.ndarray) -> Motion | None:
        """frame: uint8 (H, W, 3). None for what is the first, of another size, or follows a cut."""
        seen = self._small(frame)
        before, size = self._before, self._size
        self._before, self._size = seen, frame.shape[:2]
        return self._motion(seen, before, frame.shape[:2]) if before and size == frame.shape[:2] else None

    def close(self) -> None:
        """Give OpenCV its threads back."""
        cv2.setNumThreads(self._threads_before)

    def _motion(self, seen: _Seen, before: _Seen, size: tuple[int, int]) -> Motion | None:
        (small, grey), (small_before, grey_before) = seen, before
        flow = self._search.calc(grey, grey_before, no_motion(grey))
        height, width = small.shape[:2]
        flow = flow[:height, :width]
        off = cv2.absdiff(small, remap(small_before, flow)).astype(np.float32) / 255
        trust = alike(cv2.transform(off * off, np.full((1, 3), 1 / 3, np.float32)))
        last = width - 1 + HALF_A_PIXEL, height - 1 + HALF_A_PIXEL
        trust *= cv2.inRange(places_of(flow), (-HALF_A_PIXEL, -HALF_A_PIXEL), last) > 0
        if trust.mean() < _LEAST_SEEN_AGAIN:
            return None
        scale = np.array([size[1] / width, size[0] / height], np.float32)
        return Motion(*(cv2.resize(each, size[::-1]) for each in (flow * scale, trust)))

    def _small(self, frame: np.ndarray) -> _Seen:
        """Halved until it is small enough, and its grey values with what OpenCV needs around them."""
        while max(frame.shape) > _LONGEST and min(frame.shape[:2]) >= 2 * LEAST_SIDE:
            half = -(-frame.shape[1] // 2), -(-frame.shape[0] // 2)
            frame = cv2.resize(frame, half, interpolation=cv2.INTER_AREA)
        return frame, cv2.cvtColor(large_enough(frame), cv2.COLOR_RGB2GRAY)
