"""Which frames are dropped."""

from __future__ import annotations

import threading
from collections.abc import Generator
from fractions import Fraction

import numpy as np
import pytest

from tests.live.small import FakeClock
from vidstyle.errors import MediaError
from vidstyle.live.pace import Newest, Paced, Rate
from vidstyle.types import Frame


def film(count: int, begin: int = 0) -> Generator[Frame, None, None]:
    """Ten frames a second."""
    for index in range(count):
        yield Frame(np.zeros((3, 2, 2), np.uint8), index, begin + index, Fraction(1, 10), 1)


@pytest.mark.parametrize("begin", [0, 50])
def test_a_quick_painter_waits_for_each_frame(begin: int) -> None:
    clock = FakeClock()
    paced = Paced(film(4, begin), Fraction(1, 10), clock)
    assert [round(clock.time, 3) for _ in paced] == [0, 0.1, 0.2, 0.3] and paced.dropped == 0


def test_a_slow_painter_is_given_what_is_to_be_seen_now() -> None:
    clock, taken = FakeClock(), []
    paced = Paced(film(10), Fraction(1, 10), clock)
    for frame in paced:
        taken.append(frame.index)
        clock.time += 0.25
    assert taken == [0, 2, 5, 7] and paced.dropped == 6


def test_slow_decoding_does_not_drop_everything() -> None:
    clock = FakeClock()

    def slow() -> Generator[Frame, None, None]:
        for frame in film(6):
            clock.time += 0.3
            yield frame

    assert len(list(Paced(slow(), Fraction(1, 10), clock))) >= 3


def test_of_a_camera_the_newest_frame_is_taken() -> None:
    more = threading.Event()

    def camera() -> Generator[Frame, None, None]:
        frames = film(7)
        yield next(frames)
        more.wait()
        yield from frames

    newest = Newest(camera())
    taken = []
    for frame in newest:
        taken.append(frame.index)
        if frame.index == 0:
            more.set()
            while newest.dropped < 5:  # those that come while this one is painted
                pass
    assert taken == [0, 6] and newest.dropped == 5


def test_what_a_camera_raises_reaches_the_painter() -> None:
    def gone() -> Generator[Frame, None, None]:
        yield from film(1)
        raise MediaError("the camera has gone")

    with pytest.raises(MediaError, match="has gone"):
        list(Newest(gone()))


def test_the_rate_is_that_of_late() -> None:
    clock = FakeClock()
    rate = Rate(clock)
    assert rate.shown() == 0
    for _ in range(40):
        clock.time += 0.5
        last = rate.shown()
    assert last == pytest.approx(2)
