"""Which frames are painted where there are more than can be: those that come now, not all too late."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from fractions import Fraction

from vidstyle.types import Frame

_LONGEST_WAIT = 1.0  # seconds for a camera to show one more frame when it is let go


class Clock:
    """The seam through which time is told and waited for, in seconds."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Every:
    """All frames, as fast as they are taken."""

    dropped = 0

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = frames

    def __iter__(self) -> Iterator[Frame]:
        yield from self._frames


class Paced:
    """The frames of a film, each not before it is to be shown; those that are over already are dropped.

    usual: seconds that a frame is shown of which the film does not say.
    """

    def __init__(self, frames: Iterable[Frame], usual: Fraction, clock: Clock) -> None:
        self._frames, self._usual, self._clock = frames, usual, clock
        self.dropped = 0

    def __iter__(self) -> Iterator[Frame]:
        start, asked = None, self._clock.now()
        for frame in self._frames:
            if start is None:
                asked = self._clock.now()
                start = asked - float(frame.pts_seconds)
            shown = self._usual if frame.duration is None else frame.duration * frame.time_base
            # Not by the time it is now: decoding that is too slow would drop them all.
            if start + float(frame.pts_seconds + shown) <= asked:
                self.dropped += 1
                continue
            if (early := start + float(frame.pts_seconds) - self._clock.now()) > 0:
                self._clock.sleep(early)
            yield frame
            asked = self._clock.now()


class Newest:
    """The frames of a camera, always the newest one: those before it that nobody has taken are dropped."""

    def __init__(self, frames: Generator[Frame, None, None]) -> None:
        self._frames = frames
        self._changed = threading.Condition()
        self._waiting: deque[Frame] = deque(maxlen=1)
        self._over = False
        self._error: Exception | None = None
        self.dropped = 0

    def __iter__(self) -> Generator[Frame, None, None]:
        thread = threading.Thread(target=self._read, name="vidstyle-camera", daemon=True)
        thread.start()
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting or self._over)
                    if not self._waiting:
                        break
                    frame = self._waiting.pop()
                yield frame
        finally:
            self._over = True
            thread.join(_LONGEST_WAIT)
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        error = None
        try:
            with closing(self._frames):
                for frame in self._frames:
                    with self._changed:
                        if self._over:
                            break
                        self.dropped += len(self._waiting)
                        self._waiting.append(frame)
                        self._changed.notify()
        except Exception as found:  # handed over: the painter's thread raises it
            error = found
        with self._changed:
            self._over, self._error = True, error
            self._changed.notify()


class Rate:
    """How many pictures a second were shown of late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=30)

    def shown(self) -> float:
        """One more was; the rate now, 0 where it is not known."""
        self._times.append(self._clock.now())
        passed = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / passed if passed > 0 else 0.0
