"""Sound in another codec than that of the source, at the same times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet

from .layouts import plain_layout
from .tracks import Track

# seconds
_JITTER = Fraction(
    1, 50
)  # times that are rounded to milliseconds, or a clock that is not quite the other one
_HELD = Fraction(1, 2)  # longer than a packet of sound, so that the end can still be cut when it is known
_LONGEST_GAP = 3600  # a longer one is a damaged time


class Encoded(Track):
    """Sound that the container cannot hold as it is, in the codec that it can hold best.

    Encoders count samples and know no gaps: silence is put where the source has nothing, and what would be
    heard before time 0, or twice, is left out.
    """

    def __init__(self, source: AudioStream, target: AudioStream) -> None:
        super().__init__(source, target)
        self._source, self._encoder = source, target
        self._resampler: av.AudioResampler | None = None
        self._heard: tuple[str, str, int] | None = None
        self._fifo = av.AudioFifo()
        self._rate = target.codec_context.sample_rate
        self._encoded: int | None = None  # samples from time 0 to the first in the FIFO

    def convert(self, packet: Packet, shift: Fraction) -> Iterable[Packet]:
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError:
            return  # A damaged packet is a short silence, not the end of the film.
        for frame in frames:
            yield from self._take(frame, shift)

    def flush(self, shift: Fraction, end: Fraction | None) -> Iterable[Packet]:
        for frame in self._source.decode(None):
            yield from self._take(frame, shift)
        yield from self._place(self._rest(), shift)
        if self._encoded is None:
            return
        left = self._fifo.samples
        if end is not None:
            left = min(left, round((end - shift) * self._rate) - self._encoded)
        while left > 0:
            size = min(left, self._frame_size)
            yield from self._encode(size)
            left -= size
        yield from self._encoder.encode(None)

    def _take(self, frame: av.AudioFrame, shift: Fraction) -> Iterator[Packet]:
        heard = (frame.format.name, frame.layout.name, frame.sample_rate)
        parts: list[av.AudioFrame] = []
        if self._resampler is None or heard != self._heard:
            parts += self._rest()
            # Not in planes, of which PyAV shows seven at most; the encoder makes what it needs of it.
            context = self._encoder.codec_context
            self._resampler = av.AudioResampler(context.format.packed, context.layout, self._rate)
            self._heard = heard
        yield from self._place([*parts, *self._resampler.resample(_placed(frame))], shift)

    def _rest(self) -> list[av.AudioFrame]:
        return [] if self._resampler is None else self._resampler.resample(None)

    def _place(self, parts: list[av.AudioFrame], shift: Fraction) -> Iterator[Packet]:
        """Append sound where its time says, and encode what has been held for long enough."""
        for part in parts:
            missing = 0
            if part.pts is not None:
                begin = round((part.pts * (part.time_base or Fraction(1, self._rate)) - shift) * self._rate)
                if self._encoded is None:
                    self._encoded = max(0, begin)
                missing = begin - self._encoded - self._fifo.samples
            if missing > _LONGEST_GAP * self._rate:
                continue
            if self._fifo.samples and abs(missing) <= _JITTER * self._rate:
                missing = 0
            while missing > 0:
                silence = min(missing, self._rate)
                self._fifo.write(_silence(part, silence))
                yield from self._drain()
                missing -= silence
            heard = _without(part, -missing)
            if heard is not None:
                self._fifo.write(heard)
                yield from self._drain()

    @property
    def _frame_size(self) -> int:
        return self._encoder.codec_context.frame_size or 1024

    def _drain(self) -> Iterator[Packet]:
        while self._fifo.samples >= _HELD * self._rate + self._frame_size:
            yield from self._encode(self._frame_size)

    def _encode(self, samples: int) -> list[Packet]:
        frame = self._fifo.read(samples)
        assert frame is not None and self._encoded is not None
        frame.pts, frame.time_base = self._encoded, Fraction(1, self._rate)
        self._encoded += samples
        return self._encoder.encode(frame)


def _placed(frame: av.AudioFrame) -> av.AudioFrame:
    """The same sound in a layout that can be mixed into others."""
    plain = plain_layout(frame.layout)
    if plain == frame.layout.name:
        return frame
    [packed] = av.AudioResampler(frame.format.packed, frame.layout, frame.sample_rate).resample(frame)
    placed = av.AudioFrame.from_ndarray(packed.to_ndarray(), packed.format.name, plain)
    placed.sample_rate, placed.pts, placed.time_base = frame.sample_rate, frame.pts, frame.time_base
    return placed


def _without(frame: av.AudioFrame, early: int) -> av.AudioFrame | None:
    """A frame of sound without its first samples, and without a time; None if nothing is left."""
    if early >= frame.samples:
        return None
    if early > 0:
        channels = frame.layout.nb_channels
        return _frame(frame, np.ascontiguousarray(frame.to_ndarray()[:, early * channels :]))
    frame.pts = None
    return frame


def _silence(like: av.AudioFrame, samples: int) -> av.AudioFrame:
    values = np.zeros((1, samples * like.layout.nb_channels), like.to_ndarray().dtype)
    return _frame(like, values)


def _frame(like: av.AudioFrame, values: np.ndarray) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(values, like.format.name, like.layout.name)
    frame.sample_rate, frame.time_base = like.sample_rate, like.time_base
    return frame
