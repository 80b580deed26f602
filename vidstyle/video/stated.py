"""What a film says about itself: the one place where its counts, lengths, rates and clocks are read.

Files are wrong about themselves in many ways, so that what can be seen to be wrong is not believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from .clock import Clock
from .container import open_input, video_stream
from .headers import png_frames

_USUAL_RATE = Fraction(25)
# A clock that starts later, in seconds, counts something else than this film: the hours of a recorder, say.
_LATE, _LATE_BY_CLOCK = 600, 5  # the latter where a container has no time but a clock's
_TIMES_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT of libavformat
_SCANNED = 2**25  # bytes, of a file whose clock may jump
_FAR = 4  # by this factor a length may be off before it is not believed


@dataclass(frozen=True, slots=True)
class Stated:
    """rate: frames per second. time_base: seconds, of the stream's times.

    count: frames, mostly an estimate; announced: of an animated PNG, which is to be found, or else 0.
    length, begin: seconds; `begin` is what becomes time 0.
    end: ticks, where the header is to be relied on for it, else 0.
    jumps: whether the clock may start anew on the way.
    """

    rate: Fraction
    time_base: Fraction
    count: int | None
    announced: int
    length: Fraction | None
    begin: Fraction
    end: int
    jumps: bool

    def clock(self) -> Clock:
        """For one reading of the file from its beginning."""
        return Clock(self.begin, self.jumps, 1 / self.rate)


def stated(container: InputContainer, stream: VideoStream, path: Path) -> Stated:
    """What the headers say. Raises MediaError."""
    given = stream.average_rate or stream.guessed_rate
    rate = Fraction(given) if given else _USUAL_RATE
    time_base = stream.time_base or 1 / rate
    jumps = bool(container.format.flags & _TIMES_MAY_JUMP)
    begin = _begin(container, time_base, _LATE_BY_CLOCK if jumps else _LATE)
    length = _length(container, stream, begin)
    announced = png_frames(path)
    count: int | None = announced or _indexed(container, stream) or stream.frames
    count = count or (round(length * rate) if length else 0) or None
    if jumps:
        clock = Clock(begin, jumps, 1 / rate)
        guess = _counted(path, clock)
        if guess and (clock.has_jumped or not (count and guess / _FAR < count < guess * _FAR)):
            count, length = guess, guess / rate
    end = _end(container, stream)
    return Stated(rate, time_base, count, announced, length, begin, end, jumps)


def joined(path: Path, known: Stated) -> bool:
    """Whether the clock of a file jumps: only then is a time not the way to a place. Reads all of it."""
    clock = known.clock()
    with open_input(path) as container:
        for packet in _packets(container, video_stream(container, path)):
            clock.picture(packet)
            if clock.has_jumped:
                return True
    return False


def _begin(container: InputContainer, time_base: Fraction, late: int) -> Fraction:
    """When the first of the streams starts, in whole ticks of the picture, where that is late; else 0."""
    start = Fraction(container.start_time or 0, av.time_base)
    return start // time_base * time_base if abs(start) > late else Fraction(0)


def _length(container: InputContainer, stream: VideoStream, begin: Fraction) -> Fraction | None:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    length = Fraction(container.duration or 0, av.time_base)
    # Some say when they end, and mean how long they are.
    return (length - begin if 0 < begin < length else length) or None


def _end(container: InputContainer, stream: VideoStream) -> int:
    if "mp4" not in container.format.name or not stream.duration:
        return 0
    return (stream.start_time or 0) + stream.duration


def _indexed(container: InputContainer, stream: VideoStream) -> int:
    """How many of the samples that MP4 lists are shown: what an edit list leaves, and what holds anything."""
    if "mp4" not in container.format.name or not stream.frames:  # in fragments, of which the first is read
        return 0
    return sum(1 for entry in stream.index_entries if entry.size and not entry.is_discard)


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    with suppress(av.FFmpegError):  # of a damaged file what is there
        yield from (packet for packet in container.demux(stream) if packet.size)


def _counted(path: Path, clock: Clock) -> int:
    """Packets, at a guess from a part of the file where it is large."""
    size, count, position = path.stat().st_size, 0, 0
    with open_input(path) as container:
        for packet in _packets(container, video_stream(container, path)):
            clock.picture(packet)
            count += 1
            position = max(position, packet.pos or 0)
            if position > _SCANNED:
                return round(count * size / position)
    return count
